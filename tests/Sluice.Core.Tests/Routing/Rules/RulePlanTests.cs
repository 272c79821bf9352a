using Sluice.Core.Affinity;
using Sluice.Core.Configuration;
using Sluice.Core.Health;
using Sluice.Core.Routing;
using Sluice.Core.Tests.Configuration;
using Sluice.Protocols.Errors;
using Sluice.Testing;
using Xunit;

namespace Sluice.Core.Tests.Routing.Rules;

/// <summary>What rules do to plans.</summary>
public sealed class RulePlanTests
{
    private const string Start = """
        providers:
          - { name: a, kind: openrouter, api_keys: [k1] }
          - { name: b, kind: openrouter, api_keys: [k2] }
        models:
          - { id: x/main, endpoints: [{ provider: a, model: main }, { provider: b, model: main }] }
          - { id: x/cheap, endpoints: [{ provider: a, model: cheap }] }
          - { id: x/other, endpoints: [{ provider: b, model: other }] }
        fallbacks: { x/main: [x/other], x/cheap: [x/other] }

        """;

    [Fact]
    public void ReqI39_Rule_ThatHolds_ReplacesTheModelAndSaysSo()
    {
        var plan = Plan("rules: [{ name: small, when: role == 'background', use: [x/cheap, x/other] }]", new RoutingRequest("x/main")
        {
            FallbackModels = ["x/main"],
            Origin = new RequestOrigin("k", "u") { Role = "background" },
        });

        Assert.Equal(["x/cheap", "x/other"], plan.Candidates.Select(c => c.Endpoint.Model.Id));
        Assert.Equal("x/cheap", plan.Model!.Id);
        Assert.Equal("small", plan.Rule);
        Assert.All(plan.Candidates, c => Assert.StartsWith("rule small: ", c.Reason, StringComparison.Ordinal));
        Assert.Contains("rule small matched: x/cheap then x/other in place of x/main.", plan.Notes);
    }

    [Fact]
    public void Rule_ThatDoesNotHold_LeavesThePlanAlone()
    {
        var plan = Plan("rules: [{ when: role == 'background', use: [x/cheap] }]", new RoutingRequest("x/main"));

        Assert.Equal(["x/main", "x/main", "x/other"], plan.Candidates.Select(c => c.Endpoint.Model.Id));
        Assert.Null(plan.Rule);
        Assert.DoesNotContain(plan.Candidates, c => c.Reason.Contains("rule", StringComparison.Ordinal));
    }

