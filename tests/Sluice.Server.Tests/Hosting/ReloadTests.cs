using System.Net;
using System.Text.Json;
using Sluice.Server.Hosting;
using Xunit;

namespace Sluice.Server.Tests.Hosting;

/// <summary>What a changed file does to a serving process.</summary>
public sealed class ReloadTests
{
    private const string Yaml = """
        server: { urls: ["http://127.0.0.1:0"], max_body: 1MiB }
        auth: { admin_key: admin-key-of-the-tests-0123456789 }
        providers:
          - { name: only, kind: anthropic, base_url: "{provider}", api_keys: [provider-key-1] }
        """;

    [Fact]
    public async Task Reload_OfWhatCountsAtStartOnly_KeepsItAndSaysSoOnReadyzAndStatus()
    {
        await using var folder = await ServingFolder.CreateAsync(Yaml);
        await using var server = await folder.ServeAsync();
        var before = server.Configuration.Server;

        folder.Yaml = Yaml.Replace(":0\"], max_body: 1MiB", ":9\"], max_body: 2MiB", StringComparison.Ordinal)
            + "\nstorage: sqlite:elsewhere.db\nledger: { durability: power }\n";
        server.ReloadNow();

        const string Warning = "server.urls, storage, ledger.durability: changed, but this counts at start only. Start Sluice again to apply it.";
        Assert.Equal(before.Urls, server.Configuration.Server.Urls);
        Assert.Equal(before.Storage, server.Configuration.Server.Storage);
        Assert.False(server.Configuration.Server.SyncLedger);
        Assert.Equal(2 * 1024 * 1024, server.Configuration.Server.MaxBody);
        Assert.Contains(Warning, Texts(await ReadyAsync(server), "configuration_warnings"));
        var status = await ServingFolder.AdminAsync(server, "/status");
        Assert.Contains(Warning, Texts(status, "warnings"));
        Assert.Equal("anthropic", status.GetProperty("providers")[0].GetProperty("kind").GetString());

        folder.Yaml = Yaml;
        server.ReloadNow();

        Assert.Empty(Texts(await ReadyAsync(server), "configuration_warnings"));
    }

    // Judged by the file's own addresses it would be allowed; the process may be bound to others.
    [Fact]
    public async Task Reload_ToOpen_StillAsksForKeys()
    {
        await using var folder = await ServingFolder.CreateAsync(Yaml);
        await using var server = await folder.ServeAsync();
        using var client = ServingFolder.Client(server);

        folder.Yaml = Yaml.Replace("auth: {", "auth: { mode: open,", StringComparison.Ordinal);
        server.ReloadNow();

        using var answer = await client.GetAsync("/v1/models");
        Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
        Assert.Contains(Texts(await ReadyAsync(server), "configuration_warnings"), text => text.StartsWith("auth.mode: open:", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Reload_OfABrokenFile_IsToldOnReadyz()
    {
        await using var folder = await ServingFolder.CreateAsync(Yaml);
        await using var server = await folder.ServeAsync();

        folder.Yaml = "providers: 7";
        server.ReloadNow();

        var ready = await ReadyAsync(server);
        Assert.Equal("ready", ready.GetProperty("status").GetString());
        Assert.StartsWith("sluice.yaml:1:", Assert.Single(Texts(ready, "configuration_errors")), StringComparison.Ordinal);
    }

    private static async Task<JsonElement> ReadyAsync(SluiceServer server)
    {
        using var client = ServingFolder.Client(server);
        using var json = JsonDocument.Parse(await client.GetStringAsync("/readyz"));
        return json.RootElement.Clone();
    }

    private static List<string> Texts(JsonElement holder, string member) => [.. holder.GetProperty(member).EnumerateArray().Select(text => text.GetString()!)];
}
