using Sluice.Simulator;
using Sluice.Testing;
using Xunit;

namespace Sluice.EndToEnd.Tests.RealClients;

/// <summary>
/// The real Gemini CLI and providers that fail. It sends each request once, so an error that it sees ends it; and it takes a truncated answer for a
/// good one, so what it tells has to be whole.
/// </summary>
[Trait("Category", Installed.Category)]
public sealed class GeminiCliFailoverTests
{
    private const string Model = "gemini-3.1-pro-preview";

    private static readonly Dictionary<string, Fault> Faults = new(StringComparer.Ordinal)
    {
        ["503 before the answer"] = Fault.Of(503),
        ["429 before the answer"] = Fault.Of(429, retryAfter: 2),
        ["reset before the answer"] = Fault.Of(FaultKind.Reset, FaultPlace.BeforeHeaders),
        ["error chunk before content"] = new Fault(FaultKind.ErrorEvent) { Status = 503, Place = FaultPlace.AfterHeaders },
        ["error inside the first tool call"] = new Fault(FaultKind.ErrorEvent) { Status = 529, Place = FaultPlace.InToolCall },
        ["reset inside the first tool call"] = Fault.Of(FaultKind.Reset, FaultPlace.InToolCall),
    };

    // Google's calls come whole, and whole they are acted on: only other formats have an inside.
    [Theory]
    [InlineData("503 before the answer", "gemini")]
    [InlineData("429 before the answer", "gemini")]
    [InlineData("reset before the answer", "gemini")]
    [InlineData("error chunk before content", "gemini")]
    [InlineData("error inside the first tool call", "anthropic")]
    [InlineData("reset inside the first tool call", "openai")]
    public async Task F13_GeminiCli_FirstProviderFailsUnseen_NeverNotices(string fault, string firstKind)
    {
        Installed.OrSkip();
        await using var pair = await ProviderPair.StartAsync(firstKind, "gemini", Model);
        pair.First.Script.Always(Faults[fault]);

        var result = await RunAsync(pair);

        AssertToldTheMarker(result, pair);
        Assert.True(pair.Second.ModelCalls().Count == 2, pair.Second.Describe());
        Assert.True(pair.First.ModelCalls().Count >= 1, pair.First.Describe());
        Assert.All([.. pair.First.ModelCalls(), .. pair.Second.ModelCalls()], call => Assert.True(call.AsksForStream()));
    }

    [Fact]
    public async Task F13_GeminiCli_ErrorChunkBehindAWholeCall_AsksAgainAndTheOtherProviderAnswers()
    {
        Installed.OrSkip();
        await using var pair = await ProviderPair.StartAsync("gemini", "gemini", Model);
        pair.First.Script.Always(Faults["error inside the first tool call"]);

        var result = await RunAsync(pair, attempts: 2);

        AssertToldTheMarker(result, pair);
        Assert.True(pair.First.ModelCalls().Count == 1, pair.First.Describe());
        Assert.True(pair.Second.ModelCalls().Count == 2, pair.Second.Describe());
    }

    [Theory]
    [InlineData(FaultKind.ErrorEvent, "gemini")]
    [InlineData(FaultKind.CleanEnd, "openai")]
    public async Task F13_GeminiCli_StreamBreaksAfterText_AsksAgainAndTheOtherProviderAnswers(FaultKind fault, string firstKind)
    {
        Installed.OrSkip();
        await using var pair = await ProviderPair.StartAsync(firstKind, "gemini", Model);

        // The first call is answered by a tool call, the second by text: the second breaks. Without an error that it knows the client would be content with half of it.
        pair.First.Script.EveryNth(2, Fault.Of(fault, FaultPlace.AfterText, after: 2));

        var result = await RunAsync(pair, attempts: 2);

        AssertToldTheMarker(result, pair);
        Assert.True(pair.First.ModelCalls().Count == 2, pair.First.Describe());
        Assert.True(pair.Second.ModelCalls().Count == 1, pair.Second.Describe());
    }

    private static Task<GeminiCliResult> RunAsync(ProviderPair pair, int attempts = 1) =>
        GeminiCliClient.RunAsync(new GeminiCliRun(pair.Sluice.Url, pair.Sluice.ClientKey) { Model = Model, Attempts = attempts });

    private static void AssertToldTheMarker(GeminiCliResult result, ProviderPair pair)
    {
        var story = $"{result}\n--- first\n{pair.First.Describe()}\n--- second\n{pair.Second.Describe()}\n{pair.Sluice.Transcript()}";
        Assert.True(result.ExitCode == 0 && result.Error is null, story);
        Assert.True(result.Text?.Contains(GeminiCliRun.Marker, StringComparison.Ordinal), story);
    }
}