    [Fact]
    public void Rule_FirstThatHolds_Counts()
    {
        var plan = Plan("rules: [{ when: tools, use: [x/other] }, { use: [x/cheap] }, { use: [x/other] }]", new RoutingRequest("x/main"));

        Assert.Equal("rule 2", plan.Rule);
        Assert.StartsWith("rule 2: ", plan.Candidates[0].Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Rule_WithOneModel_KeepsItsFallbacks() =>
        Assert.Equal(["x/cheap", "x/other"], Plan("rules: [{ use: [x/cheap] }]", new RoutingRequest("x/main")).Candidates.Select(c => c.Endpoint.Model.Id));

    [Fact]
    public void Rule_ModelThatTheKeyMayNotUse_IsPassedOver()
    {
        var plan = Plan("rules: [{ use: [x/cheap, x/other] }]", new RoutingRequest("x/main") { AllowedModels = ["x/main", "x/other"] });

        Assert.Equal(["x/other"], plan.Candidates.Select(c => c.Endpoint.Model.Id));
    }

    [Fact]
    public void Rule_NoModelThatTheKeyMayUse_IsAPermissionErrorThatNamesTheRule()
    {
        var plan = Plan("rules: [{ name: small, use: [x/cheap, x/other] }]", new RoutingRequest("x/main") { AllowedModels = ["x/main"] });

        Assert.Equal(ErrorKind.Permission, plan.Refusal!.Kind);
        Assert.Equal("This key may not use the model 'x/cheap'. (rule small of the configuration sent 'x/main' there.)", plan.Refusal.Message);
        Assert.Empty(plan.Candidates);
    }

    [Fact]
    public void I19_UserCanary_TakesOnlyThatUser()
    {
        const string Rules = "rules: [{ name: pilot, when: \"user in ['dev1']\", use: [x/cheap] }]";

        Assert.Equal("x/cheap", Plan(Rules, new RoutingRequest("x/main") { Origin = new RequestOrigin("k1", "dev1") }).Model!.Id);
        Assert.Equal("x/main", Plan(Rules, new RoutingRequest("x/main") { Origin = new RequestOrigin("k2", "dev2") }).Model!.Id);
    }

    [Fact]
    public void Rule_OnProviders_JoinsWhatTheRequestWants()
    {
        var snapshot = Configs.Good(Start + "rules: [{ only: [b], order: [b], sort: price }]");
        var own = new ProviderPreferences { Ignore = ["z"], Sort = RouteSort.Latency };

        var applied = snapshot.Rules.All[0].Apply(new RoutingRequest("x/main") { Preferences = own }, snapshot.Catalogue);

        Assert.Equal("x/main", applied.Model);
        Assert.Equal(["z"], applied.Preferences.Ignore);
        Assert.Equal(["b"], applied.Preferences.AllowedByRule);
        Assert.Equal(["b"], applied.Preferences.Order);
        Assert.Equal(RouteSort.Latency, applied.Preferences.Sort);
    }

    [Fact]
    public void Rule_WithOnly_LeavesOutEveryOtherProviderAndSaysWhy()
    {
        var plan = Plan("rules: [{ name: at home, only: [b] }]", new RoutingRequest("x/main"));

        Assert.All(plan.Candidates, c => Assert.Equal("b", c.Provider.Name));
        Assert.Equal(["x/main", "x/other"], plan.Candidates.Select(c => c.Endpoint.Model.Id));
        Assert.StartsWith("rule at home: ", plan.Candidates[0].Reason, StringComparison.Ordinal);
        Assert.Contains(plan.LeftOut, left => left.Why == "not among the rule's providers");
        Assert.Contains("rule at home matched: it chooses among providers and leaves the model.", plan.Notes);
    }

    // Its own list and the rule's both bind: where they have nobody in common, nobody is asked.
    [Fact]
    public void Rule_WithOnly_AndARequestWithAnother_IsRefused()
    {
        var plan = Plan("rules: [{ name: at home, only: [b] }]", new RoutingRequest("x/main") { Preferences = new ProviderPreferences { Only = ["a"] } });

        Assert.Empty(plan.Candidates);
        Assert.EndsWith("(rule at home of the configuration sent 'x/main' there.)", plan.Refusal!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Rules_ManyMistakes_AreAllNamedAtOnce()
    {
        var errors = Configs.Errors("""
            providers: [{ name: a, kind: openrouter, api_keys: [k1] }]
            rules:
              - when: clinet == "codex" and hour > "x"
                use: [deepseek/deepseek-chat]
              - name: "a, b"
                only: [aa]
              - when: tools
              - { name: same, use: [deepseek/deepseek-chat] }
              - { name: Same, use: [deepseek/deepseek-chat] }
              - { uses: [x] }
              - { use: [deepseek/deepseek-chat], when: "${NOT_SAID:-hunter2}" }
            """);

        Assert.Equal(
            [
                "sluice.yaml:3:11: rules[0].when: found \"clinet\" at column 1 of the expression; there is no such field; did you mean client?",
                "sluice.yaml:3:11: rules[0].when: found \"x\" at column 30 of the expression; hour is a whole number; write for example hour >= 10",
                "sluice.yaml:5:11: rules[1].name: found \"a, b\"; allowed: letters, digits, spaces, - and _, at most 64",
                "sluice.yaml:6:12: rules[1].only[0]: found \"aa\"; no provider has this name; did you mean a? allowed: a",
                "sluice.yaml:7:5: rules[2]: found a mapping; a rule must say what to do: use, only, order, sort or deadline",
                "sluice.yaml:9:13: rules[4].name: found \"Same\"; another rule is called Same",
                "sluice.yaml:10:5: rules[5]: found a mapping; a rule must say what to do: use, only, order, sort or deadline",
                "sluice.yaml:10:7: rules[5].uses: found an unknown key; did you mean use? allowed: name, when, use, only, order, sort, deadline",
                "sluice.yaml:11:44: rules[6].when: found an expression with references at column 1 of the expression; it is no expression once its references are replaced; put them in quotes",
            ],
            errors.Select(error => error.Split(" allowed: client,", 2)[0]));
    }

    [Fact]
    public void Rules_UnknownModel_IsAnErrorWithANearName()
    {
        var error = Assert.Single(Configs.Errors(Start + "rules: [{ use: [x/cheep] }]"));

        Assert.StartsWith("sluice.yaml:9:17: rules[0].use[0]: found \"x/cheep\"; no model has this name; did you mean x/cheap?", error, StringComparison.Ordinal);
    }

    private static Plan Plan(string rules, RoutingRequest request)
    {
        var time = new ManualTimeProvider();
        return new Planner(new HealthBoard(time), new SessionAffinity(time), time, 7).Plan(Configs.Good(Start + rules), request);
    }
}
