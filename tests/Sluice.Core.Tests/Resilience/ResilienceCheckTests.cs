using Sluice.Core.Configuration;
using Sluice.Core.Resilience;
using Sluice.Core.Tests.Configuration;
using Xunit;

namespace Sluice.Core.Tests.Resilience;

/// <summary>The fallback checklist, layer by layer.</summary>
public sealed class ResilienceCheckTests
{
    private const string TwoProviders = """
        providers:
          - { name: a, kind: openai, base_url: "http://127.0.0.1:1/v1", api_keys: [first-key, second-key] }
          - { name: b, kind: openai, base_url: "http://127.0.0.1:2/v1", api_keys: [third-key, fourth-key] }
        models:
          - { id: x/both, context: 1000, endpoints: [{ provider: a, model: m }, { provider: b, model: m }] }
          - { id: x/only-a, context: 1000, endpoints: [{ provider: a, model: n }] }
          - { id: x/also-a, context: 9000, endpoints: [{ provider: a, model: o }] }
          - { id: x/only-b, context: 9000, endpoints: [{ provider: b, model: p }] }

        """;

    [Theory]
    [InlineData("", ResilienceLevel.Good, "Up to 2 repeats a request")]
    [InlineData("routing: { retries: 0 }", ResilienceLevel.Weak, "never tried again")]
    [InlineData("routing: { retries: 3, retry_budget: 0% }", ResilienceLevel.Weak, "no more than 10 a minute")]
    public void ReqI31_Retries_SayTheActiveValues(string routing, ResilienceLevel level, string said)
    {
        var finding = Assert.Single(Check(TwoProviders + routing), one => one.Layer == "retries");

        Assert.Equal(level, finding.Level);
        Assert.Contains(said, finding.What, StringComparison.Ordinal);
        Assert.Equal(level == ResilienceLevel.Good, finding.Remedy is null);
    }

    [Theory]
    [InlineData("", ResilienceLevel.Good, "keeps its request until its own timeout, 300 s at most")]
    [InlineData("routing: { hedge: 20s }", ResilienceLevel.Good, "After 20 s without a sign the next candidate of the plan is asked as well, that one alone")]
    [InlineData("routing: { hedge: 1s }", ResilienceLevel.Weak, "many models take longer")]
    [InlineData("routing: { hedge: 5m }", ResilienceLevel.Weak, "given up after 300 s before that")]
    public void Hedging_SaysWhatASlowProviderCosts(string routing, ResilienceLevel level, string said)
    {
        var finding = Assert.Single(Check(TwoProviders + routing), one => one.Layer == "hedging");

        Assert.Equal(level, finding.Level);
        Assert.Contains(said, finding.What, StringComparison.Ordinal);
        Assert.Equal(level == ResilienceLevel.Good, finding.Remedy is null);
    }

