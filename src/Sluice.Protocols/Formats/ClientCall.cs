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
