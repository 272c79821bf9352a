using Sluice.Core.Configuration;
using Sluice.Core.Routing.Rules;
using Sluice.Core.Tests.Configuration;
using Xunit;

namespace Sluice.Core.Tests.Routing.Rules;

/// <summary>What the reference page says of rules happens.</summary>
public sealed class RulesPageTests
{
    private const string Providers = """
        providers:
          - { name: anywhere, kind: openrouter, api_keys: [k1] }
          - { name: eu, kind: openrouter, api_keys: [k2] }

        """;

    public static TheoryData<string, string, string> Requests
    {
        get
        {
            var data = new TheoryData<string, string, string>();
            foreach (var (yaml, request, outcome) in RulesPage.Requests)
            {
                data.Add(yaml, request, outcome);
            }

            return data;
        }
    }

    public static TheoryData<string, string> Mistakes
    {
        get
        {
            var data = new TheoryData<string, string>();
            foreach (var (when, said) in RulesPage.Mistakes)
            {
                data.Add(when, said);
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Requests))]
    public void Page_EveryRequest_GoesWhereItSays(string yaml, string line, string outcome)
    {
        var snapshot = Configs.Good(Providers + yaml);
        var (request, at) = RulesPage.Read(line);

        var rule = snapshot.Rules.Match(request, at);

        var planned = rule is null ? request : rule.Apply(request, snapshot.Catalogue);
        var models = planned.Model == request.Model && planned.FallbackModels.Count == 0 ? "its own model" : string.Join(", ", [planned.Model, .. planned.FallbackModels]);
        var place = planned.Preferences.AllowedByRule.Count == 0 ? "" : $" at {string.Join(", ", planned.Preferences.AllowedByRule)}";
        Assert.Equal(outcome, models + place);
    }

    [Theory]
    [MemberData(nameof(Mistakes))]
    public void Page_EveryMistake_IsToldAsItSays(string when, string said)
    {
        var errors = Configs.Errors($$"""
            {{Providers}}
            rules:
              - { use: [deepseek/deepseek-chat], when: '{{when}}' }
            """);

        Assert.StartsWith($"sluice.yaml:6:44: rules[0].when: {said}", Assert.Single(errors), StringComparison.Ordinal);
    }

    [Fact]
    public void Page_HasEnoughOfBoth()
    {
        Assert.InRange(RulesPage.Requests.Count(), 20, 200);
        Assert.InRange(RulesPage.Mistakes.Count(), 10, 100);
    }

    [Fact]
    public void Page_ListsEveryFieldWithItsMeaning() =>
        Assert.All(RuleFields.All, field => Assert.Contains($"| `{field.Name}` | {field.Meaning} |", RulesPage.Text, StringComparison.Ordinal));
}
