using System.Globalization;
using System.Text;
using System.Text.Json;
using Sluice.Simulator;
using Sluice.Testing;
using Xunit;

namespace Sluice.EndToEnd.Tests;

/// <summary>F24: after a kill nothing is held of a budget, and what is spent of it is what the ledger says, the attempt that was under way included.</summary>
public sealed class BudgetsAfterKillTests
{
    [Fact]
    public async Task F24_KilledWithARequestUnderWay_NothingIsHeld_AndTheLedgersSumIsSpent()
    {
        using var data = new TemporaryFolder();
        await using var provider = await SimulatorHost.StartAsync(new SimulatorOptions());
        var options = new SluiceOptions
        {
            DataFolder = data.Path,
            Config = $$"""
                providers: [{ name: only, kind: anthropic, base_url: "{{provider.Address}}", api_keys: [key-of-only-0123456789] }]
                models: [{ id: m, endpoints: [{ provider: only, model: m, price: { input: 1000, output: 1000 } }] }]
                """,
        };
        string key;
        await using (var killed = await SluiceProcess.StartAsync(options))
        {
            key = killed.ClientKey;
            var set = await killed.CommandAsync("budgets", "set", "--scope", "organization", "--usd", "50", "--per", "month", "--hard");
            Assert.True(set.ExitCode == 0, set.ToString());
            Assert.Equal(200, await AskAsync(killed, key));

            provider.Script.Enqueue(Fault.Of(FaultKind.Stall, FaultPlace.BeforeHeaders));
            var asking = AskAsync(killed, key);
            await provider.Record.WaitForAsync(request => request.Fault is not null, TimeSpan.FromSeconds(10));

            // Ten dollars for 10,000 tokens of output, and those of the input.
            var held = Assert.Single(await BudgetsAsync(killed));
            Assert.InRange(Usd(held, "reserved_usd"), 10m, 11m);
            Assert.True(Usd(held, "spent_usd") > 0);
            await killed.KillAsync();
            Assert.Equal(0, await asking);
        }

        await using var after = await SluiceProcess.StartAsync(options);
        var budget = Assert.Single(await BudgetsAsync(after));
        Assert.Equal((0m, true), (Usd(budget, "reserved_usd"), budget.GetProperty("hard").GetBoolean()));
        var report = await after.CommandAsync("report", "--by", "cause", "--json");
        var rows = JsonDocument.Parse(report.Output).RootElement.GetProperty("rows").EnumerateArray().ToList();
        Assert.Contains(rows, row => row.GetProperty("cause").GetString() == "abandoned" && row.GetProperty("cost_nano_usd").GetInt64() > 0);
        Assert.Equal(rows.Sum(row => row.GetProperty("cost_nano_usd").GetInt64()) / 1_000_000_000m, Usd(budget, "spent_usd"));
        Assert.Equal(200, await AskAsync(after, key));
    }

    private static async Task<List<JsonElement>> BudgetsAsync(SluiceProcess sluice)
    {
        var listed = await sluice.CommandAsync("budgets", "list", "--json");
        return [.. JsonDocument.Parse(listed.Output).RootElement.GetProperty("budgets").EnumerateArray()];
    }

    private static decimal Usd(JsonElement budget, string member) => decimal.Parse(budget.GetProperty(member).GetString()!, CultureInfo.InvariantCulture);

    // The status; 0 where the process died.
    private static async Task<int> AskAsync(SluiceProcess sluice, string key)
    {
        using var client = sluice.CreateClient(key);
        using var content = new StringContent("""{"model":"m","max_tokens":10000,"messages":[{"role":"user","content":"hi"}]}""", Encoding.UTF8, "application/json");
        try
        {
            using var answer = await client.PostAsync(new Uri("/v1/messages", UriKind.Relative), content);
            return (int)answer.StatusCode;
        }
        catch (HttpRequestException)
        {
            return 0;
        }
    }
}
