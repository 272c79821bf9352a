namespace Sluice.Server.KeptAnswers;

/// <summary>An answer as a client of one key got it, whole and well ended.</summary>
/// <param name="SourceId">The request that it answered.</param>
/// <param name="Bytes">The body, signs of life left out.</param>
/// <param name="KeptAt">When it came.</param>
/// <param name="Ttl">How long it stands for a fresh one.</param>
internal sealed record KeptAnswer(string SourceId, byte[] Bytes, DateTimeOffset KeptAt, TimeSpan Ttl)
{
    // Objects, keys and the headers' texts around the bytes; an estimate, so that many small answers are bounded as well.
    private const int Around = 1024;

    /// <summary>The canonical model that answered.</summary>
    public required string Model { get; init; }

    /// <summary>Its provider.</summary>
    public required string Provider { get; init; }

    /// <summary>The body's media type.</summary>
    public required string ContentType { get; init; }

    /// <summary>What could not be carried then, as the header says it; null where all was.</summary>
    public string? Degraded { get; init; }

    /// <summary>What it takes, in bytes.</summary>
    public long Size => Bytes.Length + Around;
}
