using Sluice.Core.Affinity;
using Sluice.Core.Health;
using Sluice.Core.Routing;
using Sluice.Core.Tests.Configuration;
using Sluice.Protocols.Errors;
using Sluice.Testing;
using Xunit;

namespace Sluice.Core.Tests.Routing;

public sealed class EndedModelTests
{
    private const string Anthropic = "providers: [{ name: anthropic, kind: anthropic, api_keys: [k1] }]\n";

    // Anthropic dropped claude-opus-4.1 on 2026-08-05; OpenRouter's list of that summer names no day.
    private static readonly DateTimeOffset Before = new(2026, 8, 5, 23, 59, 0, TimeSpan.Zero);
    private static readonly DateTimeOffset After = new(2026, 8, 6, 0, 0, 0, TimeSpan.Zero);

    [Fact]
    public void C12_OnItsLastDay_IsServedWithANote()
    {
        var plan = Plan(Anthropic, "anthropic/claude-opus-4.1", Before);

        Assert.Equal(("anthropic/claude-opus-4-1", "only endpoint"), (plan.Candidates.Single().Endpoint.Id, plan.Candidates[0].Reason));
        Assert.Equal(["anthropic/claude-opus-4.1 is announced to end on 2026-08-05."], plan.Notes);
    }

    [Theory]
    [InlineData("anthropic/claude-opus-4.1")]
    [InlineData("claude-opus-4-1-20250805")]
    public void C12_AfterIt_IsRefusedWithTheDayAndSuccessors(string name)
    {
        var plan = Plan(Anthropic, name, After);

        Assert.Empty(plan.Candidates);
        Assert.Equal(
            (ErrorKind.ModelNotFound, 404, "The model 'anthropic/claude-opus-4.1' ended on 2026-08-05. Use anthropic/claude-opus-5 or anthropic/claude-opus-4.8 or anthropic/claude-opus-4.7."),
            (plan.Refusal!.Kind, plan.Refusal.Status, plan.Refusal.Message));
        Assert.Equal(["anthropic/claude-opus-5", "anthropic/claude-opus-4.8", "anthropic/claude-opus-4.7"], plan.Refusal.FallbackModels);
        Assert.Equal("model_deprecated", plan.Refusal.Reason);
        Assert.Contains(new LeftOutEndpoint("anthropic/claude-opus-4-1", "ended on 2026-08-05"), plan.LeftOut);
    }

    [Fact]
    public void C12_KeyThatMayUseOneSuccessor_IsToldOfThatAlone() =>
        Assert.Equal(["anthropic/claude-opus-4.5"], Plan(Anthropic, new RoutingRequest("anthropic/claude-opus-4.1") { AllowedModels = ["anthropic/claude-opus-4.1", "anthropic/claude-opus-4.5"] }, After).Refusal!.FallbackModels);

    [Fact]
    public void C12_WithAFallback_IsServedByItAndSaysSo()
    {
        var plan = Plan(Anthropic + "fallbacks: { anthropic/claude-opus-4.1: [anthropic/claude-opus-4.5] }", "anthropic/claude-opus-4.1", After);

        Assert.Equal("claude-opus-4-5", plan.Candidates.Single().Endpoint.UpstreamModel);
        Assert.StartsWith("anthropic/claude-opus-4.1 ended on 2026-08-05: ", plan.Candidates[0].Reason, StringComparison.Ordinal);
        Assert.Equal(["anthropic/claude-opus-4.1 ended on 2026-08-05."], plan.Notes);
    }

    [Fact]
    public void C12_AHostThatStillServesIt_IsAsked()
    {
        var plan = Plan("providers: [{ name: anthropic, kind: anthropic, api_keys: [k1] }, { name: openrouter, kind: openrouter, api_keys: [k2] }]", "anthropic/claude-opus-4.1", After);

        Assert.Equal(["openrouter/anthropic/claude-opus-4.1"], plan.Candidates.Select(candidate => candidate.Endpoint.Id));
        Assert.Contains(new LeftOutEndpoint("anthropic/claude-opus-4-1", "ended on 2026-08-05"), plan.LeftOut);
        Assert.Empty(plan.Notes);
    }

    [Theory]
    [InlineData("2026-08-05", 0)]
    [InlineData("2026-08-06", 1)]
    public void C12_TheFilesOwnDay_CountsForItsModels(string day, int candidates)
    {
        var file = $"providers: [{{ name: local, kind: openai, base_url: \"http://127.0.0.1:1/v1\" }}]\nmodels: [{{ id: my/old, ends: {day}, endpoints: [{{ provider: local, model: old }}] }}]";

        Assert.Equal(candidates, Plan(file, "my/old", After).Candidates.Count);
    }

    [Fact]
    public void C12_APlanThatWasKept_IsNotServedBeyondTheDay()
    {
        var time = new ManualTimeProvider(Before);
        var planner = new Planner(new HealthBoard(time), new SessionAffinity(time), time, seed: 7);
        var snapshot = Configs.Good(Anthropic);

        Assert.Single(planner.Plan(snapshot, new RoutingRequest("anthropic/claude-opus-4.1")).Candidates);
        time.Advance(TimeSpan.FromMinutes(1));
        Assert.Empty(planner.Plan(snapshot, new RoutingRequest("anthropic/claude-opus-4.1")).Candidates);
    }

    private static Plan Plan(string file, string model, DateTimeOffset now) => Plan(file, new RoutingRequest(model), now);

    private static Plan Plan(string file, RoutingRequest request, DateTimeOffset now)
    {
        var time = new ManualTimeProvider(now);
        return new Planner(new HealthBoard(time), new SessionAffinity(time), time, seed: 7).Plan(Configs.Good(file), request);
    }
}
