namespace Sluice.Protocols.Formats;

/// <summary>What a client asks of an inference path.</summary>
public enum SurfaceOperation
{
    /// <summary>An answer.</summary>
    Generate,

    /// <summary>How many tokens the prompt has.</summary>
    CountTokens,

    /// <summary>Vectors of texts.</summary>
    Embed,

    /// <summary>Vectors of several texts, where the format has a method of its own for that (Gemini).</summary>
    EmbedBatch,

    /// <summary>Images of a text.</summary>
    MakeImage,

    /// <summary>Images of other images and a text.</summary>
    EditImage,

    /// <summary>A text, spoken.</summary>
    Speak,

    /// <summary>A sound's text, in its own language.</summary>
    Transcribe,

    /// <summary>A sound's text in English.</summary>
    TranslateSpeech,

    /// <summary>A video, as a job.</summary>
    MakeVideo,
}

/// <summary>What follows from what is asked.</summary>
public static class SurfaceOperations
{
    /// <summary>What a model must make to be asked this. A count of tokens is asked of whoever would write the text.</summary>
    public static Products Makes(this SurfaceOperation operation) => operation switch
    {
        SurfaceOperation.Generate or SurfaceOperation.CountTokens => Products.Text,
        SurfaceOperation.Embed or SurfaceOperation.EmbedBatch => Products.Vectors,
        SurfaceOperation.MakeImage or SurfaceOperation.EditImage => Products.Images,
        SurfaceOperation.Speak => Products.Speech,
        SurfaceOperation.Transcribe or SurfaceOperation.TranslateSpeech => Products.Transcripts,
        SurfaceOperation.MakeVideo => Products.Videos,
        _ => throw new ArgumentOutOfRangeException(nameof(operation), operation, message: null),
    };

    /// <summary>Passes between two that speak the same or not at all: there is no neutral form of it that a translation could go through.</summary>
    public static bool IsNativeOnly(this SurfaceOperation operation) => operation.Makes() != Products.Text;

    /// <summary>Images, sound or video: charged by other units than tokens, and answered with more than JSON.</summary>
    public static bool IsMedia(this SurfaceOperation operation) => (operation.Makes() & ~(Products.Text | Products.Vectors)) != Products.None;

    /// <summary>Its body may be a form with files (<c>multipart/form-data</c>).</summary>
    public static bool TakesForms(this SurfaceOperation operation) =>
        operation is SurfaceOperation.EditImage or SurfaceOperation.Transcribe or SurfaceOperation.TranslateSpeech or SurfaceOperation.MakeVideo;
}

/// <summary>What one inference path says, as its format reads it.</summary>
/// <param name="Operation">What is asked.</param>
public sealed record ClientCall(SurfaceOperation Operation)
{
    /// <summary>The model as the client named it, unescaped, where the path names it; null where the body does.</summary>
    public string? Model { get; init; }

    /// <summary>A path that names the model wants a stream; else the body says it.</summary>
    public bool Stream { get; init; }

    /// <summary>How the stream stands on the wire; null for server-sent events.</summary>
    public IStreamFraming? Framing { get; init; }
}
