using Sluice.Core.Catalogue;
using Sluice.Core.Routing;
using Sluice.Core.Routing.Rules;
using Sluice.Core.Tests.Configuration;
using Xunit;

namespace Sluice.Core.Tests.Routing.Rules;

public sealed class RuleExpressionTests
{
    // One request for all: a Wednesday, 2026-11-25.
    private const string Line = "client=claude-code role=subagent user=dev1 team=core project=web key=k7 session=s1 tags=env=prod,tier=,flag,Job=a=b " +
        "model=sonnet input_tokens=8000 output_tokens=4096 tools stream at=wed,08:30";

    [Theory]
    [InlineData("client == \"claude-code\"", true)]
    [InlineData("client == 'Claude-Code'", true)]
    [InlineData("client != \"codex\"", true)]
    [InlineData("client in [\"codex\", \"claude-code\"]", true)]
    [InlineData("client not in [\"codex\", \"claude-code\"]", false)]
    [InlineData("client matches \"claude-*\"", true)]
    [InlineData("client =~ \"*-code\"", true)]
    [InlineData("client =~ \"*\"", true)]
    [InlineData("client =~ \"c*-*e\"", true)]
    [InlineData("client matches \"claude\"", false)]
    [InlineData("client not matches [\"codex*\", \"gem*\"]", true)]
    [InlineData("role == \"subagent\"", true)]
    [InlineData("priority == \"interactive\"", true)]
    [InlineData("user == \"dev1\" and team == \"core\" and project == \"web\" and key == \"k7\" and session == \"s1\"", true)]
    [InlineData("tag(\"env\") == \"prod\"", true)]
    [InlineData("tag(\"ENV\") == \"prod\"", true)]
    [InlineData("tag(\"job\") == \"a=b\"", true)]
    [InlineData("tag(\"flag\") == \"true\"", true)]
    [InlineData("tag(\"tier\") == \"\"", true)]
    [InlineData("tag(\"none\") == \"\"", true)]
    [InlineData("tag(\"en\") == \"prod\"", false)]
    [InlineData("model == \"sonnet\"", true)]
    [InlineData("model == \"anthropic/claude-sonnet-4.6\"", true)]
    [InlineData("model != \"anthropic/claude-sonnet-4.6\"", false)]
    [InlineData("model matches \"anthropic/*\"", true)]
    [InlineData("model matches \"openai/*\"", false)]
    [InlineData("input_tokens == 8000", true)]
    [InlineData("input_tokens != 8_000", false)]
    [InlineData("input_tokens < 8000", false)]
    [InlineData("input_tokens <= 8k", true)]
    [InlineData("input_tokens > 7999", true)]
    [InlineData("input_tokens >= 0.01m", false)]
    [InlineData("input_tokens in [1, 8000]", true)]
    [InlineData("output_tokens in [1, 2]", false)]
    [InlineData("tools", true)]
    [InlineData("tools == false", false)]
    [InlineData("tools != false", true)]
    [InlineData("tools in [true, false]", true)]
    [InlineData("images or documents", false)]
    [InlineData("stream and not images", true)]
    [InlineData("hour == 8", true)]
    [InlineData("time == 08:30", true)]
    [InlineData("time in 08:30..08:31", true)]
    [InlineData("time in 08:00..08:30", false)]
    [InlineData("time in 22:00..08:31", true)]
    [InlineData("time not in 22:00..08:31", false)]
    [InlineData("time in 09:00..08:30", false)]
    [InlineData("time < 8:31", true)]
    [InlineData("weekday == \"wed\"", true)]
    [InlineData("weekday in [\"sat\", \"sun\"]", false)]
    [InlineData("true", true)]
    [InlineData("not true", false)]
    [InlineData("!!true", true)]
    [InlineData("false and false or true", true)]
    [InlineData("true or false and false", true)]
    [InlineData("(true or false) and false", false)]
    [InlineData("not false and false", false)]
    [InlineData("tools&&stream||images", true)]
    [InlineData("TOOLS AND Client == \"claude-code\"", true)]
    [InlineData("canary(100%)", true)]
    [InlineData("canary(0)", false)]
    public void Expression_OfOneRequest_Holds(string when, bool holds)
    {
        var (request, at) = RulesPage.Read(Line);

        Assert.Equal(holds, Table(when).Match(request, at) is not null);
    }

