namespace Sluice.Core.Configuration;

/// <summary>Whether answers are kept for the same request, for how long and how many.</summary>
public sealed record CacheSettings
{
    /// <summary>True: for every request that does not refuse it. False: for none. Null: for those that ask for it.</summary>
    public bool? Enabled { get; init; }

    /// <summary>How long a kept answer stands for a fresh one, where the request does not say.</summary>
    public TimeSpan Ttl { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>How much longer it may stand for one that nobody can give; zero for not at all.</summary>
    public TimeSpan Stale { get; init; }

    /// <summary>Bytes of all kept answers.</summary>
    public long MaxSize { get; init; } = 256L * 1024 * 1024;
}
