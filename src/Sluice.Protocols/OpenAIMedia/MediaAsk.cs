namespace Sluice.Protocols.OpenAIMedia;

/// <summary>What one request asks for in the units that images, sound and video are charged by. Texts are bounded; nothing of the body is held.</summary>
public sealed record MediaAsk
{
    /// <summary>Longest size or quality that is kept.</summary>
    internal const int LongestWord = 32;

    /// <summary>Images, 1 where the request does not say.</summary>
    public long Images { get; init; } = 1;

    /// <summary>Size as written: <c>1024x1024</c>, <c>auto</c>.</summary>
    public string? Size { get; init; }

    /// <summary>Quality as written.</summary>
    public string? Quality { get; init; }

    /// <summary>Length of a video in milliseconds; null where the request leaves it to the model.</summary>
    public long? VideoMilliseconds { get; init; }

    /// <summary>Characters (UTF-16 units, as the vendor counts) of the text to be spoken.</summary>
    public long Characters { get; init; }

    /// <summary>Bytes of prompt and instructions.</summary>
    public long TextBytes { get; init; }

    /// <summary>Length of an uploaded sound in milliseconds: exact for WAV, estimated from its bytes for others; null without one.</summary>
    public long? AudioMilliseconds { get; init; }

    /// <summary><see cref="AudioMilliseconds"/> is exact.</summary>
    public bool AudioIsExact { get; init; }

    /// <summary>The answer is wanted as server-sent events.</summary>
    public bool Stream { get; init; }

    /// <summary>Input tokens of the texts, about four bytes each.</summary>
    public long EstimatedInputTokens => (TextBytes + 3) / 4;
}
