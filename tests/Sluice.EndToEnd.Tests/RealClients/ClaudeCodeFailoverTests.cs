using System.Text;
using Sluice.Simulator;
using Sluice.Testing;
using Xunit;

namespace Sluice.EndToEnd.Tests.RealClients;

/// <summary>
/// The real Claude Code, the real process, and providers that fail. The client hides a broken stream by asking again without streaming, at double
/// the cost, so the calls that arrived count, not only the answer.
/// </summary>
[Trait("Category", Installed.Category)]
public sealed class ClaudeCodeFailoverTests
{
    private static readonly Dictionary<string, Fault> Faults = new(StringComparer.Ordinal)
    {
        ["529 before the answer"] = Fault.Of(529),
        ["429 before the answer"] = Fault.Of(429, retryAfter: 2),
        ["reset before the answer"] = Fault.Of(FaultKind.Reset, FaultPlace.BeforeHeaders),
        ["error event before content"] = new Fault(FaultKind.ErrorEvent) { Status = 500, Place = FaultPlace.AfterStart },
        ["529 inside the first tool call"] = new Fault(FaultKind.ErrorEvent) { Status = 529, Place = FaultPlace.InToolCall },
        ["429 inside the first tool call"] = new Fault(FaultKind.ErrorEvent) { Status = 429, Place = FaultPlace.InToolCall },
        ["reset inside the first tool call"] = Fault.Of(FaultKind.Reset, FaultPlace.InToolCall),
        ["cut before the answer"] = Fault.Of(FaultKind.TruncatedBody, FaultPlace.AfterHeaders),
        ["clean end before the answer"] = Fault.Of(FaultKind.CleanEnd, FaultPlace.AfterHeaders),
        ["cut inside the first tool call"] = Fault.Of(FaultKind.TruncatedBody, FaultPlace.InToolCall),
        ["clean end inside the first tool call"] = Fault.Of(FaultKind.CleanEnd, FaultPlace.InToolCall),
        ["error event inside the first tool call"] = new Fault(FaultKind.ErrorEvent) { Status = 500, Place = FaultPlace.InToolCall },
    };

    public static TheoryData<string> FaultNames => [.. Faults.Keys];

    [Theory]
    [InlineData("anthropic", "/v1/messages")]
    [InlineData("openai", "/v1/chat/completions")]
    public async Task ClaudeCode_HealthyProvider_TakesTwoStreamedCalls(string kind, string path)
    {
        Installed.OrSkip();
        await using var pair = await ProviderPair.StartAsync(kind, kind);

        var result = await RunAsync(pair);

        AssertToldTheMarker(result, pair);
        var calls = pair.First.ModelCalls();
        Assert.True(calls.Count == 2, pair.First.Describe());
        Assert.All(calls, call => Assert.Equal((path, true), (call.Path, call.AsksForStream())));
        Assert.Empty(pair.Second.Record.Requests);
    }

    [Theory]
    [MemberData(nameof(FaultNames))]
    public async Task ClaudeCode_FirstProviderFailsUnseen_NeverNotices(string fault)
    {
        Installed.OrSkip();
        await using var pair = await ProviderPair.StartAsync();
        pair.First.Script.Always(Faults[fault]);

        var result = await RunAsync(pair);

        AssertToldTheMarker(result, pair);
        AssertServedBySecond(pair);
    }

    [Theory]
    [InlineData("openai", "anthropic")]
    [InlineData("anthropic", "openai")]
    public async Task ClaudeCode_ProvidersOfDifferentFormats_StillNeverNotices(string first, string second)
    {
        Installed.OrSkip();
        await using var pair = await ProviderPair.StartAsync(first, second);
        pair.First.Script.Always(Faults["reset inside the first tool call"]);

        var result = await RunAsync(pair);

        AssertToldTheMarker(result, pair);
        AssertServedBySecond(pair);
    }

    [Theory]
    [InlineData(FaultKind.ErrorEvent, "anthropic")]
    [InlineData(FaultKind.Reset, "anthropic")]
    [InlineData(FaultKind.TruncatedBody, "anthropic")]
    [InlineData(FaultKind.CleanEnd, "anthropic")]
    [InlineData(FaultKind.ErrorEvent, "openai")]
    [InlineData(FaultKind.Reset, "openai")]
    [InlineData(FaultKind.TruncatedBody, "openai")]
    [InlineData(FaultKind.CleanEnd, "openai")]
    public async Task ClaudeCode_StreamBreaksAfterText_AsksAgainAndTheOtherProviderAnswers(FaultKind fault, string firstKind)
    {
        Installed.OrSkip();
        await using var pair = await ProviderPair.StartAsync(firstKind);

        // The first call is answered by a tool call, the second by text: the second breaks.
        pair.First.Script.EveryNth(2, Fault.Of(fault, FaultPlace.AfterText, after: 2));

        var result = await RunAsync(pair, retries: 2);

        AssertToldTheMarker(result, pair);
        Assert.True(pair.First.ModelCalls().Count == 2, pair.First.Describe());
        Assert.True(pair.Second.ModelCalls().Count == 1, pair.Second.Describe());
    }

