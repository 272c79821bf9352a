namespace Sluice.Protocols.Conversation;

/// <summary>What images, sound and video are charged by. Null is "not reported", never 0; whichever of these a price list has a rate for is charged.</summary>
public sealed record MediaUsage
{
    /// <summary>Input tokens of images; no part of <see cref="TokenUsage.Input"/>.</summary>
    public long? ImageInput { get; init; }

    /// <summary>Output tokens of images; no part of <see cref="TokenUsage.Output"/>.</summary>
    public long? ImageOutput { get; init; }

    /// <summary>Images made.</summary>
    public long? Images { get; init; }

    /// <summary>Size of the images or of the video, as requested or told: <c>1024x1024</c>.</summary>
    public string? Size { get; init; }

    /// <summary>Quality of the images: <c>hd</c>, <c>low</c>, ….</summary>
    public string? Quality { get; init; }

    /// <summary>Length of the sound that was read or spoken, in milliseconds.</summary>
    public long? AudioMilliseconds { get; init; }

    /// <summary>Length of the video, in milliseconds.</summary>
    public long? VideoMilliseconds { get; init; }

    /// <summary>Characters of the text that was spoken.</summary>
    public long? Characters { get; init; }

    /// <summary>Some number here was worked out from what was asked, since the upstream reported none.</summary>
    public bool IsEstimated { get; init; }
}
