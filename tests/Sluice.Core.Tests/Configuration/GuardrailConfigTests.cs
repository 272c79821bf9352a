using Sluice.Core.Admission;
using Xunit;

namespace Sluice.Core.Tests.Configuration;

public sealed class GuardrailConfigTests
{
    [Fact]
    public void Guardrails_AreReadInOrder_WithTheirScopes()
    {
        var table = Configs.Good("guardrails: [{ name: a, pattern: 'x+' }, { name: b, pattern: '(?i)Y', scope: 'team:core', action: refuse }]").Guardrails;
        var core = new CallerScopes("k", "u", "core", Project: null, Model: null, IsFree: false);
        Assert.Equal(["a", "b"], table.Broken(core, "xxy"));
        Assert.Equal(["a"], table.Broken(core with { Team = "other" }, "xxy"));
        Assert.Empty(table.Broken(core, "z"));
        Assert.True(Configs.Good("").Guardrails.IsEmpty);
    }

    [Theory]
    [InlineData("{ name: a, pattern: '(' }", "guardrails[0].pattern: found \"(\"; no regular expression that can be used: Invalid pattern '(' at offset 1. Not enough )'s.")]
    [InlineData("{ name: a, pattern: '(a)\\1' }", "guardrails[0].pattern: found \"(a)\\1\"; no regular expression that can be used: Look-ahead, look-behind, references back and atomic groups are not allowed: they can take for ever.")]
    [InlineData("{ name: a, pattern: x, scope: 'model:m' }", "guardrails[0].scope: found \"model:m\"; allowed: key:ID, user:NAME, team:NAME, project:NAME or organization")]
    [InlineData("{ name: a, pattern: x }, { name: a, pattern: y }", "guardrails[1].name: found \"a\"; another guardrail is called a")]
    public void AMistake_IsNamed(string items, string error) => Assert.EndsWith(error, Assert.Single(Configs.Errors($"guardrails: [{items}]")), StringComparison.Ordinal);
}
