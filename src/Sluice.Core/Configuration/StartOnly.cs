namespace Sluice.Core.Configuration;

/// <summary>
/// Holds what a running process cannot change any more (where it listens, where its ledger is) at its value of the start, and says so. Without
/// this, whoever reads the configuration in force would read addresses that nobody listens on, and a switch to <c>auth.mode: open</c> would be
/// judged by the new addresses while the old ones are still bound.
/// </summary>
internal static class StartOnly
{
    /// <summary><paramref name="next"/> with the values of the start where only those count, and one warning that names what was held.</summary>
    /// <param name="first">The configuration that the process started with.</param>
    /// <param name="next">What the sources say now.</param>
    public static ConfigSnapshot Hold(ConfigSnapshot first, ConfigSnapshot next)
    {
        var held = Held(first, next).ToList();
        return next with
        {
            KeepReasoning = first.KeepReasoning,
            Server = first.Server with { MaxBody = next.Server.MaxBody },
            Auth = next.Auth with { Open = next.Auth.Open && first.Auth.Open },
            Warnings = held.Count == 0
                ? next.Warnings
                : [.. next.Warnings, $"{string.Join(", ", held)}: changed, but this counts at start only. Start Sluice again to apply it."],
        };
    }

    private static IEnumerable<string> Held(ConfigSnapshot first, ConfigSnapshot next)
    {
        if (!first.Server.Urls.SequenceEqual(next.Server.Urls, StringComparer.Ordinal))
        {
            yield return "server.urls";
        }

        if (first.Server.MaxBuffered != next.Server.MaxBuffered)
        {
            yield return "server.max_buffered";
        }

        if (first.Server.DataFolder != next.Server.DataFolder)
        {
            yield return "the data folder";
        }

        if (first.Server.Storage != next.Server.Storage)
        {
            yield return "storage";
        }

        if (first.Server.SyncLedger != next.Server.SyncLedger)
        {
            yield return "ledger.durability";
        }

        if (first.KeepReasoning != next.KeepReasoning)
        {
            yield return "reasoning.keep";
        }

        if (next.Auth.Open && !first.Auth.Open)
        {
            yield return "auth.mode: open";
        }
    }
}
