using Sluice.Server.Tests.Kit;
using Sluice.Testing;

namespace Sluice.Server.Tests.Budgets;

/// <summary>Budgets set while Sluice runs: they count at once and with what was spent before, outlive a restart, and bad ones are refused with what to change.</summary>
public sealed class BudgetsApiTests
{
    [Fact]
    public async Task ABudget_CountsAtOnce_WithWhatWasSpentBefore_AndAfterARestart()
    {
        var time = new ManualTimeProvider();
        await using var gateway = await BudgetedGateway.StartAsync(time: time);
        Assert.Equal(200, (await gateway.PostAsync(Wire.Chat, BudgetedGateway.Ask(Wire.Chat, 100))).Status);
        var before = await gateway.LedgerAsync();
        Assert.True(before > 0);
        await gateway.SetBudgetAsync("user:admin", "1000", per: "week");
        Assert.Equal((Usd(before), Usd(0), Usd(1000 - before)), await gateway.AmountsAsync());

        Assert.Equal(200, (await gateway.PostAsync(Wire.Chat, BudgetedGateway.Ask(Wire.Chat, 100))).Status);
        var after = await gateway.LedgerAsync();
        Assert.Equal((Usd(after), Usd(0), Usd(1000 - after)), await gateway.AmountsAsync());

        await gateway.RestartAsync();
        Assert.Equal((Usd(after), Usd(0), Usd(1000 - after)), await gateway.AmountsAsync());

        // 2026-01-01 is a Thursday: on Monday the 5th the week's money is there again.
        time.Advance(TimeSpan.FromHours(84));
        Assert.Equal((Usd(0), Usd(0), Usd(1000)), await gateway.AmountsAsync());
    }

    [Fact]
    public async Task ABudget_IsListed_Replaced_AndGoneWhenRemoved()
    {
        await using var gateway = await BudgetedGateway.StartAsync(time: new ManualTimeProvider());
        var set = await gateway.BudgetsAsync(HttpMethod.Put, """{"scope":"team:core","per":"month","usd":12.345678901,"hard":true}""");
        var changed = set.Json.GetProperty("changed_at").GetString();
        Assert.Equal(
            $$"""{"scope":"team:core","per":"month","hard":true,"usd":"12.345678901","spent_usd":"0.000000000","reserved_usd":"0.000000000","left_usd":"12.345678901","percent_spent":0,"since":"2026-01-01T00:00:00+00:00","until":"2026-02-01T00:00:00+00:00","changed_at":"{{changed}}"}""",
            set.Text);
        await gateway.SetBudgetAsync("team:core", "1", hard: false, per: "month");
        await gateway.SetBudgetAsync("team:core", "2", per: "day");
        var listed = (await gateway.BudgetsAsync(HttpMethod.Get)).Json.GetProperty("budgets").EnumerateArray().Select(one => (one.GetProperty("per").GetString(), one.GetProperty("usd").GetString(), one.GetProperty("hard").GetBoolean()));
        Assert.Equal([("day", "2.000000000", true), ("month", "1.000000000", false)], listed);
        Assert.Equal(200, (await gateway.BudgetsAsync(HttpMethod.Delete, query: "?scope=team:core&per=day")).Status);
        Assert.Equal(404, (await gateway.BudgetsAsync(HttpMethod.Delete, query: "?scope=team:core&per=day")).Status);
        Assert.Equal(200, (await gateway.BudgetsAsync(HttpMethod.Delete, query: "?scope=team:core&per=month")).Status);
        Assert.False(gateway.Server.Budgets.IsOn);
    }

    [Theory]
    [InlineData("""{"scope":"model:m/one","per":"day","usd":1}""", "'model:m/one' is no scope of a budget. Allowed: key:ID, user:NAME, team:NAME, project:NAME or organization.")]
    [InlineData("""{"scope":"user:dev1","per":"year","usd":1}""", "per is 'year'; allowed: day, week or month.")]
    [InlineData("""{"scope":"user:dev1","per":"day"}""", "usd is missing: the amount, a number from 0 to 1000000000.")]
    [InlineData("""{"scope":"user:dev1","per":"day","usd":-1}""", "usd is -1; allowed: a number from 0 to 1000000000 with at most nine decimal places.")]
    [InlineData("""{"scope":"user:dev1","per":"day","usd":0.0000000001}""", "usd is 0.0000000001; allowed: a number from 0 to 1000000000 with at most nine decimal places.")]
    public async Task BadBudgets_AreRefused_WithWhatIsAllowed(string body, string message)
    {
        await using var gateway = await BudgetedGateway.StartAsync();
        var answer = await gateway.BudgetsAsync(HttpMethod.Put, body);
        Assert.Equal((400, message), (answer.Status, answer.Json.GetProperty("error").GetProperty("message").GetString()));
        Assert.False(gateway.Server.Budgets.IsOn);
    }

    [Theory]
    [InlineData("0.01", true, null)]
    [InlineData("0.0001", false, "user:admin per day; spent=")]
    public async Task FromHalfOfItOn_AnswersSayHowABudgetStands(string usd, bool hard, string? begins)
    {
        // The second request is the first that knows what the first one cost.
        await using var gateway = await BudgetedGateway.StartAsync();
        await gateway.SetBudgetAsync("user:admin", hard ? "100000" : usd, hard);
        await gateway.PostAsync(Wire.Chat, BudgetedGateway.Ask(Wire.Chat, 100));
        var header = (await gateway.PostAsync(Wire.Chat, BudgetedGateway.Ask(Wire.Chat, 100))).Header("x-sluice-budget");
        Assert.Equal(begins, begins is null ? header : header?[..begins.Length]);
    }

    [Fact]
    public async Task StatusWarns_OfABudgetNearItsEnd()
    {
        await using var gateway = await BudgetedGateway.StartAsync();
        await gateway.SetBudgetAsync("user:admin", "0.01", hard: false);
        await gateway.PostAsync(Wire.Chat, BudgetedGateway.Ask(Wire.Chat, 100));
        await GatewayUnderTest.UntilAsync(() => gateway.Server.Budgets.Open == 0, "settled");

        // Six tokens of a thousandth of a dollar each.
        Assert.Contains("\"The soft budget of user:admin per day is spent to 60 percent.\"", (await gateway.AskAdminAsync("/admin/api/status")).GetProperty("warnings").GetRawText(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task ExplainShowsWhatWasHeld_AndAskingBeforehandWhatIsLeft()
    {
        await using var gateway = await BudgetedGateway.StartAsync();
        await gateway.SetBudgetAsync("user:admin", "0.5");
        var answer = await gateway.PostAsync(Wire.Chat, BudgetedGateway.Ask(Wire.Chat, 100));
        Assert.Equal(
            """[{"attempt":1,"budget":"user:admin per day","hard":true,"reserved_usd":"0.100000000","left_usd":"0.400000000"}]""",
            (await gateway.SettledTrailAsync(answer.Id)).GetProperty("plan").GetProperty("budgets").GetRawText());

        // The answer had six tokens.
        var plan = (await gateway.PostAsync(Wire.Chat, BudgetedGateway.Ask(Wire.Chat, 100), ("x-sluice-explain", "1"))).Json;
        Assert.Contains("""{"whose":"user:admin","what":"budget_usd_per_day","most":0.5,"left":0.494}""", plan.GetProperty("limits").GetRawText(), StringComparison.Ordinal);
    }

    private static string Usd(decimal usd) => usd.ToString("0.000000000", System.Globalization.CultureInfo.InvariantCulture);
}
