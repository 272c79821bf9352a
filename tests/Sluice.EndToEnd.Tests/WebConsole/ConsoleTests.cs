using System.Text.Json;
using Sluice.EndToEnd.Tests.RealClients;
using Xunit;

namespace Sluice.EndToEnd.Tests.WebConsole;

/// <summary>The console in a real browser over a real Sluice. What the pages do is in <c>tests/clients/console.mjs</c>; what they should show is here.</summary>
[Trait("Category", Installed.Category)]
public sealed class ConsoleTests(ConsoleGateway gateway) : IClassFixture<ConsoleGateway>
{
    [Fact]
    public async Task A22_SignIn_TakesTheAdminKeyAlone_AndLeavesItInThisTabOnly()
    {
        var seen = await gateway.BrowseAsync("signIn");

        Assert.Equal("This is not the admin key. A client key (sk-sluice-…) does not open the console.", seen.GetProperty("wrong").GetString());
        Assert.Equal(0, seen.GetProperty("cookies").GetArrayLength());
        Assert.Equal("{}", seen.GetProperty("local").GetString());
        Assert.EndsWith("/console/", seen.GetProperty("address").GetString(), StringComparison.Ordinal);
        Assert.Equal(0, seen.GetProperty("afterSignOut").GetInt32());
    }

    [Fact]
    public async Task A22_Models_ShowPricesAndWindowsAsConfigured()
    {
        var seen = await gateway.BrowseAsync("models");

        Assert.Equal(["sim/echo", "sim/tools", "sim/think", "acme/gone"], Column(seen, "all", "Model"));
        var gone = Assert.Single(seen.GetProperty("found").EnumerateArray());
        Assert.Equal(("acme/gone", "gone", "$1.5", "$2"), (Text(gone, "Model"), Text(gone, "Provider"), Text(gone, "Input"), Text(gone, "Output")));
    }

    [Fact]
    public async Task A22_Key_CreatedAndRevoked_IsShownOnceAndOpensNothingAfterwards()
    {
        var seen = await gateway.BrowseAsync("keys");

        Assert.Equal("sk-sluice-…", seen.GetProperty("secretShape").GetString());
        Assert.Equal(200, seen.GetProperty("opens").GetInt32());
        var created = Assert.Single(seen.GetProperty("created").EnumerateArray());
        Assert.Equal(("laptop", "all", "valid"), (Text(created, "Name"), Text(created, "Models"), Text(created, "State")));
        Assert.False(seen.GetProperty("shownAgain").GetBoolean());
        Assert.Equal(["revoked"], Column(seen, "revoked", "State"));
        Assert.Equal(403, seen.GetProperty("closed").GetInt32());
    }

    // The simulator charges 1 USD for a million tokens of input and 5 for output; each request had 11 and 3.
    [Fact]
    public async Task A22_Usage_OfTwoRequests_IsExactAndDrawn_AndTheAppIsRanked()
    {
        var seen = await gateway.BrowseAsync("usage");

        Assert.Equal("$0.000052 for 4 requests, 3 attempts.", seen.GetProperty("total").GetString());
        var spent = seen.GetProperty("spent").EnumerateArray().Single(row => Text(row, "model") == "sim/echo");
        Assert.Equal(("2", "22", "6", "$0.000052"), (Text(spent, "Requests"), Text(spent, "Input tokens"), Text(spent, "Output tokens"), Text(spent, "USD")));
        Assert.Equal(Column(seen, "spent", "USD").Order(), Column(seen, "daily", "USD").Order());
        var app = Assert.Single(seen.GetProperty("apps").EnumerateArray());
        Assert.Equal(("claude-code", "1", "100.00 %"), (Text(app, "App"), Text(app, "Rank"), Text(app, "Share")));
        Assert.Equal("sim/echo", Column(seen, "models", "Model").First());
    }

