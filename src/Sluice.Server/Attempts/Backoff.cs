namespace Sluice.Server.Attempts;

/// <summary>How long to wait before a failed candidate is asked again.</summary>
internal static class Backoff
{
    private static readonly TimeSpan First = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(8);

    /// <summary>Doubles from half a second to eight, each drawn between half and all of it; an upstream's own hint wins where it is longer, up to the longest.</summary>
    /// <param name="repeat">From 0.</param>
    /// <param name="hint">The upstream's <c>retry-after</c>.</param>
    /// <param name="random">Spreads clients that failed together.</param>
    public static TimeSpan Wait(int repeat, TimeSpan? hint, Random random)
    {
        var full = Math.Min(Longest.TotalMilliseconds, First.TotalMilliseconds * Math.Pow(2, Math.Min(repeat, 16)));
        double share;
        lock (random)
        {
            // One source serves all requests, and a seeded one breaks for good when two threads draw at once.
            share = random.NextDouble();
        }

        var wait = TimeSpan.FromMilliseconds((full / 2) + (share * full / 2));
        return hint is { } h && h > wait ? (h < Longest ? h : Longest) : wait;
    }
}
