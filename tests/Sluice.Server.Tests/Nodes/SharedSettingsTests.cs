using Sluice.Core.Configuration;
using Sluice.Server.Hosting;
using Sluice.Server.Tests.Kit;
using Sluice.Server.Tests.Media;
using Sluice.Testing;

namespace Sluice.Server.Tests.Nodes;

/// <summary>What people set on one node is in force on the others within a second.</summary>
[Collection(AloneCollection.Name)]
public sealed class SharedSettingsTests
{
    private const string Config = """
        routing: { retries: 0 }
        providers:
          - { name: a, kind: openai, base_url: "{A}/v1", api_keys: [key-of-a-0123456789] }
        models:
          - { id: m, endpoints: [{ provider: a, model: m, price: { input: 3, output: 15 } }] }
        """;

    private const string Ask = """{"model":"m","max_tokens":20,"messages":[{"role":"user","content":"hello"}]}""";

    [Fact]
    public async Task F35_Key_MadeRotatedAndRevokedOnA_CountsOnB_AlsoWithoutTheDatabaseAfterwards()
    {
        await using var nodes = await TwoNodes.StartAsync(Config, ownDatabase: true);
        var made = (await nodes.A.AdminAsync(HttpMethod.Post, "/admin/api/keys", """{"user":"dev1"}""")).Json;
        var (id, first) = (made.GetProperty("id").GetString()!, made.GetProperty("key").GetString()!);
        await TwoNodes.WithinASecondAsync(async () => await StatusAsync(nodes.B, first) == 200, "B takes the new key");

        var second = (await nodes.A.AdminAsync(HttpMethod.Post, $"/admin/api/keys/{id}/rotate")).Json.GetProperty("key").GetString()!;
        await TwoNodes.WithinASecondAsync(async () => await StatusAsync(nodes.B, first) == 403, "B refuses the rotated key");
        Assert.Equal(200, await StatusAsync(nodes.B, second));

        Assert.Equal(200, (await nodes.A.AdminAsync(HttpMethod.Delete, $"/admin/api/keys/{id}")).Status);
        await TwoNodes.WithinASecondAsync(async () => await StatusAsync(nodes.B, second) == 403, "B refuses the revoked key");

        await nodes.Database.StopAsync(isCrash: true);
        Assert.Equal(403, await StatusAsync(nodes.B, second));
        Assert.Equal(403, await StatusAsync(nodes.A, second));
        Assert.Equal(200, await StatusAsync(nodes.B, nodes.B.Key));
    }

    [Fact]
    public async Task Limit_SetOnA_IsInForceOnB_UntilItIsRemoved()
    {
        await using var nodes = await TwoNodes.StartAsync(Config);
        var key = await nodes.A.KeyOfAsync("dev1");
        await TwoNodes.WithinASecondAsync(async () => await StatusAsync(nodes.B, key) == 200, "B takes the key");

        var set = await nodes.A.AdminAsync(HttpMethod.Put, "/admin/api/limits/user:dev1", """{"rpd":1}""");
        Assert.True(set.Status == 200, set.Text);
        await TwoNodes.WithinASecondAsync(async () => await StatusAsync(nodes.B, key) == 429, "B keeps to the limit");

        Assert.Equal(200, (await nodes.A.AdminAsync(HttpMethod.Delete, "/admin/api/limits/user:dev1")).Status);
        await TwoNodes.WithinASecondAsync(async () => await StatusAsync(nodes.B, key) == 200, "B knows that the limit is gone");
    }

    [Fact]
    public async Task Budget_SetOnA_IsInForceOnB_UntilItIsRemoved()
    {
        await using var nodes = await TwoNodes.StartAsync(Config);
        var key = await nodes.A.KeyOfAsync("dev1");
        await TwoNodes.WithinASecondAsync(async () => await StatusAsync(nodes.B, key) == 200, "B takes the key");

        var set = await nodes.A.AdminAsync(HttpMethod.Put, "/admin/api/budgets", """{"scope":"user:dev1","per":"day","usd":0.00001,"hard":true}""");
        Assert.True(set.Status == 200, set.Text);
        await TwoNodes.WithinASecondAsync(async () => await StatusAsync(nodes.B, key) == 402, "B keeps to the budget");

        Assert.Equal(200, (await nodes.A.AdminAsync(HttpMethod.Delete, "/admin/api/budgets?scope=user:dev1&per=day")).Status);
        await TwoNodes.WithinASecondAsync(async () => await StatusAsync(nodes.B, key) == 200, "B knows that the budget is gone");
    }

    [Fact]
    public async Task FirstKey_OfThreeThatStartAtOnce_IsMadeByOneAndOpensAll()
    {
        Assert.SkipWhen(PostgresServer.WhyMissing is not null, PostgresServer.WhyMissing ?? "");
        using var folder = new TemporaryFolder();
        var address = await (await PostgresServer.SharedAsync()).CreateDatabaseAsync();
        var servers = await Task.WhenAll(Enumerable.Range(1, 3).Select(i => Task.Run(() => SluiceServer.CreateAsync(new ServeOptions
        {
            Sources = () => new ConfigSources
            {
                BaseDirectory = folder.Path,
                FilePath = folder.PathOf("sluice.yaml"),
                FileText = $"server: {{ urls: [\"http://127.0.0.1:0\"] }}\nstorage: \"{address}\"\n",
                DataFolder = folder.PathOf($"data-{i}"),
            },
        }))));
        try
        {
            var key = Assert.Single(servers, server => server.FirstKey is not null).FirstKey!;
            foreach (var server in servers)
            {
                await server.StartAsync();
                using var client = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { BaseAddress = new Uri(server.Urls[0]) };
                using var request = new HttpRequestMessage(HttpMethod.Get, "/v1/models");
                request.Headers.Add("x-api-key", key);
                using var response = await client.SendAsync(request);
                Assert.True(response.IsSuccessStatusCode, await response.Content.ReadAsStringAsync());
            }
        }
        finally
        {
            foreach (var server in servers)
            {
                await server.DisposeAsync();
            }
        }
    }

    [Fact]
    public async Task Job_BegunOnA_IsAskedForAndFetchedOnB()
    {
        await using var nodes = await TwoNodes.StartAsync(MediaGateway.Yaml);
        var begun = await nodes.A.PostAsync("/v1/videos", """{"model":"acme/film","prompt":"a heron","seconds":"8","size":"1280x720"}""");
        Assert.True(begun.Status == 200, begun.Text);
        var id = begun.Json.GetProperty("id").GetString()!;

        var polled = await nodes.B.JobAsync(HttpMethod.Get, $"/v1/videos/{id}");
        Assert.Equal((200, id), (polled.Status, polled.Json.GetProperty("id").GetString()));
        Assert.Equal("video/mp4", (await nodes.B.JobAsync(HttpMethod.Get, $"/v1/videos/{id}/content")).Header("content-type"));
    }

    internal static async Task<int> StatusAsync(GatewayUnderTest node, string key)
    {
        using var request = node.Request(Wire.Chat, Ask);
        request.Headers.Remove("x-api-key");
        request.Headers.Add("x-api-key", key);
        return (await node.SendAsync(request)).Status;
    }
}