    [Theory]
    [InlineData(FaultKind.ErrorEvent, "anthropic")]
    [InlineData(FaultKind.Reset, "anthropic")]
    [InlineData(FaultKind.TruncatedBody, "anthropic")]
    [InlineData(FaultKind.CleanEnd, "anthropic")]
    [InlineData(FaultKind.ErrorEvent, "openai")]
    [InlineData(FaultKind.Reset, "openai")]
    [InlineData(FaultKind.TruncatedBody, "openai")]
    [InlineData(FaultKind.CleanEnd, "openai")]
    public async Task Stream_BreaksAfterText_EndsWithOneNativeError(FaultKind fault, string firstKind)
    {
        await using var pair = await ProviderPair.StartAsync(firstKind);
        pair.First.Script.Always(Fault.Of(fault, FaultPlace.AfterText, after: 2));
        using var client = pair.Sluice.CreateClient();
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/messages")
        {
            Content = new StringContent("""{"model":"claude-sonnet-4-6","max_tokens":64,"stream":true,"messages":[{"role":"user","content":"one two three four"}]}""", Encoding.UTF8, "application/json"),
        };

        using var response = await client.SendAsync(request);
        var events = SseSplitter.Split(await response.Content.ReadAsByteArrayAsync());

        Assert.Single(events, e => e.Event == "error");
        Assert.Equal("error", events[^1].Event);
        Assert.Equal(2, events.Count(e => e.Event == "content_block_delta"));
        Assert.Empty(pair.Second.Record.Requests);
    }

    [Theory]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(true, true)]
    public async Task ClaudeCode_BothKeyVariables_TheKnownOneCountsAndNoneGoesOn(bool tokenIsKnown, bool apiKeyIsKnown)
    {
        Installed.OrSkip();
        await using var pair = await ProviderPair.StartAsync();
        const string Unknown = "sk-somebody-elses-key-000000000000";
        var token = tokenIsKnown ? pair.Sluice.ClientKey : Unknown;
        var apiKey = apiKeyIsKnown ? pair.Sluice.ClientKey : Unknown;

        var result = await ClaudeCodeClient.RunAsync(new ClaudeCodeRun(pair.Sluice.Url, token)
        {
            Environment = new Dictionary<string, string>(StringComparer.Ordinal) { ["ANTHROPIC_API_KEY"] = apiKey },
        });

        AssertToldTheMarker(result, pair);
        Assert.All(pair.First.ModelCalls(), call =>
        {
            Assert.Equal(ProviderPair.FirstKey, call.Credential);
            Assert.DoesNotContain(call.Headers, h => h.Value.Contains(Unknown, StringComparison.Ordinal) || h.Value.Contains(pair.Sluice.ClientKey, StringComparison.Ordinal));
        });
    }

    [Fact]
    public async Task ClaudeCode_ProviderRefusesAFeature_RepairsItselfByTheProvidersWords()
    {
        Installed.OrSkip();
        await using var pair = await ProviderPair.StartAsync();
        pair.First.Script.Enqueue(Fault.Of(400) with { Message = "context_management: Extra inputs are not permitted" });

        var result = await RunAsync(pair);

        AssertToldTheMarker(result, pair);
        var calls = pair.First.ModelCalls();
        Assert.True(calls.Count == 3, pair.First.Describe());
        Assert.True(calls[0].HasMember("context_management"));
        Assert.False(calls[1].HasMember("context_management"));
        Assert.Empty(pair.Second.Record.Requests);
    }

    [Fact]
    public async Task ClaudeCode_ProviderRefusesAll_ClimbsItsLadderAtOneProviderAndShowsItsWords()
    {
        Installed.OrSkip();
        await using var pair = await ProviderPair.StartAsync();
        pair.First.Script.Always(Fault.Of(400) with { Message = "seventeen: the bespoke words of a provider" });

        var result = await RunAsync(pair);

        Assert.True(result.IsError, result.ToString());
        Assert.Contains("seventeen: the bespoke words of a provider", result.Text, StringComparison.Ordinal);
        Assert.True(pair.First.ModelCalls().Count == 6, pair.First.Describe());
        Assert.Empty(pair.Second.Record.Requests);
    }

    [Theory]
    [InlineData("anthropic")]
    [InlineData("openai")]
    public async Task ClaudeCode_PromptTooLong_KnowsItAsSuch(string kind)
    {
        Installed.OrSkip();
        await using var pair = await ProviderPair.StartAsync(kind, kind);
        pair.First.Script.Always(Fault.Of(400, variant: "context"));

        var result = await RunAsync(pair);

        Assert.True(result.IsError, result.ToString());
        Assert.Contains("Prompt is too long", result.Text, StringComparison.Ordinal);
        Assert.True(pair.First.ModelCalls().Count == 1, pair.First.Describe());
        Assert.Empty(pair.Second.Record.Requests);
    }

    private static Task<ClaudeCodeResult> RunAsync(ProviderPair pair, int retries = 0) =>
        ClaudeCodeClient.RunAsync(new ClaudeCodeRun(pair.Sluice.Url, pair.Sluice.ClientKey) { Retries = retries });

    private static void AssertToldTheMarker(ClaudeCodeResult result, ProviderPair pair)
    {
        var story = $"{result}\n--- first\n{pair.First.Describe()}\n--- second\n{pair.Second.Describe()}\n{pair.Sluice.Transcript()}";
        Assert.True(result.ExitCode == 0 && !result.IsError, story);
        Assert.True(result.Text?.Contains(ClaudeCodeRun.Marker, StringComparison.Ordinal), story);
    }

    private static void AssertServedBySecond(ProviderPair pair)
    {
        Assert.True(pair.Second.ModelCalls().Count == 2, pair.Second.Describe());
        Assert.True(pair.First.ModelCalls().Count >= 1, pair.First.Describe());
        Assert.All([.. pair.First.ModelCalls(), .. pair.Second.ModelCalls()], call => Assert.True(call.AsksForStream()));
    }
}
