using System.Globalization;
using System.Text.Json;
using Sluice.Commands.Talking;
using Sluice.Protocols;

namespace Sluice.Commands.Conformance;

/// <summary>Runs conversations one after another, each in a session of its own.</summary>
internal sealed class ConformanceRun(HttpClient http, string key, WireProtocol client, string model, LedgerView ledger, int longTokens, string run)
{
    /// <summary>Runs those in <paramref name="only"/>, all where it is empty.</summary>
    public async Task<IReadOnlyList<FeatureResult>> RunAsync(IReadOnlyCollection<string> only, CancellationToken cancellation)
    {
        var setting = new Setting(longTokens, ledger.SettledAsync);
        var results = new List<FeatureResult>();
        foreach (var (feature, converse) in Conversations.All)
        {
            if (only.Count > 0 && !only.Contains(feature))
            {
                continue;
            }

            var talk = new Talk(http, key, client, model, $"{run}-{feature}");
            var verdict = feature == "abort" && !ledger.CanRead
                ? Verdict.Skipped("The ledger cannot be read without an admin key.")
                : await ConverseAsync(() => converse(talk, setting, cancellation), cancellation);
            if (verdict.Outcome == "passed" && talk.Degraded.Count > 0)
            {
                verdict = Verdict.Degraded(string.Join(", ", talk.Degraded));
            }

            results.Add(new FeatureResult(feature, verdict.Outcome, verdict.Reason, talk.Degraded, talk.Requests, Usd(await ledger.CostAsync(talk.Requests, cancellation))));
        }

        return results;
    }

    /// <summary>Dollars as the JSON has them.</summary>
    public static string? Usd(decimal? usd) => usd?.ToString("0.#########", CultureInfo.InvariantCulture);

    // A broken connection is a failure of the one conversation: the others still say something.
    private static async Task<Verdict> ConverseAsync(Func<Task<Verdict>> converse, CancellationToken cancellation)
    {
        try
        {
            return await converse();
        }
        catch (TaskCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return Verdict.Failed("There was no answer in time.");
        }
        catch (Exception e) when (e is HttpRequestException or IOException or JsonException)
        {
            return Verdict.Failed("The connection or the answer broke: " + e.Message.ReplaceLineEndings(" "));
        }
    }
}
