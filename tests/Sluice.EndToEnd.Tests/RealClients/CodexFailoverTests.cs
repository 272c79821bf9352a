using System.Text.Json;
using Sluice.Simulator;
using Sluice.Testing;
using Xunit;

namespace Sluice.EndToEnd.Tests.RealClients;

/// <summary>
/// The real Codex and providers that fail. It is left its own retries, up to thirty for one turn: a fault that reached it would show as more
/// requests than the two that its task takes.
/// </summary>
[Trait("Category", Installed.Category)]
public sealed class CodexFailoverTests
{
    private const string Model = "gpt-5.2-codex";

    private static readonly Dictionary<string, Fault> Faults = new(StringComparer.Ordinal)
    {
        ["529 before the answer"] = Fault.Of(529),
        ["429 before the answer"] = Fault.Of(429, retryAfter: 2),
        ["reset before the answer"] = Fault.Of(FaultKind.Reset, FaultPlace.BeforeHeaders),
        ["error event before content"] = new Fault(FaultKind.ErrorEvent) { Status = 500, Place = FaultPlace.AfterStart },
        ["429 inside the first tool call"] = new Fault(FaultKind.ErrorEvent) { Status = 429, Place = FaultPlace.InToolCall },
        ["error event inside the first tool call"] = new Fault(FaultKind.ErrorEvent) { Status = 500, Place = FaultPlace.InToolCall },
        ["failed response inside the first tool call"] = new Fault(FaultKind.ErrorEvent) { Status = 500, Place = FaultPlace.InToolCall, Variant = "failed" },
        ["reset inside the first tool call"] = Fault.Of(FaultKind.Reset, FaultPlace.InToolCall),
        ["clean end inside the first tool call"] = Fault.Of(FaultKind.CleanEnd, FaultPlace.InToolCall),
    };

    [Theory]
    [InlineData("529 before the answer", "openai-responses", "openai-responses")]
    [InlineData("429 before the answer", "openai-responses", "openai-responses")]
    [InlineData("reset before the answer", "openai-responses", "openai-responses")]
    [InlineData("error event before content", "openai-responses", "openai-responses")]
    [InlineData("429 inside the first tool call", "openai-responses", "openai-responses")]
    [InlineData("error event inside the first tool call", "openai-responses", "openai-responses")]
    [InlineData("failed response inside the first tool call", "openai-responses", "openai-responses")]
    [InlineData("reset inside the first tool call", "openai-responses", "openai-responses")]
    [InlineData("clean end inside the first tool call", "openai-responses", "openai-responses")]
    [InlineData("reset inside the first tool call", "openai-responses", "anthropic")]
    [InlineData("error event inside the first tool call", "anthropic", "openai-responses")]
    [InlineData("clean end inside the first tool call", "openai", "gemini")]
    public async Task Codex_FirstProviderFailsUnseen_NeverNotices(string fault, string first, string second)
    {
        Installed.OrSkip();
        await using var pair = await ProviderPair.StartAsync(first, second, Model);
        pair.First.Script.Always(Faults[fault]);

        var result = await RunAsync(pair, retries: null);

        AssertToldTheMarker(result, pair);
        var (failed, served) = (pair.First.ModelCalls(), pair.Second.ModelCalls());
        Assert.True(served.Count == 2 && failed.Count is 1 or 2, pair.First.Describe() + "\n" + pair.Second.Describe());
        Assert.All([.. failed, .. served], call => Assert.True(call.AsksForStream()));
        Assert.Equal(2, await RequestsAsync(pair.Sluice, failed.Count + served.Count));
    }

    // What has been shown cannot be taken back; but the next try must not meet the same provider.
    [Theory]
    [InlineData(FaultKind.ErrorEvent, "openai-responses", "anthropic")]
    [InlineData(FaultKind.CleanEnd, "openai", "openai-responses")]
    public async Task Codex_StreamBreaksAfterText_AsksAgainAndTheOtherProviderAnswers(FaultKind fault, string first, string second)
    {
        Installed.OrSkip();
        await using var pair = await ProviderPair.StartAsync(first, second, Model);

        // The first call is answered by a tool call, the second by text: the second breaks.
        pair.First.Script.EveryNth(2, Fault.Of(fault, FaultPlace.AfterText, after: 2));

        var result = await RunAsync(pair, retries: 2);

        Assert.True(result.ExitCode == 0 && result.Text?.Contains(CodexClient.Marker, StringComparison.Ordinal) == true, Story(result, pair));
        Assert.True(pair.First.ModelCalls().Count == 2 && pair.Second.ModelCalls().Count == 1, Story(result, pair));
    }

