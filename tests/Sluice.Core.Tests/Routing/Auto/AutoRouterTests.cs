using System.Text;
using System.Text.Json.Nodes;
using Sluice.Core.Affinity;
using Sluice.Core.Configuration;
using Sluice.Core.Health;
using Sluice.Core.Routing;
using Sluice.Core.Routing.Auto;
using Sluice.Core.Tests.Configuration;
using Sluice.Protocols;
using Sluice.Protocols.Native;
using Sluice.Testing;
using Xunit;

namespace Sluice.Core.Tests.Routing.Auto;

public sealed class AutoRouterTests
{
    private const string Everybody = """
        providers:
          - { name: anthropic, kind: anthropic, api_keys: [k1] }
          - { name: openai, kind: openai, api_keys: [k2] }
          - { name: mistral, kind: openai, base_url: https://api.mistral.ai/v1, api_keys: [k3] }
          - { name: openrouter, kind: openrouter, api_keys: [k4] }
        """;

    private readonly ManualTimeProvider _time = new();
    private readonly SessionAffinity _affinity;
    private readonly Planner _planner;

    public AutoRouterTests()
    {
        _affinity = new SessionAffinity(_time);
        _planner = new Planner(new HealthBoard(_time), _affinity, _time, seed: 7);
    }

    [Theory]
    [InlineData("Is this spam? 'You won.'", "simple", "anthropic/claude-haiku-4.5")]
    [InlineData("Refactor this function and add unit tests.", "code", "anthropic/claude-sonnet-5")]
    [InlineData("Think hard: what are the trade-offs of this architecture?", "hard", "anthropic/claude-opus-5")]
    public void D21_D22_I56_I66_I81_Auto_ByTask_TakesTheShippedModelOfItsTier(string prompt, string tier, string model)
    {
        var plan = Plan(Everybody, TaskBodies.Chat(prompt));

        Assert.Equal((tier, model, model), (plan.Auto!.Tier, plan.Model!.Id, plan.Candidates[0].Endpoint.Model.Id));
        Assert.StartsWith($"auto {tier}: ", plan.Candidates[0].Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void D22_Auto_MuchToRead_GoesToLlamaOrMistral()
    {
        var plan = Plan(Everybody, TaskBodies.Chat("Summarise these pages. " + new string('a', 9_000)));

        Assert.Equal(["meta-llama/llama-4-maverick", "mistralai/mistral-small-latest"], plan.Candidates.Select(c => c.Endpoint.Model.Id).Distinct().Take(2));
    }

    [Fact]
    public void D22_ShippedPolicy_HasFourRowsOfModelsThatTheCatalogueKnows()
    {
        var catalogue = Configs.Good("providers: [{ name: sim, kind: simulator }, { name: sim2, kind: simulator }]").Catalogue;

        Assert.Equal(["simple", "code", "hard", "bulk"], TaskKinds.Words);
        Assert.All(TaskKinds.All.SelectMany(AutoPolicy.Of), name => Assert.Equal(name, catalogue.Resolve(name)?.Model.Id));
    }

    [Fact]
    public void Auto_TiersOfTheFile_ReplaceTheirOwnAlone()
    {
        const string File = Everybody + "\nauto: { tiers: { hard: [openai/gpt-5.5, anthropic/claude-opus-4.8] } }";

        Assert.Equal(["openai/gpt-5.5", "anthropic/claude-opus-4.8"], Models(Plan(File, TaskBodies.Chat("Prove the theorem."))));
        Assert.Equal("anthropic/claude-haiku-4.5", Plan(File, TaskBodies.Chat("Hi there")).Model!.Id);
    }

    [Theory]
    [InlineData("openrouter/auto")]
    [InlineData("openrouter/auto-beta")]
    [InlineData("evolink/auto")]
    [InlineData("SLUICE/Auto")]
    public void C9_I46_I87_OtherGatewaysNames_MeanTheSame(string name) =>
        Assert.Equal("anthropic/claude-haiku-4.5", Plan(Everybody, TaskBodies.Chat("Hi there"), request => request with { Model = name }).Model!.Id);

    [Fact]
    public void C9_AnOperatorWhoWantsIt_HandsTheNameToOpenRouter()
    {
        const string File = Everybody + "\nmodels: [{ id: openrouter/auto, endpoints: [{ provider: openrouter, model: openrouter/auto, price: { input: 1, output: 1 } }] }]";
        var plan = Plan(File, TaskBodies.Chat("Hi there"), request => request with { Model = "openrouter/auto" });
        var named = Plan(Everybody, TaskBodies.Chat("Hi there"), request => request with { Model = "openrouter/openrouter/auto" });

        Assert.Null(plan.Auto);
        Assert.Equal("openrouter/openrouter/auto", plan.Candidates.Single().Endpoint.Id);
        Assert.Equal("openrouter/openrouter/auto", named.Candidates.Single().Endpoint.Id);
    }

    [Fact]
    public void Auto_WithoutAnyModelOfTheTier_TakesTheNearestThatHasSome()
    {
        const string Small = """
            providers: [{ name: local, kind: openai, base_url: "http://127.0.0.1:1/v1" }]
            models: [{ id: my/coder, endpoints: [{ provider: local, model: coder }] }]
            auto: { tiers: { code: [my/coder] } }
            """;
        var plan = Plan(Small, TaskBodies.Chat("Prove the theorem."));

        Assert.Equal(("code", "my/coder"), (plan.Auto!.Tier, plan.Model!.Id));
        Assert.Equal("The task is hard (\"prove\", \"theorem\"); the models are those of tier code.", plan.Auto.Sentence);
    }

    [Fact]
    public void Auto_ModelsThatCannotServeTheRequest_AreLeftOutWithTheReason()
    {
        var plan = Plan(Everybody, TaskBodies.Chat("Prove the theorem."), request => request with { Needs = request.Needs with { InputTokens = 1_020_000, OutputTokens = 20_000 } });

        Assert.Equal("openai/gpt-5.6-sol", plan.Model!.Id);
        Assert.Contains(new LeftOutEndpoint("anthropic/claude-opus-5", "auto: the window is too small"), plan.LeftOut);
    }

    [Fact]
    public void Auto_KeyThatMayUseSomeModels_ChoosesAmongThose()
    {
        var plan = Plan(Everybody, TaskBodies.Chat("Prove the theorem."), request => request with { AllowedModels = ["openai/gpt-5.5", "anthropic/claude-haiku-4.5"] });
        var byName = Plan(Everybody, TaskBodies.Chat("Prove the theorem."), request => request with { AllowedModels = ["sluice/auto"] });

        Assert.Equal(["openai/gpt-5.5"], Models(plan));
        Assert.Equal("anthropic/claude-opus-5", byName.Model!.Id);
    }

    [Theory]
    [InlineData("""{"id":"auto-router","allowed_models":["openai/*"]}""", "openai/gpt-5.6-sol")]
    [InlineData("""{"id":"auto-router","excluded_models":["anthropic/*","*sol*"]}""", "openai/gpt-5.5")]
    [InlineData("""{"id":"auto-router","allowed_models":["*gpt*"],"excluded_models":["openai/*"]}""", null)]
    [InlineData("""{"id":"auto-router","allowed_models":["cohere/*"]}""", "cohere/command-a")]
    [InlineData("""{"id":"auto-router","enabled":false,"allowed_models":["openai/*"]}""", "anthropic/claude-opus-5")]
    [InlineData("""{"id":"web","allowed_models":["openai/*"]}""", "anthropic/claude-opus-5")]
    public void C9_Plugin_SaysWhichModelsMayBeChosen(string plugin, string? model)
    {
        var body = TaskBodies.Chat("Prove the theorem.");
        body["plugins"] = new JsonArray(JsonNode.Parse(plugin));
        var plan = Plan(Everybody, body);

        Assert.Equal(model, plan.Candidates.Count == 0 ? null : plan.Model!.Id);
        Assert.Equal(model is null ? "404 No models match your request and model restrictions." : null, plan.Refusal is { } refusal ? $"{refusal.Status} {refusal.Message}" : null);
    }

    [Theory]
    [InlineData("\"cost_tier\":\"low\"", "mistralai/mistral-medium-latest")]
    [InlineData("\"cost_tier\":\"max\"", "openai/gpt-5.5")]
    [InlineData("\"cost_quality_tradeoff\":10", "mistralai/mistral-medium-latest")]
    [InlineData("\"cost_quality_tradeoff\":10,\"cost_tier\":\"max\"", "openai/gpt-5.5")]
    public void C9_Plugin_SaysHowDearTheChoiceMayBe(string member, string model)
    {
        const string File = Everybody + "\nauto: { tiers: { hard: [anthropic/claude-opus-4.8, openai/gpt-5.5, mistralai/mistral-medium-latest] } }";
        var body = TaskBodies.Chat("Prove the theorem.");
        body["plugins"] = new JsonArray(JsonNode.Parse($$"""{"id":"auto-router",{{member}}}"""));

        Assert.Equal(model, Plan(File, body).Model!.Id);
    }

    [Theory]
    [InlineData("\"allowed_models\":\"openai/*\"", "plugins.allowed_models")]
    [InlineData("\"cost_tier\":\"cheap\"", "plugins.cost_tier")]
    [InlineData("\"cost_quality_tradeoff\":11", "plugins.cost_quality_tradeoff")]
    public void Plugin_ThatCannotBeUnderstood_IsRefusedByItsMember(string member, string param)
    {
        var body = TaskBodies.Chat("Hi");
        body["plugins"] = new JsonArray(JsonNode.Parse($$"""{"id":"auto-router",{{member}}}"""));
        var refusal = Plan(Everybody, body).Refusal!;

        Assert.Equal((400, param), (refusal.Status, refusal.Param));
    }

    [Fact]
    public void C9_Free_TakesAModelThatCostsNothingAndDoesWhatIsNeeded()
    {
        var plan = Plan(Everybody, TaskBodies.Chat("Hi"), request => request with { Model = "openrouter/free", Needs = request.Needs with { Tools = true, Images = true } });

        Assert.Equal("free", plan.Auto!.Tier);
        Assert.All(plan.Candidates, candidate => Assert.Equal((0m, 0m), (candidate.Endpoint.Price!.Input, candidate.Endpoint.Price.Output)));
        Assert.Contains(plan.LeftOut, left => left.Why == "auto: the model takes no images");
    }

    [Fact]
    public void Session_StaysWithItsModel_GoesUpWhenTheTaskIsHarder_AndNotDown()
    {
        var code = Turn("Refactor this function.");
        Assert.Equal("anthropic/claude-sonnet-5", code.Model!.Id);
        Answered(code);

        Assert.Equal(("anthropic/claude-sonnet-5", true), (Turn("Thanks!").Model!.Id, Turn("Thanks!").Auto!.Stays));
        var hard = Turn("Now think hard about the deadlock.");
        Assert.Equal(("anthropic/claude-opus-5", false), (hard.Model!.Id, hard.Auto!.Stays));
        Answered(hard);

        var after = Turn("Fix it then.");
        Assert.Equal(("anthropic/claude-opus-5", "hard", "auto hard: session stays"), (after.Model!.Id, after.Auto!.Tier, after.Candidates[0].Reason));

        // A question for itself, such as a title, does not sit with the session.
        Assert.Equal("anthropic/claude-haiku-4.5", Plan(Everybody, TaskBodies.Chat("Hi"), request => request with { Session = "u\ns" }).Model!.Id);

        // Once its cache is cold, the task alone decides.
        _time.Advance(TimeSpan.FromHours(2));
        Assert.Equal("anthropic/claude-sonnet-5", Turn("Fix it then.").Model!.Id);
    }

    [Fact]
    public void I39_Rules_MayAskForTheTask()
    {
        const string File = Everybody + """

            rules:
              - { name: cheap, when: 'task == "simple" or task == "bulk"', use: [mistralai/mistral-small-latest] }
              - { name: strong, when: 'task == "hard" and role != "background"', use: [sluice/auto] }
            """;

        Assert.Equal("cheap", Plan(File, TaskBodies.Chat("Hi there"), request => request with { Model = "openai/gpt-5.5" }).Rule);
        var strong = Plan(File, TaskBodies.Chat("Prove the theorem."), request => request with { Model = "openai/gpt-4o-mini" });
        Assert.Equal(("strong", "anthropic/claude-opus-5"), (strong.Rule, strong.Model!.Id));
        Assert.Null(Plan(File, TaskBodies.Chat("Fix the bug."), request => request with { Model = "openai/gpt-4o-mini" }).Rule);
    }

    [Theory]
    [InlineData("")]
    [InlineData("fallbacks: { openai/gpt-4o-mini: [sluice/auto] }")]
    public void Auto_AsAFallback_StandsForTheModelsOfItsTier(string fallbacks)
    {
        var plan = Plan(Everybody + "\nauto: { tiers: { hard: [anthropic/claude-opus-5, openai/gpt-5.5] } }\n" + fallbacks, TaskBodies.Chat("Prove the theorem."),
            request => request with { Model = "openai/gpt-4o-mini", FallbackModels = fallbacks.Length == 0 ? ["openrouter/auto"] : [] });

        Assert.Equal(["openai/gpt-4o-mini", "anthropic/claude-opus-5", "openai/gpt-5.5"], Models(plan));
        Assert.Null(plan.Auto);
    }

    [Fact]
    public void Auto_WithTheSimulatorAlone_WorksOffline() =>
        Assert.Equal(("anthropic/claude-opus-5", "sim"), Plan("providers: [{ name: sim, kind: simulator }]", TaskBodies.Chat("Prove the theorem.")) is { Candidates: [var first, ..] } ? (first.Endpoint.Model.Id, first.Provider.Name) : default);

    [Fact]
    public void Bodies_AreReadOnlyWhereSomebodyAsks()
    {
        var plain = Configs.Good(Everybody).Auto;
        var ruled = Configs.Good(Everybody + "\nrules: [{ when: 'task == \"code\"', use: [openai/gpt-5.5] }]").Auto;
        var aliased = Configs.Good(Everybody + "\naliases: { best: sluice/auto }").Auto;

        Assert.False(plain.Concerns(new RoutingRequest("openai/gpt-5.5")));
        Assert.True(plain.Concerns(new RoutingRequest("openrouter/auto")));
        Assert.True(plain.Concerns(new RoutingRequest("x") { FallbackModels = ["sluice/auto"] }));
        Assert.True(ruled.Concerns(new RoutingRequest("openai/gpt-5.5")));
        Assert.True(aliased.Concerns(new RoutingRequest("best")));
    }

    [Theory]
    [InlineData("auto: { tiers: { hard: [anthropic/claude-opsu-5] } }", "no model has this name")]
    [InlineData("auto: { tiers: { hard: [sluice/auto] } }", "it stands for a choice itself")]
    [InlineData("auto: { tiers: { hard: [] } }", "allowed: 1 to 16 models")]
    [InlineData("auto: { tiers: { fast: [openai/gpt-5.5] } }", "fast")]
    public void Tiers_ThatLeadNowhere_AreErrors(string auto, string message) =>
        Assert.Contains(Configs.Errors(Everybody + "\n" + auto), error => error.Contains(message, StringComparison.Ordinal));

    private static string[] Models(Plan plan) => [.. plan.Candidates.Select(candidate => candidate.Endpoint.Model.Id).Distinct()];

    private Plan Turn(string words)
    {
        var body = TaskBodies.Chat("Hello");
        ((JsonArray)body["messages"]!).Add(TaskBodies.Turn("assistant", "Hello!"));
        ((JsonArray)body["messages"]!).Add(TaskBodies.Turn("user", words));
        return Plan(Everybody, body, request => request with { Session = "u\ns" });
    }

    // As a settled attempt leaves it.
    private void Answered(Plan plan)
    {
        var candidate = plan.Candidates[0];
        _affinity.Remember("u\ns", candidate.Endpoint.Model.Id, candidate.Endpoint.Id, candidate.Credential?.Id);
        _affinity.Remember("u\ns", plan.Auto!.Name, candidate.Endpoint.Id, candidate.Credential?.Id);
    }

    private Plan Plan(string file, JsonObject body, Func<RoutingRequest, RoutingRequest>? change = null)
    {
        ReadOnlyMemory<byte> bytes = Encoding.UTF8.GetBytes(body.ToJsonString());
        var envelope = EnvelopeScanner.Scan(WireProtocol.OpenAIChat, bytes).Envelope!;
        var request = new RoutingRequest("sluice/auto") { Prompt = new RequestPrompt(envelope, bytes, role: null) };
        return _planner.Plan(Configs.Good(file), change is null ? request : change(request));
    }
}
