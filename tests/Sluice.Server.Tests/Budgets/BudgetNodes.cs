using System.Globalization;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Sluice.Core.Configuration;
using Sluice.Server.Hosting;
using Sluice.Server.Tests.Kit;
using Sluice.Simulator;
using Sluice.Testing;

namespace Sluice.Server.Tests.Budgets;

/// <summary>Several Sluices over one PostgreSQL and before one simulated provider. An answer of six tokens costs five cents.</summary>
internal sealed class BudgetNodes : IAsyncDisposable
{
    /// <summary>Dollars, to the nano-dollar below.</summary>
    public const decimal CostOfAnswer = 0.049999998m;

    private readonly PostgresServer? _owned;
    private readonly List<(TemporaryFolder Folder, SluiceServer Server, HttpClient Http)> _nodes = [];
    private string _key = "";

    private BudgetNodes(PostgresServer? owned, SimulatorHost provider) => (_owned, Provider) = (owned, provider);

    public SimulatorHost Provider { get; }

    /// <summary>The database's server; where the test has its own.</summary>
    public PostgresServer Database => _owned!;

    public static async Task<BudgetNodes> StartAsync(int count, bool ownDatabase = false)
    {
        Assert.SkipWhen(PostgresServer.WhyMissing is not null, PostgresServer.WhyMissing ?? "");
        var owned = ownDatabase ? await PostgresServer.StartAsync() : null;
        var address = await (owned ?? await PostgresServer.SharedAsync()).CreateDatabaseAsync();
        var nodes = new BudgetNodes(owned, await SimulatorHost.StartAsync(new SimulatorOptions()));
        while (nodes._nodes.Count < count)
        {
            await nodes.AddAsync(address);
        }

        return nodes;
    }

    public SluiceServer Server(int node) => _nodes[node].Server;

    /// <summary>Sets a budget on the first node, and waits until the others have heard of it.</summary>
    public async Task SetBudgetAsync(string scope, string usd, bool hard = true)
    {
        var answer = await AdminAsync(0, HttpMethod.Put, "/admin/api/budgets", $$"""{"scope":"{{scope}}","per":"month","usd":{{usd}},"hard":{{(hard ? "true" : "false")}}}""");
        Assert.True(answer.Status == 200, answer.Text);
        await GatewayUnderTest.UntilAsync(() => _nodes.TrueForAll(node => node.Server.Budgets.Read().Any(one => one.Budget.Scope.ToString() == scope && one.Budget.IsHard == hard)), "all nodes know the budget");
    }

    /// <summary>One request to one node.</summary>
    /// <param name="node">Which.</param>
    /// <param name="limit">Its limit of output tokens.</param>
    public async Task<ClientAnswer> AskAsync(int node, int? limit = 10)
    {
        var ask = BudgetedGateway.Ask(Wire.Chat, limit);
        using var request = new HttpRequestMessage(HttpMethod.Post, ask.Path) { Content = new ByteArrayContent(Encoding.UTF8.GetBytes(ask.Body)) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        request.Headers.Add("x-api-key", _key);
        using var response = await _nodes[node].Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        return await ClientAnswer.ReadAsync(response);
    }

    /// <summary>What a node says that is spent and held of the only budget, over all nodes.</summary>
    public async Task<(decimal Spent, decimal Reserved)> AmountsAsync(int node)
    {
        var budget = Assert.Single((await AdminAsync(node, HttpMethod.Get, "/admin/api/budgets")).Json.GetProperty("budgets").EnumerateArray());
        return (Usd(budget, "spent_usd"), Usd(budget, "reserved_usd"));
    }

    /// <summary>What the ledger of all nodes says.</summary>
    public async Task<decimal> LedgerAsync(int node)
    {
        var report = await AdminAsync(node, HttpMethod.Get, "/admin/api/report?by=user&since=2000-01-01&until=2100-01-01");
        return report.Json.GetProperty("rows").EnumerateArray().Sum(row => row.GetProperty("cost_nano_usd").GetInt64()) / 1_000_000_000m;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var (folder, server, http) in _nodes)
        {
            http.Dispose();
            await server.DisposeAsync();
            folder.Dispose();
        }

        await Provider.DisposeAsync();
        if (_owned is not null)
        {
            await _owned.DisposeAsync();
        }
    }

    private async Task AddAsync(string address)
    {
        var folder = new TemporaryFolder();
        var text = $$"""
            server: { urls: ["http://127.0.0.1:0"] }
            auth: { admin_key: {{GatewayUnderTest.AdminKey}} }
            storage: "{{address}}"
            routing: { retries: 0, affinity: none }
            breaker: { failures: 1000 }
            providers:
              - { name: a, kind: openai, base_url: "{{Provider.Address.ToString().TrimEnd('/')}}/v1", api_keys: [ka] }
            models:
              - { id: "m/one", context: 1000000, max_output: 1000000, endpoints: [{ provider: a, model: one, price: { input: 0, output: 8333.333 } }] }
            """;
        var server = await SluiceServer.CreateAsync(new ServeOptions
        {
            Sources = () => new ConfigSources { BaseDirectory = folder.Path, FileText = text, FilePath = folder.PathOf("sluice.yaml"), DataFolder = folder.PathOf("data"), ReadFile = _ => text },
            Drain = TimeSpan.FromSeconds(2),
        });
        await server.StartAsync();
        _key = server.FirstKey ?? _key;
        _nodes.Add((folder, server, new HttpClient { BaseAddress = new Uri(server.Urls[0]), Timeout = TimeSpan.FromSeconds(60) }));
    }

    private async Task<ClientAnswer> AdminAsync(int node, HttpMethod method, string path, string body = "")
    {
        using var request = new HttpRequestMessage(method, path);
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", GatewayUnderTest.AdminKey);
        request.Content = body.Length == 0 ? null : new StringContent(body, Encoding.UTF8, "application/json");
        using var response = await _nodes[node].Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        return await ClientAnswer.ReadAsync(response);
    }

    private static decimal Usd(JsonElement budget, string member) => decimal.Parse(budget.GetProperty(member).GetString()!, CultureInfo.InvariantCulture);
}