    // On OpenAI's own code for this Codex shows "Selected model is at capacity" instead of the provider's words, and a stream's turn ends with it.
    [Theory]
    [InlineData(503, "openai-responses", "The engine is currently overloaded")]
    [InlineData(529, "openai-responses", "The engine is currently overloaded")]
    [InlineData(529, "anthropic", "Overloaded")]
    public async Task F13_Codex_EveryProviderOverloadedForAWhile_ShowsTheProvidersWordsAndFinishes(int status, string kind, string words)
    {
        Installed.OrSkip();
        await using var pair = await ProviderPair.StartAsync(kind, kind, Model);
        pair.First.Script.Enqueue(Overload(status), times: 4);
        pair.Second.Script.Enqueue(Overload(status), times: 4);

        // Sluice repeats the first request itself, so both providers are asked twice; Codex's retry of that request gets each of them once, and so does
        // its retry of the turn, which is known for one though its members come in another order; the retry of that finds the first one well.
        var result = await RunAsync(pair, retries: 1);

        Assert.True(result.ExitCode == 0 && result.Text?.Contains(CodexClient.Marker, StringComparison.Ordinal) == true, Story(result, pair));
        Assert.Contains(words, Assert.Single(result.Errors), StringComparison.Ordinal);
        Assert.True((pair.First.ModelCalls().Count, pair.Second.ModelCalls().Count) == (6, 4), Story(result, pair));
        Assert.Equal(5, await RequestsAsync(pair.Sluice, attempts: 10));
    }

    [Fact]
    public async Task F13_Codex_EveryProviderOverloadedForGood_TriesToItsEndAndShowsTheProvidersWords()
    {
        Installed.OrSkip();
        await using var pair = await ProviderPair.StartAsync("openai-responses", "openai-responses", Model);
        pair.First.Script.Always(Overload(503));
        pair.Second.Script.Always(Overload(503));

        var result = await RunAsync(pair, retries: 1);

        Assert.True(result.ExitCode != 0 && result.Errors.Count > 0, Story(result, pair));
        Assert.All(result.Errors, error => Assert.Contains("The engine is currently overloaded", error, StringComparison.Ordinal));

        // Sluice repeats for the first request alone: both providers are asked twice, and once each for the three retries that Codex makes of it.
        Assert.Equal(4, await RequestsAsync(pair.Sluice, attempts: 10));
    }

    [Theory]
    [InlineData("openai-responses")]
    [InlineData("anthropic")]
    public async Task Codex_PromptTooLong_KnowsItAsSuch(string kind)
    {
        Installed.OrSkip();
        await using var pair = await ProviderPair.StartAsync(kind, kind, Model);
        pair.First.Script.Always(Fault.Of(400, variant: "context"));

        var result = await RunAsync(pair, retries: null);

        Assert.Contains("ran out of room", Assert.Single(result.Errors.Distinct()), StringComparison.Ordinal);
        Assert.True(pair.First.ModelCalls().Count == 1, Story(result, pair));
        Assert.Empty(pair.Second.ModelCalls());
    }

    private static Task<CodexResult> RunAsync(ProviderPair pair, int? retries) =>
        CodexClient.RunAsync(new CodexRun(pair.Sluice.Url, pair.Sluice.ClientKey, Model) { Retries = retries });

    private static void AssertToldTheMarker(CodexResult result, ProviderPair pair)
    {
        Assert.True(result.ExitCode == 0 && result.Errors.Count == 0, Story(result, pair));
        Assert.True(result.Text?.Contains(CodexClient.Marker, StringComparison.Ordinal), Story(result, pair));
    }

    // The shortest hint that there is: Codex waits for as long as it is told.
    private static Fault Overload(int status) => Fault.Of(status, retryAfter: 1);

    private static string Story(CodexResult result, ProviderPair pair) =>
        $"{result}\n--- first\n{pair.First.Describe()}\n--- second\n{pair.Second.Describe()}\n{pair.Sluice.Transcript()}";

    /// <summary>Requests of clients in the ledger, once it holds this many calls of providers.</summary>
    private static async Task<long> RequestsAsync(SluiceProcess sluice, int attempts)
    {
        using var client = sluice.CreateClient(sluice.AdminKey);
        using var tick = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        for (var look = 0; ; look++)
        {
            using var report = JsonDocument.Parse(await client.GetStringAsync(new Uri("/admin/api/report?by=model", UriKind.Relative)));
            var total = report.RootElement.GetProperty("total");
            if (look == 100 || total.GetProperty("attempts").GetInt64() >= attempts)
            {
                return total.GetProperty("requests").GetInt64();
            }

            await tick.WaitForNextTickAsync();
        }
    }
}
