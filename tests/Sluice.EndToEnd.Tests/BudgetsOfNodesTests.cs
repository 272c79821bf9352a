using System.Globalization;
using System.Text;
using System.Text.Json;
using Sluice.Simulator;
using Sluice.Testing;
using Xunit;

namespace Sluice.EndToEnd.Tests;

/// <summary>F24 over two nodes: one is killed with a request under way. What it holds counts on the other; when it starts again, what its journal says is charged once, and nothing is held.</summary>
public sealed class BudgetsOfNodesTests
{
    [Fact]
    public async Task F24_OneOfTwoNodesKilled_CountsInFullUntilItsJournalSpeaks_AndThenOnce()
    {
        Assert.SkipWhen(PostgresServer.WhyMissing is not null, PostgresServer.WhyMissing ?? "");
        var database = await (await PostgresServer.SharedAsync()).CreateDatabaseAsync();
        using var data = new TemporaryFolder();
        await using var provider = await SimulatorHost.StartAsync(new SimulatorOptions());
        var options = new SluiceOptions
        {
            DataFolder = data.Path,
            Config = $$"""
                storage: "{{database}}"
                providers: [{ name: only, kind: anthropic, base_url: "{{provider.Address}}", api_keys: [key-of-only-0123456789] }]
                models: [{ id: m, endpoints: [{ provider: only, model: m, price: { input: 1000, output: 1000 } }] }]
                """,
        };
        var key = "";
        await using var other = await StartBothAsync();
        async Task<SluiceProcess> StartBothAsync()
        {
            await using var killed = await SluiceProcess.StartAsync(options);
            key = killed.ClientKey;
            var beside = await SluiceProcess.StartAsync(options with { DataFolder = null });
            var set = await killed.CommandAsync("budgets", "set", "--scope", "organization", "--usd", "50", "--per", "month", "--hard");
            Assert.True(set.ExitCode == 0, set.ToString());
            await UntilAsync(async () => (await BudgetsAsync(beside)).Count == 1);
            Assert.Equal(200, await AskAsync(killed, key, 10_000));
            Assert.Equal(200, await AskAsync(beside, key, 10_000));

            provider.Script.Enqueue(Fault.Of(FaultKind.Stall, FaultPlace.BeforeHeaders));
            var asking = AskAsync(killed, key, 10_000);
            await provider.Record.WaitForAsync(request => request.Fault is not null, TimeSpan.FromSeconds(10));
            await UntilAsync(async () => Usd(Assert.Single(await BudgetsAsync(beside)), "reserved_usd") is >= 10 and < 11);
            await killed.KillAsync();
            Assert.Equal(0, await asking);
            return beside;
        }

        // Forty dollars are there, but for what was spent: not 45.
        Assert.Equal(402, await AskAsync(other, key, 45_000));
        Assert.Equal(200, await AskAsync(other, key, 30_000));

        await using var again = await SluiceProcess.StartAsync(options);
        var report = await again.CommandAsync("report", "--by", "cause", "--json");
        var rows = JsonDocument.Parse(report.Output).RootElement.GetProperty("rows").EnumerateArray().ToList();
        Assert.Contains(rows, row => row.GetProperty("cause").GetString() == "abandoned" && row.GetProperty("cost_nano_usd").GetInt64() > 0);
        var spent = rows.Sum(row => row.GetProperty("cost_nano_usd").GetInt64()) / 1_000_000_000m;
        foreach (var node in (SluiceProcess[])[again, other])
        {
            await UntilAsync(async () => Assert.Single(await BudgetsAsync(node)) is var budget && Usd(budget, "spent_usd") == spent && Usd(budget, "reserved_usd") == 0);
        }

        Assert.Equal(200, await AskAsync(other, key, 45_000));
    }

    private static async Task UntilAsync(Func<Task<bool>> condition)
    {
        for (var look = 0; !await condition(); look++)
        {
            Assert.True(look < 40, "Not within ten seconds.");
            await Task.Delay(TimeSpan.FromMilliseconds(250)); // The command line is asked again: nothing tells when a node has heard of another.
        }
    }

    private static async Task<List<JsonElement>> BudgetsAsync(SluiceProcess sluice)
    {
        var listed = await sluice.CommandAsync("budgets", "list", "--json");
        return [.. JsonDocument.Parse(listed.Output).RootElement.GetProperty("budgets").EnumerateArray()];
    }

    private static decimal Usd(JsonElement budget, string member) => decimal.Parse(budget.GetProperty(member).GetString()!, CultureInfo.InvariantCulture);

    // The status; 0 where the process died.
    private static async Task<int> AskAsync(SluiceProcess sluice, string key, int tokens)
    {
        using var client = sluice.CreateClient(key);
        using var content = new StringContent($$"""{"model":"m","max_tokens":{{tokens}},"messages":[{"role":"user","content":"hi"}]}""", Encoding.UTF8, "application/json");
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
