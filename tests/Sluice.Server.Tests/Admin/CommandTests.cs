using System.CommandLine;
using System.Text.Json;
using Sluice.Commands;
using Xunit;

namespace Sluice.Server.Tests.Admin;

/// <summary>The commands against the real admin API. Alone in their collection: they capture the console.</summary>
[Collection(nameof(CommandTests))]
public sealed class CommandTests(AdminHost host) : IClassFixture<AdminHost>
{
    [Fact]
    public async Task KeysCreate_WithJson_PrintsTheKeyAloneToStandardOutput()
    {
        var (code, output, error) = await RunAsync("keys", "create", "--user", "dev1", "--project", "shop", "--json");

        Assert.Equal((0, ""), (code, error));
        using var document = JsonDocument.Parse(output);
        var root = document.RootElement;
        Assert.Matches("^sk-sluice-[0-9A-Za-z]{40}$", root.GetProperty("key").GetString());
        Assert.Equal(("dev1", "shop"), (root.GetProperty("user").GetString(), root.GetProperty("project").GetString()));
        Assert.Single(root.EnumerateObject(), member => member.Name == "key");
        Assert.Equal("dev1", host.Ring.Find(root.GetProperty("key").GetString()).Caller!.User);
    }

    [Theory]
    [InlineData("keys", "list")]
    [InlineData("users")]
    [InlineData("teams", "list")]
    [InlineData("projects")]
    [InlineData("report", "--by", "user,model", "--since", "14d", "--waste")]
    [InlineData("report", "--by", "week,hour,cause")]
    [InlineData("advise")]
    [InlineData("status")]
    [InlineData("limits", "list")]
    [InlineData("limits", "set", "--scope", "user:dev1", "--rpm", "60", "--input-tpm", "100000", "--output-tpm", "20000", "--rpd", "500", "--burst", "5", "--concurrency", "4")]
    [InlineData("budgets", "set", "--scope", "user:dev1", "--usd", "50.25", "--per", "month", "--hard")]
    [InlineData("budgets", "list")]
    [InlineData("models", "list")]
    [InlineData("models", "resolve", "sim/echo")]
    public async Task EveryCommandThatPrintsData_HasPlainAndJsonOutput(params string[] arguments)
    {
        var plain = await RunAsync(arguments);
        var json = await RunAsync([.. arguments, "--json"]);

        Assert.Equal((0, ""), (plain.Code, plain.Error));
        Assert.Equal((0, ""), (json.Code, json.Error));
        using var document = JsonDocument.Parse(json.Output);
        Assert.Equal(JsonValueKind.Object, document.RootElement.ValueKind);
    }

    [Fact]
    public async Task BadUsage_Is2_AndAFaultIs1_EachWithARemedy()
    {
        var usage = await RunAsync("keys", "create");
        Assert.Equal(2, usage.Code);
        Assert.Contains("--user", usage.Error, StringComparison.Ordinal);

        Assert.Equal(2, (await RunAsync("report", "--by", "usr")).Code);
        Assert.Equal(1, (await RunAsync("explain", "gen-nobody")).Code);
        Assert.Equal(1, (await RunAsync("models", "resolve", "nothing")).Code);

        var wrong = await InvokeAsync(["status", "--url", host.Url.ToString(), "--admin-key", "wrong-key-of-some-length"]);
        Assert.Equal(1, wrong.Code);
        Assert.Contains("does not take this key", wrong.Error, StringComparison.Ordinal);

        // Port 1 of this machine: nobody listens there.
        var nobody = await InvokeAsync(["status", "--url", "http://127.0.0.1:1", "--admin-key", "any-key-of-some-length"]);
        Assert.Equal(1, nobody.Code);
        Assert.Contains("Start it with 'sluice serve'", nobody.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Status_ShowsCallsUnderWay_AndWhoWaits()
    {
        var lines = (await RunAsync("status")).Output.Split('\n').Select(line => string.Join(' ', line.Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))).ToList();
        Assert.Contains("sim 3 4 17", lines);
        Assert.Contains("17 requests wait:", lines);
        Assert.Contains("ledger in db.example:5432/sluice, 12 records on their way", lines);
        Assert.Contains("dev1 s-7 background provider:sim concurrency 4 2.5", lines);
    }

    [Fact]
    public async Task Limits_SetListedAndRemoved_ByTheCommand()
    {
        var (code, output, _) = await RunAsync("limits", "set", "--scope", "model:acme/coder", "--rpm", "60", "--burst", "1", "--json");
        Assert.Equal(0, code);
        using var document = JsonDocument.Parse(output);
        Assert.Equal(("model:acme/coder", 60, 1), (document.RootElement.GetProperty("scope").GetString(), document.RootElement.GetProperty("rpm").GetInt32(), document.RootElement.GetProperty("burst").GetInt32()));
        Assert.Contains("model:acme/coder", (await RunAsync("limits", "list")).Output, StringComparison.Ordinal);
        Assert.Equal(0, (await RunAsync("limits", "remove", "--scope", "model:acme/coder")).Code);
        var again = await RunAsync("limits", "remove", "--scope", "model:acme/coder");
        Assert.Equal((1, true), (again.Code, again.Error.Contains("has no limits of its own", StringComparison.Ordinal)));
        var bad = await RunAsync("limits", "set", "--scope", "acme", "--rpm", "1");
        Assert.Equal((2, true), (bad.Code, bad.Error.Contains("Allowed: key:ID", StringComparison.Ordinal)));
    }

    private Task<(int Code, string Output, string Error)> RunAsync(params string[] arguments) =>
        InvokeAsync([.. arguments, "--url", host.Url.ToString(), "--admin-key", AdminHost.AdminKey]);

    private static Task<(int Code, string Output, string Error)> InvokeAsync(string[] arguments) =>
        CapturedConsole.RunAsync(() => CommandTree.RunAsync(CommandTree.Build(new Command("serve")), arguments));
}
