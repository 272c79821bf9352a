using System.Net.Http.Headers;
using System.Text;
using Npgsql;
using Sluice.Simulator;
using Sluice.Testing;
using Xunit;

namespace Sluice.Nodes.Tests;

/// <summary>Several real processes of Sluice beside one real PostgreSQL, with one provider behind them all. Each has a data folder of its own; they have nothing else in common.</summary>
internal sealed class NodeGroup : IAsyncDisposable
{
    private const string Body = """{"model":"m","max_tokens":20,"messages":[{"role":"user","content":"Say something."}]}""";

    private readonly List<HttpClient> _clients = [];

    private NodeGroup(SimulatorHost provider, string database) => (Provider, Database) = (provider, database);

    public SimulatorHost Provider { get; }

    /// <summary>As <c>storage</c> takes it.</summary>
    public string Database { get; }

    public List<SluiceProcess> Nodes { get; } = [];

    /// <summary>A client key that one of the nodes made.</summary>
    public string Key { get; private set; } = "";

    /// <summary>Starts them, one after another; the first makes the key.</summary>
    /// <param name="count">How many.</param>
    /// <param name="more">Further lines of the configuration file.</param>
    public static async Task<NodeGroup> StartAsync(int count, string more = "")
    {
        Assert.SkipWhen(PostgresServer.WhyMissing is not null, PostgresServer.WhyMissing ?? "");
        var database = await (await PostgresServer.SharedAsync()).CreateDatabaseAsync();
        var group = new NodeGroup(await SimulatorHost.StartAsync(new SimulatorOptions()), database);
        try
        {
            for (var i = 0; i < count; i++)
            {
                group.Nodes.Add(await SluiceProcess.StartAsync(new SluiceOptions { Config = group.Config(more) }));
                group.Key = i == 0 ? group.Nodes[0].ClientKey : group.Key;
                group._clients.Add(group.Nodes[i].CreateClient(group.Key));
            }

            return group;
        }
        catch
        {
            await group.DisposeAsync();
            throw;
        }
    }

    /// <summary>When each attempt of all nodes began, as their common ledger has it, in order of time.</summary>
    /// <param name="count">How many there are to be: nodes store them a moment after the answer.</param>
    public async Task<List<DateTimeOffset>> AttemptsAsync(int count)
    {
        var address = new Uri(Database);
        await using var connection = new NpgsqlConnection($"Host={address.Host};Port={address.Port};Username=sluice;Database={address.AbsolutePath.Trim('/')}");
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand("SELECT started_at FROM attempts ORDER BY started_at", connection);
        using var tick = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        for (var looks = 0; ; looks++)
        {
            var found = new List<DateTimeOffset>();
            await using (var row = await command.ExecuteReaderAsync())
            {
                while (await row.ReadAsync())
                {
                    found.Add(DateTimeOffset.FromUnixTimeMilliseconds(row.GetInt64(0)));
                }
            }

            if (found.Count >= count || looks == 200)
            {
                Assert.Equal(count, found.Count);
                return found;
            }

            await tick.WaitForNextTickAsync();
        }
    }

    /// <summary>Asks one node for an answer; returns the status.</summary>
    public async Task<int> AskAsync(int node, CancellationToken cancellation = default)
    {
        using var content = new StringContent(Body, Encoding.UTF8, new MediaTypeHeaderValue("application/json"));
        using var answer = await _clients[node].PostAsync(new Uri("/v1/messages", UriKind.Relative), content, cancellation);
        return (int)answer.StatusCode;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var client in _clients)
        {
            client.Dispose();
        }

        foreach (var node in Nodes)
        {
            await node.DisposeAsync();
        }

        await Provider.DisposeAsync();
    }

    private string Config(string more) => $$"""
        storage: {{Database}}
        providers: [{ name: only, kind: anthropic, base_url: "{{Provider.Address}}", api_keys: [key-of-the-account-0123456789] }]
        models: [{ id: m, endpoints: [{ provider: only, model: m-upstream, price: { input: 3, output: 15 } }] }]
        {{more}}
        """;
}