    [Fact]
    public async Task A22_FailedRequest_Explained_SaysWhoseFaultAndWhatNow()
    {
        var seen = await gateway.BrowseAsync("explain");

        Assert.Equal([ConsoleGateway.HostileName, "acme/gone", "sim/echo", "sim/echo"], Column(seen, "newest", "Model"));
        Assert.Equal(0, seen.GetProperty("images").GetInt32());
        Assert.Equal([ConsoleGateway.HostileName, "acme/gone"], Column(seen, "failed", "Model"));
        Assert.Contains("connection refused", seen.GetProperty("cause").GetString(), StringComparison.Ordinal);
        Assert.Equal("the network between Sluice and the provider", seen.GetProperty("fault").GetString());
        Assert.StartsWith("Check that 'gone' is reachable from here", seen.GetProperty("remedy").GetString(), StringComparison.Ordinal);
        Assert.Equal(["ok", "ok", "fail network", "ok"], Column(seen, "steps", "Verdict"));
        Assert.Equal(["1. gone"], Column(seen, "attempts", "Attempt"));
        Assert.All(Column(seen, "checks", "Verdict"), verdict => Assert.Contains(verdict, (string[])["ok", "warn", "fail"]));
        Assert.Contains(seen.GetProperty("calls").EnumerateArray(), text => text.GetString() == "0 of 3");
        Assert.Equal(["connection × 1"], Column(seen, "unwell", "Failures, last 5 min"));
    }

    [Fact]
    public async Task A22_Limits_SetAndRemoved_StandInTheListAndGo()
    {
        var seen = await gateway.BrowseAsync("limits");

        var ada = Assert.Single(seen.GetProperty("set").EnumerateArray());
        Assert.Equal(("user:ada", "6,000", "no limit", "2"), (Text(ada, "Scope"), Text(ada, "Requests a minute"), Text(ada, "Requests a day"), Text(ada, "At once")));
    }

    [Fact]
    public async Task A22_Keyboard_AloneSignsInAndReachesAPage()
    {
        var seen = await gateway.BrowseAsync("keyboard");

        Assert.Equal("To the content", seen.GetProperty("first").GetString());
        Assert.Equal("Keys", seen.GetProperty("focus").GetString());
    }

    [Fact]
    public async Task A22_EveryPage_InLightAndDark_BreaksNoRuleOfAccessibilityThatAProgramCanCheck()
    {
        var seen = await gateway.BrowseAsync("accessibility");

        Assert.Equal([], seen.GetProperty("found").EnumerateArray().Select(fault => fault.GetString()!));
    }

    [Fact]
    public async Task A22_SluiceUnreachableOrItsKeyChanged_IsSaidWithAWayBack()
    {
        var seen = await gateway.BrowseAsync("unreachable");

        Assert.StartsWith("Sluice did not answer.", seen.GetProperty("told").GetString(), StringComparison.Ordinal);
        Assert.Equal("The admin key is not taken any more. Sign in with the present one.", seen.GetProperty("signedOut").GetString());
    }

    [Fact]
    public async Task A22_Amounts_KeepEveryDigit_AndDaysWithoutAnyAreNotLeftOut()
    {
        var seen = await gateway.BrowseAsync("formats");

        Assert.Equal(["$0.00", "$12.50", "$1,234,567.000000001", "-$3.10", "–"], List(seen, "usd"));
        Assert.Equal(["$0.00", "$0.000000001", "$1.500000007", "$9,007,199.254740991"], List(seen, "usdOfNano"));
        Assert.Equal(["unknown", "$0", "$0.075", "$15"], List(seen, "rate"));
        Assert.Equal(["0", "999", "1,000", "1,234,567", "–"], List(seen, "count"));
        Assert.Equal(["100.00 %", "99.99 %", "50.00 %", "0.00 %", "–"], List(seen, "percent"));
        Assert.Equal(
            ["a: $0.000000001 $0.00 $2.000000001", .. new[] { "b", "c", "d", "e", "f" }.Select(user => user + ": $0.00 $0.00 $0.00"), "none: $0.00 $0.00 $0.000000005", "others: $0.00 $0.00 $0.000000007"],
            List(seen, "bars"));
        Assert.Equal(["2026-02-27", "2026-02-28", "2026-03-01"], List(seen, "days"));
        Assert.Equal(["0 ms", "999 ms", "1.23 s", "–"], List(seen, "duration"));
    }

    private static string? Text(JsonElement row, string column) => row.GetProperty(column).GetString();

    private static IEnumerable<string?> Column(JsonElement seen, string table, string column) => seen.GetProperty(table).EnumerateArray().Select(row => Text(row, column));

    private static IEnumerable<string?> List(JsonElement seen, string name) => seen.GetProperty(name).EnumerateArray().Select(value => value.GetString());
}
