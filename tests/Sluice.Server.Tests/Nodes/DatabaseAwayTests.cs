using System.Text.Json;
using Sluice.Server.Tests.Kit;

namespace Sluice.Server.Tests.Nodes;

/// <summary>While the database is away nodes serve with what they know, and refuse what needs it in plain words.</summary>
public sealed class DatabaseAwayTests
{
    private const string Config = """
        routing: { retries: 0 }
        providers:
          - { name: a, kind: openai, base_url: "{A}/v1", api_keys: [key-of-a-0123456789] }
        models:
          - { id: m, endpoints: [{ provider: a, model: m, price: { input: 3, output: 15 } }] }
        """;

    [Fact]
    public async Task DatabaseStopped_TrafficGoesOn_ChangesAre503_AndAfterItsReturnEverythingWorks()
    {
        await using var nodes = await TwoNodes.StartAsync(Config, ownDatabase: true);
        var key = await nodes.A.KeyOfAsync("dev1");
        await GatewayUnderTest.UntilAsync(async () => await SharedSettingsTests.StatusAsync(nodes.B, key) == 200, "B takes the key");
        Assert.Equal("ready", (await ReadyAsync(nodes.A)).GetProperty("status").GetString());

        await nodes.Database.StopAsync();
        foreach (var node in new[] { nodes.A, nodes.B })
        {
            await GatewayUnderTest.UntilAsync(async () => (await ReadyAsync(node)).GetProperty("status").GetString() == "degraded", "the node knows that the database is away");
            Assert.Contains("cannot be reached", (await ReadyAsync(node)).GetProperty("reason").GetString(), StringComparison.Ordinal);
            for (var i = 0; i < 5; i++)
            {
                Assert.Equal(200, await SharedSettingsTests.StatusAsync(node, key));
            }

            foreach (var (method, path, body) in Changes)
            {
                var answer = await node.AdminAsync(new HttpMethod(method), path, body);
                Assert.True(answer.Status == 503, $"{method} {path}: {answer.Status} {answer.Text}");
                Assert.Contains("store", answer.Json.GetProperty("error").GetProperty("message").GetString(), StringComparison.Ordinal);
                Assert.DoesNotContain("secret-of-tests", answer.Text, StringComparison.Ordinal);
            }

            Assert.Equal(JsonValueKind.String, (await node.AskAdminAsync("/admin/api/status")).GetProperty("store_away_since").ValueKind);
        }

        await nodes.Database.StartAgainAsync();
        foreach (var node in new[] { nodes.A, nodes.B })
        {
            await GatewayUnderTest.UntilAsync(async () => (await ReadyAsync(node)).GetProperty("status").GetString() == "ready", "the node knows that the database is back");
        }

        var another = await nodes.B.KeyOfAsync("dev2");
        await GatewayUnderTest.UntilAsync(async () => await SharedSettingsTests.StatusAsync(nodes.A, another) == 200, "A takes what was made after the outage");

        // Of each node five during the outage and one before it, less what is taken off above; a key that is not known yet reaches no provider.
        var asked = nodes.A.A.Record.Requests.Count(request => request.Model == "m") - 1;
        Assert.InRange(asked, 11, 100);
        await GatewayUnderTest.UntilAsync(async () => await RequestsOfAsync(nodes.A, "dev1") == asked, "the ledger has what was asked during the outage");
    }

    [Fact]
    public async Task Status_ShowsTheNodes_AndWhoHasStoppedIsGone()
    {
        await using var nodes = await TwoNodes.StartAsync(Config);
        var shown = (await nodes.B.AskAdminAsync("/admin/api/status")).GetProperty("nodes").EnumerateArray().ToList();
        Assert.Equal([false, true], shown.Select(node => node.GetProperty("is_this").GetBoolean()));
        Assert.All(shown, node => Assert.Equal(Environment.MachineName, node.GetProperty("host").GetString()));

        await nodes.A.Server.DisposeAsync();
        await GatewayUnderTest.UntilAsync(async () => await TwoNodes.NodesSeenAsync(nodes.B) == 1, "B knows that A is gone");
    }

    private static readonly (string Method, string Path, string? Body)[] Changes =
    [
        ("POST", "/admin/api/keys", """{"user":"dev3"}"""),
        ("GET", "/admin/api/keys", null),
        ("DELETE", "/admin/api/keys/key-1", null),
        ("POST", "/admin/api/users", """{"name":"dev3"}"""),
        ("PUT", "/admin/api/limits/user:dev1", """{"rpm":1}"""),
        ("PUT", "/admin/api/budgets", """{"scope":"user:dev1","per":"day","usd":1}"""),
    ];

    private static async Task<int> RequestsOfAsync(GatewayUnderTest node, string user)
    {
        var report = await node.AskAdminAsync("/admin/api/report?by=user");
        return report.GetProperty("rows").EnumerateArray().Where(row => row.GetProperty("user").GetString() == user).Sum(row => row.GetProperty("requests").GetInt32());
    }

    private static async Task<JsonElement> ReadyAsync(GatewayUnderTest node)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/readyz");
        var answer = await node.SendAsync(request);
        Assert.Equal(200, answer.Status);
        return answer.Json;
    }
}
