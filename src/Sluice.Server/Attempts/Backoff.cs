namespace Sluice.Server.Attempts;

/// <summary>How long to wait before a failed candidate is asked again, and when waiting has no more sense.</summary>
internal static class Backoff
{
    /// <summary>The longest single wait.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromSeconds(8);

    /// <summary>The longest wait of one request in all: beyond it the client, or whoever stands before it, is better told.</summary>
    public static readonly TimeSpan LongestInAll = TimeSpan.FromSeconds(30);

    // All agents known give up, or send again, after five minutes without an answer.
    private static readonly TimeSpan UsualPatience = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan First = TimeSpan.FromMilliseconds(500);

    /// <summary>Doubles from half a second to eight, each drawn between half and all of it; where the upstream wants to be left alone for longer, that and a little more, so that those who failed together do not come back together.</summary>
    /// <param name="repeat">From 0.</param>
    /// <param name="pause">How long the upstream still wants to be left alone.</param>
    /// <param name="random">Spreads clients that failed together.</param>
    public static TimeSpan Wait(int repeat, TimeSpan pause, Random random)
    {
        var full = Math.Min(Longest.TotalMilliseconds, First.TotalMilliseconds * Math.Pow(2, Math.Min(repeat, 16)));
        double share;
        lock (random)
        {
            // One source serves all requests, and a seeded one breaks for good when two threads draw at once.
            share = random.NextDouble();
        }

        var wait = TimeSpan.FromMilliseconds((full / 2) + (share * full / 2));
        return pause > wait ? pause + (share * First) : wait;
    }

    /// <summary>Whether a repeat may still be worth its tokens: what begins in the second half of a client's patience would mostly be paid for nobody.</summary>
    /// <param name="wait">Before this repeat.</param>
    /// <param name="waited">Before earlier ones.</param>
    /// <param name="elapsed">Since the request came.</param>
    /// <param name="patience">The client's, where it says so.</param>
    public static bool IsWorthIt(TimeSpan wait, TimeSpan waited, TimeSpan elapsed, TimeSpan? patience) =>
        waited + wait <= LongestInAll && elapsed + wait <= (patience ?? UsualPatience) / 2;
}
