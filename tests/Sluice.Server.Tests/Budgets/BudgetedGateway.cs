using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Sluice.Server.Tests.Kit;
using Sluice.Simulator;

namespace Sluice.Server.Tests.Budgets;

/// <summary>A gateway whose models cost round sums: input nothing, output a thousandth of a dollar a token.</summary>
internal static class BudgetedGateway
{
    public static Task<GatewayUnderTest> StartAsync(string kind = "openai", TimeProvider? time = null, string more = "", SimulatorOptions? options = null) =>
        GatewayUnderTest.StartAsync(
            $$"""
            routing: { retries: 0, affinity: none }
            {{more}}
            providers:
              - { name: a, kind: {{kind}}, base_url: "{A}{{(kind is "openai" or "openai-responses" ? "/v1" : "")}}", api_keys: [ka] }
            models:
              - { id: "m/one", context: 1000000, max_output: 1000000, endpoints: [{ provider: a, model: one, price: { input: 0, output: 1000 } }] }
              - { id: "m/unpriced", endpoints: [{ provider: a, model: two }] }
            """,
            options,
            time: time);

    /// <summary>A request with a limit of its output, or with none.</summary>
    public static ClientRequest Ask(Wire wire, int? limit, bool stream = false, string model = "m/one")
    {
        var body = Wires.Of(wire).Request(model, "hi", stream, tool: false, usage: true);
        body.Remove("max_tokens");
        body.Remove("max_output_tokens");
        body.Remove("generationConfig");
        if (limit is { } tokens)
        {
            Wires.Of(wire).LimitTokens(body, tokens);
        }

        return new ClientRequest(Wires.PathOf(wire, model, stream), body.ToJsonString());
    }

    public static async Task<ClientAnswer> BudgetsAsync(this GatewayUnderTest gateway, HttpMethod method, string body = "", string query = "")
    {
        using var request = new HttpRequestMessage(method, "/admin/api/budgets" + query);
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", GatewayUnderTest.AdminKey);
        request.Content = body.Length == 0 ? null : new StringContent(body, Encoding.UTF8, "application/json");
        return await gateway.SendAsync(request);
    }

    public static async Task SetBudgetAsync(this GatewayUnderTest gateway, string scope, string usd, bool hard = true, string per = "day")
    {
        var answer = await gateway.BudgetsAsync(HttpMethod.Put, $$"""{"scope":"{{scope}}","per":"{{per}}","usd":{{usd}},"hard":{{(hard ? "true" : "false")}}}""");
        Assert.True(answer.Status == 200, answer.Text);
    }

    /// <summary>What the only budget has spent, holds and has left.</summary>
    public static async Task<(string Spent, string Reserved, string Left)> AmountsAsync(this GatewayUnderTest gateway)
    {
        var budget = Assert.Single((await gateway.BudgetsAsync(HttpMethod.Get)).Json.GetProperty("budgets").EnumerateArray());
        return (Text(budget, "spent_usd"), Text(budget, "reserved_usd"), Text(budget, "left_usd"));
    }

    /// <summary>What the ledger says that all attempts together cost, in dollars.</summary>
    public static async Task<decimal> LedgerAsync(this GatewayUnderTest gateway)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/admin/api/report?by=user&since=2000-01-01&until=2100-01-01");
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", GatewayUnderTest.AdminKey);
        var report = (await gateway.SendAsync(request)).Json;
        Assert.True(report.TryGetProperty("rows", out var rows), report.ToString());
        return rows.EnumerateArray().Sum(row => row.GetProperty("cost_nano_usd").GetInt64()) / 1_000_000_000m;
    }

    private static string Text(JsonElement element, string member) => element.GetProperty(member).GetString()!;
}
