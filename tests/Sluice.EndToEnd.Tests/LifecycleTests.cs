using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Sluice.Testing;
using Xunit;

namespace Sluice.EndToEnd.Tests;

/// <summary>Starting, stopping and starting again, as an operator does it.</summary>
public sealed class LifecycleTests
{
    [Fact]
    public async Task Serve_AskedToStop_ExitsWithZero()
    {
        await using var sluice = await SluiceProcess.StartAsync();

        Assert.Equal(0, await sluice.StopAsync());
    }

    [Fact]
    public async Task Serve_StartedAgainAfterAKill_KnowsItsKeyAndPrintsNoSecond()
    {
        using var data = new TemporaryFolder();
        string key;
        await using (var first = await SluiceProcess.StartAsync(new SluiceOptions { DataFolder = data.Path }))
        {
            key = first.ClientKey;
            await first.KillAsync();
        }

        await using var second = await SluiceProcess.StartAsync(new SluiceOptions { DataFolder = data.Path });
        using var client = second.CreateClient(key);
        using var models = await client.GetAsync(new Uri("/v1/models", UriKind.Relative));

        Assert.Equal(HttpStatusCode.OK, models.StatusCode);
        Assert.DoesNotContain("sk-", second.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Serve_OnADataFolderInUse_RefusesAndSaysWhy()
    {
        await using var first = await SluiceProcess.StartAsync();

        var second = await Assert.ThrowsAsync<InvalidOperationException>(
            () => SluiceProcess.StartAsync(new SluiceOptions { DataFolder = first.DataFolder }));

        Assert.Contains("instead of serving", second.Message, StringComparison.Ordinal);
        Assert.Contains(first.DataFolder, second.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Serve_BrokenConfiguration_ExitsWithTwoAndNamesTheKey()
    {
        var refused = await Assert.ThrowsAsync<InvalidOperationException>(
            () => SluiceProcess.StartAsync(new SluiceOptions { Config = "serverr:\n  urls: []\n" }));

        Assert.Contains("exit code 2", refused.Message, StringComparison.Ordinal);
        Assert.Contains("serverr", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Serve_AddressInUse_ExitsWithOneAndNamesTheAddress()
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        var address = $"http://127.0.0.1:{((IPEndPoint)taken.LocalEndpoint).Port}";
        using var folder = new TemporaryFolder();

        var refused = await ProcessRunner.RunAsync(new ProcessSpec("dotnet", SluiceProcess.ProgramPath, "serve", "--urls", address, "--data", folder.PathOf("data"))
        {
            Environment = ProcessRunner.BareEnvironment(folder.Path), WorkingFolder = folder.Path,
        });

        Assert.True(refused.ExitCode == 1, refused.ToString());
        Assert.Contains(address, refused.Error, StringComparison.Ordinal);
        Assert.Contains("--urls", refused.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", refused.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Serve_ProxyThatCannotBeUsed_ExitsWithTwoAndNamesTheVariableButNotItsValue()
    {
        var refused = await Assert.ThrowsAsync<InvalidOperationException>(() => SluiceProcess.StartAsync(new SluiceOptions
        {
            Environment = new Dictionary<string, string>(StringComparer.Ordinal) { ["HTTPS_PROXY"] = "ftp://user:planted-canary@proxy:1" },
        }));

        Assert.Contains("exit code 2", refused.Message, StringComparison.Ordinal);
        Assert.Contains("HTTPS_PROXY", refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("planted-canary", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Serve_AdminKeyTooShort_ExitsInPlainWords()
    {
        var refused = await Assert.ThrowsAsync<InvalidOperationException>(() => SluiceProcess.StartAsync(new SluiceOptions
        {
            Environment = new Dictionary<string, string>(StringComparer.Ordinal) { ["SLUICE_ADMIN_KEY"] = "short" },
        }));

        Assert.Contains("SLUICE_ADMIN_KEY", refused.Message, StringComparison.Ordinal);
        Assert.Contains("16", refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task KeysCreate_WithJson_PrintsAKeyThatOpensTheGateway()
    {
        await using var sluice = await SluiceProcess.StartAsync();

        var created = await sluice.CommandAsync("keys", "create", "--user", "ada", "--project", "website", "--json");

        Assert.True(created.ExitCode == 0, created.ToString());
        using var answer = JsonDocument.Parse(created.Output);
        Assert.Equal("ada", answer.RootElement.GetProperty("user").GetString());
        using var client = sluice.CreateClient(answer.RootElement.GetProperty("key").GetString());
        using var models = await client.GetAsync(new Uri("/v1/models", UriKind.Relative));
        Assert.Equal(HttpStatusCode.OK, models.StatusCode);
    }
}