    [Fact]
    public void Hedging_WithoutASecondCandidate_DoesNothing()
    {
        const string Alone = """
            providers: [{ name: a, kind: openai, base_url: "http://127.0.0.1:1/v1", api_keys: [first-key] }]
            models: [{ id: x/only-a, endpoints: [{ provider: a, model: n }] }]
            routing: { hedge: 20s }
            """;

        var finding = Assert.Single(Check(Alone), one => one.Layer == "hedging");

        Assert.Equal(ResilienceLevel.Weak, finding.Level);
        Assert.Contains("no model has a second candidate", finding.What, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", ResilienceLevel.Missing, "No model has a fallback.")]
    [InlineData("fallbacks: { x/only-a: [x/only-b] }", ResilienceLevel.Good, "x/only-a → x/only-b.")]
    [InlineData("fallbacks: { x/only-a: [x/only-b, x/only-a] }", ResilienceLevel.Weak, "comes back to the model itself")]
    [InlineData("fallbacks: { x/only-a: [x/also-a] }", ResilienceLevel.Weak, "served by a alone and falls with it")]
    [InlineData("fallbacks: { \"*\": [x/only-b] }", ResilienceLevel.Good, "* → x/only-b.")]
    public void ReqI32_ModelFallbacks_ListTheChainsAndWhatIsWrongWithThem(string fallbacks, ResilienceLevel level, string said)
    {
        var finding = Assert.Single(Check(TwoProviders + fallbacks), one => one.Layer == "model fallback");

        Assert.Equal(level, finding.Level);
        Assert.Contains(said, finding.What, StringComparison.Ordinal);
    }

    [Fact]
    public void ReqI33_ProviderFallbacks_NameTheModelsThatHangOnOneProvider()
    {
        var findings = Check(TwoProviders).Where(one => one.Layer == "provider fallback").ToList();

        Assert.Equal(
            [
                (ResilienceLevel.Weak, "x/only-a, x/also-a: served by a alone, fallbacks included."),
                (ResilienceLevel.Weak, "x/only-b: served by b alone, fallbacks included."),
                (ResilienceLevel.Good, "x/both: served by two providers or more, fallbacks included."),
            ],
            findings.Select(one => (one.Level, one.What)));
        Assert.Contains("while a is down", findings[0].Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public void ReqI33_ProviderFallbacks_CountTheChain()
    {
        var findings = Check(TwoProviders + "fallbacks: { x/only-a: [x/only-b], x/also-a: [x/only-b], x/only-b: [x/also-a] }");

        Assert.DoesNotContain(findings, one => one.Level == ResilienceLevel.Weak && one.Layer == "provider fallback");
    }

    [Fact]
    public void ReqI33_SingleKeys_AreNamed()
    {
        var findings = Check(TwoProviders.Replace("[first-key, second-key]", "[first-key]", StringComparison.Ordinal));

        Assert.Contains(findings, one => one.Level == ResilienceLevel.Weak && one.What == "a: one key each.");
    }

    [Theory]
    [InlineData("", ResilienceLevel.Good, "5 failures in a row within 30 s take an endpoint out for 15 s, and for up to 300 s while its probes fail")]
    [InlineData("breaker: { failures: 3, window: 1m, open: 2s, max_open: 90s }", ResilienceLevel.Good, "3 failures in a row within 60 s take an endpoint out for 2 s, and for up to 90 s")]
    [InlineData("breaker: { failures: 21 }", ResilienceLevel.Weak, "21 failures in a row within 30 s")]
    public void ReqI34_Breaker_SaysItsThresholds(string breaker, ResilienceLevel level, string said)
    {
        var finding = Assert.Single(Check(TwoProviders + breaker), one => one.Layer == "circuit breaker");

        Assert.Equal(level, finding.Level);
        Assert.StartsWith(said, finding.What, StringComparison.Ordinal);
        Assert.Equal(level == ResilienceLevel.Good, finding.Remedy is null);
    }

    [Theory]
    [InlineData("", ResilienceLevel.Weak, "Up to 1000 requests wait up to 20 s for limits, in fair turns by user; but no provider has limits")]
    [InlineData("queue: { max_wait: off }", ResilienceLevel.Weak, "No request waits for a limit")]
    public void ReqI34_Queue_SaysWhatIsConfigured(string queue, ResilienceLevel level, string said)
    {
        var finding = Assert.Single(Check(TwoProviders + queue), one => one.Layer == "queue");

        Assert.Equal(level, finding.Level);
        Assert.StartsWith(said, finding.What, StringComparison.Ordinal);
        Assert.NotNull(finding.Remedy);
    }

    [Fact]
    public void ReqI34_Queue_WithLimitsOfProviders_IsGood()
    {
        var finding = Assert.Single(Check("queue: { max_wait: 5s, max_waiting: 50 }\nfairness: { by: team }\nproviders: [{ name: a, kind: openai, api_keys: [k], limits: { concurrency: 4 } }]"), one => one.Layer == "queue");

        Assert.Equal((ResilienceLevel.Good, "Up to 50 requests wait up to 5 s for limits, in fair turns by team; a: calls that would exceed the account's limits go to the next provider or wait."), (finding.Level, finding.What));
    }

    [Theory]
    [InlineData("", ResilienceLevel.Weak)]
    [InlineData("fallbacks: { x/only-a: [x/only-b] }", ResilienceLevel.Good)]
    [InlineData("fallbacks: { x/only-b: [x/only-a] }", ResilienceLevel.Weak)]
    public void ReqI35_Degradation_LooksForLargerWindows(string fallbacks, ResilienceLevel level)
    {
        var finding = Check(TwoProviders + fallbacks).First(one => one.Layer == "degradation");

        Assert.Equal(level, finding.Level);
    }

    [Theory]
    [InlineData("", ResilienceLevel.Weak, "While nobody answers, nothing is served")]
    [InlineData("cache: { enabled: true, ttl: 5m, stale: 1h }", ResilienceLevel.Good, "While nobody answers, requests get the answer that the same request had up to 3900 s before, called STALE.")]
    [InlineData("cache: { stale: 1h }", ResilienceLevel.Good, "While nobody answers, requests that ask for kept answers get")]
    [InlineData("cache: { enabled: false, stale: 1h }", ResilienceLevel.Good, "No answers are kept")]
    [InlineData("degrade: { context: middle-out }", ResilienceLevel.Good, "A prompt that no larger window takes loses the middle of its conversation")]
    [InlineData("", ResilienceLevel.Good, "No model falls back to a cheaper one.")]
    [InlineData("fallbacks: { anthropic/claude-opus-4.5: [anthropic/claude-haiku-4.5] }", ResilienceLevel.Good, "anthropic/claude-opus-4.5: a cheaper model answers in their place, told in x-sluice-model and x-sluice-warning.")]
    public void D17_ReqI35_Degradation_ShowsThePolicy(string section, ResilienceLevel level, string said)
    {
        const string Claude = "  - { name: claude, kind: anthropic, api_keys: [a-key-of-claude] }\nmodels:";
        var findings = Check(TwoProviders.Replace("models:", Claude, StringComparison.Ordinal) + section).Where(one => one.Layer == "degradation").ToList();

        var finding = Assert.Single(findings, one => one.What.StartsWith(said, StringComparison.Ordinal));
        Assert.Equal(level, finding.Level);
        Assert.Equal(level == ResilienceLevel.Good, finding.Remedy is null);
    }

    private static IReadOnlyList<ResilienceFinding> Check(string yaml)
    {
        var result = ConfigLoader.Load(Configs.Sources(yaml));
        Assert.Empty(result.Errors);
        return ResilienceCheck.Of(result.Snapshot!);
    }
}
