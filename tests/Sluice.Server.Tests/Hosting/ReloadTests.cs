using System.Net;
using System.Text.Json;
using Sluice.Server.Hosting;
using Sluice.Simulator;
using Sluice.Storage.Identity;
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

    [Fact]
    public async Task Reload_OfTheAdminKey_IsFoundByCommandsOnTheMachine()
    {
        const string Changed = "another-admin-key-0123456789";
        await using var folder = await ServingFolder.CreateAsync(Yaml);
        await using var server = await folder.ServeAsync();
        Assert.Equal(ServingFolder.AdminKey, AdminKeyFile.Read(folder.DataFolder));

        folder.Yaml = Yaml.Replace(ServingFolder.AdminKey, Changed, StringComparison.Ordinal);
        server.ReloadNow();

        Assert.Equal(Changed, AdminKeyFile.Read(folder.DataFolder));
        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(AdminKeyFile.PathIn(folder.DataFolder)));
        }

        Assert.True((await ServingFolder.AdminAsync(server, "/status", Changed)).TryGetProperty("version", out _));
    }

    [Fact]
    public async Task Reload_WhoseAdminKeyCannotBeWritten_CountsAllTheSameAndIsTold()
    {
        const string Changed = "another-admin-key-0123456789";
        await using var folder = await ServingFolder.CreateAsync(Yaml);
        await using var server = await folder.ServeAsync();
        File.Delete(AdminKeyFile.PathIn(folder.DataFolder));
        Directory.CreateDirectory(Path.Combine(AdminKeyFile.PathIn(folder.DataFolder), "in-the-way"));

        folder.Yaml = Yaml.Replace(ServingFolder.AdminKey, Changed, StringComparison.Ordinal);
        server.ReloadNow();

        var status = await ServingFolder.AdminAsync(server, "/status", Changed);
        Assert.Contains("failed to take the changed configuration", Assert.Single(Texts(status, "warnings")), StringComparison.Ordinal);
        Assert.Single(Texts(await ReadyAsync(server), "configuration_errors"));
    }

    [Fact]
    public async Task Reload_ThatAddsASimulator_ServesItWithoutARestart()
    {
        await using var folder = await ServingFolder.CreateAsync(Yaml);
        await using var server = await folder.ServeAsync();
        using var client = ServingFolder.Client(server);
        const string Body = """{"model":"sim/echo","max_tokens":16,"messages":[{"role":"user","content":"hi"}]}""";
        using (var before = await client.SendAsync(folder.Post("/v1/messages", Body)))
        {
            Assert.Equal(HttpStatusCode.NotFound, before.StatusCode);
        }

        folder.Yaml = Yaml + "\n  - { name: sim, kind: simulator }\n";
        server.ReloadNow();

        using var answer = await client.SendAsync(folder.Post("/v1/messages", Body));
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal("sim", answer.Headers.GetValues("x-sluice-provider").Single());
        Assert.Empty(Texts(await ReadyAsync(server), "configuration_warnings"));
    }

    [Theory]
    [InlineData(401)]
    [InlineData(403)]
    public async Task Reload_WithANewKeyForADeadOne_IsAnsweredAgain(int status)
    {
        await using var folder = await ServingFolder.CreateAsync(Yaml + "\nmodels: [{ id: acme/coder, endpoints: [{ provider: only, model: coder }] }]\n");
        await using var server = await folder.ServeAsync();
        using var client = ServingFolder.Client(server);
        const string Body = """{"model":"acme/coder","max_tokens":16,"messages":[{"role":"user","content":"hi"}]}""";
        folder.Provider.Script.Enqueue(new Fault(FaultKind.Status) { Status = status });
        using (var refused = await client.SendAsync(folder.Post("/v1/messages", Body)))
        {
            Assert.Equal(HttpStatusCode.BadGateway, refused.StatusCode);
        }

        // Dead: the provider is not asked again.
        using (var dead = await client.SendAsync(folder.Post("/v1/messages", Body)))
        {
            Assert.False(dead.IsSuccessStatusCode);
            Assert.Equal(1, folder.Provider.Record.Count);
        }

        folder.Yaml = folder.Yaml.Replace("provider-key-1", "provider-key-2", StringComparison.Ordinal);
        server.ReloadNow();

        using var answer = await client.SendAsync(folder.Post("/v1/messages", Body));
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal(2, folder.Provider.Record.Count);
    }

    private static async Task<JsonElement> ReadyAsync(SluiceServer server)
    {
        using var client = ServingFolder.Client(server);
        using var json = JsonDocument.Parse(await client.GetStringAsync("/readyz"));
        return json.RootElement.Clone();
    }

    private static List<string> Texts(JsonElement holder, string member) => [.. holder.GetProperty(member).EnumerateArray().Select(text => text.GetString()!)];
}