    // A request without a limit is neither below nor above one.
    [Theory]
    [InlineData("output_tokens < 100", false)]
    [InlineData("output_tokens >= 0", false)]
    [InlineData("output_tokens in [0]", false)]
    [InlineData("output_tokens != 100", true)]
    [InlineData("role == \"\"", true)]
    [InlineData("role != \"background\"", true)]
    [InlineData("team == \"\" and client == \"\" and tag(\"x\") == \"\"", true)]
    [InlineData("model == \"no/such\"", true)]
    public void Expression_OfWhatIsNotThere_IsEmptyOrFalse(string when, bool holds)
    {
        var (request, at) = RulesPage.Read("model=no/such");

        Assert.Equal(holds, Table(when).Match(request, at) is not null);
    }

    [Fact]
    public void Time_InAnotherZone_IsReadInUtc()
    {
        var (request, _) = RulesPage.Read("");
        var inTokyo = new DateTimeOffset(2026, 11, 23, 7, 30, 0, TimeSpan.FromHours(9));

        Assert.NotNull(Table("weekday == \"sun\" and time in 22:00..23:00").Match(request, inTokyo));
    }

    [Fact]
    public void Expression_Asked_AllocatesNothing()
    {
        const string When = "client in [\"a\", \"b\"] or tag(\"job\") matches \"x*\" or input_tokens > 1m or not tools or time in 22:00..23:00 or weekday == \"sun\" or canary(0.01) or user != \"dev1\"";
        var (request, at) = RulesPage.Read(Line);
        Assert.NotNull(RuleExpression.Compile(When, "seed", out _, out _));
        var table = Table(When);
        Assert.Null(table.Match(request, at));

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1000; i++)
        {
            table.Match(request, at);
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Theory]
    [InlineData("clinet == \"a\" and inputtokens > 5 and role == \"mian\"", "1 \"clinet\"|19 \"inputtokens\"|47 \"mian\"")]
    [InlineData("input_tokens == \"x\" or tools == 3", "17 \"x\"|33 3")]
    [InlineData("time == 8 or hour == 08:00 or input_tokens > 1.5", "9 8|22 08:00|46 1.5")]
    [InlineData("client > \"a\"", "8 >")]
    [InlineData("hour matches \"a\"", "14 \"a\"")]
    [InlineData("client matches [3]", "17 3")]
    [InlineData("client in \"a\"", "11 \"a\"")]
    [InlineData("client in []", "12 ]")]
    [InlineData("client ==", "10 the end")]
    [InlineData("client == \"a", "11 a text without an end")]
    [InlineData("\"a\" == client", "1 \"a\"")]
    [InlineData("tools tools", "7 \"tools\"")]
    [InlineData("tools)", "6 )")]
    [InlineData("not", "4 the end")]
    [InlineData("", "1 the end")]
    [InlineData("tag(env) == \"a\"", "5 \"env\"")]
    [InlineData("tag == \"a\"", "5 ==")]
    [InlineData("tagg(\"a\") == \"b\"", "1 \"tagg\"")]
    [InlineData("canary()", "8 )")]
    [InlineData("canary(0.001)", "8 0.001")]
    [InlineData("input_tokens > 5x", "16 \"5x\"")]
    [InlineData("input_tokens > -5", "16 \"-\"")]
    [InlineData("time in 08:00..", "16 the end")]
    [InlineData("client in 08:00..09:00", "11 08:00|18 09:00")]
    public void Expression_Wrong_IsToldWithColumnAndFound(string when, string expected)
    {
        var condition = RuleExpression.Compile(when, "seed", out _, out var errors);

        Assert.Null(condition);
        Assert.Equal(expected, string.Join('|', errors.Select(error => $"{error.Column} {error.Found}")));
        Assert.All(errors, error => Assert.NotEmpty(error.Message));
    }

    [Fact]
    public void Expression_TooLongOrTooDeep_IsRefused()
    {
        Assert.Contains("at most 4096", Error(new string('x', 4097)), StringComparison.Ordinal);
        Assert.Contains("at most 32 levels", Error(new string('(', 4000)), StringComparison.Ordinal);
        Assert.Contains("at most 32 levels", Error(string.Concat(Enumerable.Repeat("not ", 1000)) + "true"), StringComparison.Ordinal);
        Assert.Contains("at most 256 values", Error($"hour in [{string.Join(',', Enumerable.Repeat('1', 257))}]"), StringComparison.Ordinal);
    }

    private static string Error(string when)
    {
        Assert.Null(RuleExpression.Compile(when, "seed", out _, out var errors));
        return Assert.Single(errors).Message;
    }

    private static RuleTable Table(string when)
    {
        var condition = RuleExpression.Compile(when, "seed", out var reads, out var errors);
        Assert.Empty(errors.Select(error => error.ToString()));
        return new RuleTable([new Rule("r", when, condition!, ["x/one"])], Catalogue, reads);
    }

    private static readonly CatalogueTable Catalogue = Configs.Good("aliases: { sonnet: anthropic/claude-sonnet-4.6 }").Catalogue;
}
