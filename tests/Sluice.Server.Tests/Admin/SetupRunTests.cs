using System.Net;
using System.Text.Json;
using Sluice.Commands;
using Sluice.Commands.Setup;
using Sluice.Server.Hosting;
using Sluice.Server.Tests.Hosting;
using Sluice.Testing;
using Xunit;

namespace Sluice.Server.Tests.Admin;

/// <summary>Setups against a serving Sluice: which keys they make, keep and take back.</summary>
public sealed class SetupRunTests : IAsyncLifetime
{
    private const string Yaml = """
        server: { urls: ["http://127.0.0.1:0"] }
        auth: { admin_key: admin-key-of-the-tests-0123456789 }
        providers: [{ name: only, kind: anthropic, base_url: "{provider}", api_keys: [provider-key-1] }]
        """;

    private static readonly SetupWish Wish = new(SetupScope.Local, null, "ada", null, DryRun: false);

    private readonly TemporaryFolder _home = new();
    private readonly TemporaryFolder _project = new();
    private ServingFolder _folder = null!;
    private SluiceServer _server = null!;

    private string Settings => Path.Combine(_project.Path, ".claude", "settings.local.json");

    private string Record => Path.Combine(_home.Path, "record.json");

    [Fact]
    public async Task Apply_Twice_MakesOneKeyAndChangesNothingTheSecondTime()
    {
        var first = await RunAsync(run => run.ApplyAsync(Wish, CancellationToken.None));
        var second = await RunAsync(run => run.ApplyAsync(Wish, CancellationToken.None));

        Assert.True(first.Key.Made);
        Assert.Equal(first.Key with { Made = false }, second.Key);
        Assert.Empty(second.Changes);
        Assert.Single(await ValidKeysOfAdaAsync());
    }

    [Fact]
    public async Task Undo_RestoresEveryByteAndRevokesWhatSetupMade()
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Settings)!);
        var before = "{ \"env\": {\"A\": \"1\"} , \"x\":1 }"u8.ToArray();
        await File.WriteAllBytesAsync(Settings, before);
        var made = (await RunAsync(run => run.ApplyAsync(Wish, CancellationToken.None))).Key;
        Assert.Equal(HttpStatusCode.OK, await AskAsync(made.Secret));
        await RunAsync(run => run.ApplyAsync(Wish, CancellationToken.None));

        var undone = await RunAsync(run => run.UndoAsync(CancellationToken.None));

        Assert.Equal(before, await File.ReadAllBytesAsync(Settings));
        Assert.Equal([made.Id!], undone.Keys.Revoked);
        Assert.Equal(HttpStatusCode.Forbidden, await AskAsync(made.Secret));
        Assert.False(File.Exists(Record));
    }

    [Fact]
    public async Task Undo_OfAGivenKey_LeavesItValid()
    {
        await RunAsync(run => run.ApplyAsync(Wish with { Key = _folder.Key }, CancellationToken.None));

        var undone = await RunAsync(run => run.UndoAsync(CancellationToken.None));

        Assert.Empty(undone.Keys.Revoked);
        Assert.Equal(HttpStatusCode.OK, await AskAsync(_folder.Key));
    }

    [Fact]
    public async Task Apply_OverARevokedKey_MakesANewOneAndUndoEndsBoth()
    {
        var first = (await RunAsync(run => run.ApplyAsync(Wish, CancellationToken.None))).Key;
        using (var admin = Client())
        {
            await admin.SendAsync(HttpMethod.Delete, "/keys/" + first.Id, null, CancellationToken.None);
        }

        var second = (await RunAsync(run => run.ApplyAsync(Wish, CancellationToken.None))).Key;
        Assert.True(second.Made);
        Assert.NotEqual(first.Id, second.Id);

        await RunAsync(run => run.UndoAsync(CancellationToken.None));
        Assert.Empty(await ValidKeysOfAdaAsync());
        Assert.False(File.Exists(Settings));
    }

    [Fact]
    public async Task Apply_ForAnotherUser_DoesNotReuse()
    {
        var first = (await RunAsync(run => run.ApplyAsync(Wish, CancellationToken.None))).Key;

        var second = (await RunAsync(run => run.ApplyAsync(Wish with { User = "grace" }, CancellationToken.None))).Key;

        Assert.True(second.Made);
        Assert.NotEqual(first.Secret, second.Secret);
    }

    [Fact]
    public async Task Undo_WhileNothingServes_RestoresTheFilesAndRevokesWhenRunAgain()
    {
        var made = (await RunAsync(run => run.ApplyAsync(Wish, CancellationToken.None))).Key;
        using (var nobody = new AdminClient(new Uri("http://127.0.0.1:1/"), ServingFolder.AdminKey, "data"))
        {
            var undone = await new SetupRun(nobody, new ClaudeCodeSetup(_project.Path, _home.Path), Record).UndoAsync(CancellationToken.None);
            Assert.Equal(made.Id, Assert.Single(undone.Keys.Left).Id);
            Assert.Contains("Nothing answers", undone.Keys.Why, StringComparison.Ordinal);
        }

        Assert.False(File.Exists(Settings));

        var again = await RunAsync(run => run.UndoAsync(CancellationToken.None));
        Assert.Equal([made.Id!], again.Keys.Revoked);
        Assert.False(File.Exists(Record));
    }

    [Fact]
    public async Task Apply_OverAProvidersKey_NeverTriesItHere()
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Settings)!);
        await File.WriteAllTextAsync(Settings, "{\"env\":{\"ANTHROPIC_AUTH_TOKEN\":\"sk-ant-somebodys-own-0123456789\"}}");

        Assert.True((await RunAsync(run => run.ApplyAsync(Wish, CancellationToken.None))).Key.Made);
    }

    public async ValueTask InitializeAsync()
    {
        _folder = await ServingFolder.CreateAsync(Yaml);
        _server = await _folder.ServeAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        await _folder.DisposeAsync();
        _home.Dispose();
        _project.Dispose();
    }

    private AdminClient Client() => new(new Uri(_server.Urls[0] + "/"), ServingFolder.AdminKey, "data");

    private async Task<T> RunAsync<T>(Func<SetupRun, Task<T>> action)
    {
        using var client = Client();
        return await action(new SetupRun(client, new ClaudeCodeSetup(_project.Path, _home.Path), Record));
    }

    private async Task<IReadOnlyList<JsonElement>> ValidKeysOfAdaAsync() =>
        [.. (await ServingFolder.AdminAsync(_server, "/keys")).GetProperty("keys").EnumerateArray().Where(key => key.GetProperty("user").GetString() == "ada" && key.GetProperty("state").GetString() == "valid")];

    private async Task<HttpStatusCode> AskAsync(string key)
    {
        using var client = ServingFolder.Client(_server);
        using var request = new HttpRequestMessage(HttpMethod.Get, "/v1/models");
        request.Headers.Add("x-api-key", key);
        using var answer = await client.SendAsync(request);
        return answer.StatusCode;
    }
}
