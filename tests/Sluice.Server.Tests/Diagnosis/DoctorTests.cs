using System.CommandLine;
using System.Text.Json;
using Sluice.Commands;
using Sluice.Server.Tests.Admin;
using Sluice.Server.Tests.Kit;
using Sluice.Testing;

namespace Sluice.Server.Tests.Diagnosis;

/// <summary><c>sluice doctor</c>: its whole output to the letter, and each line that only a running Sluice can find with its fault planted.</summary>
[Collection(nameof(CommandTests))]
public sealed class DoctorTests : IDisposable
{
    private const string Config = """
        providers:
          - { name: a, kind: anthropic, base_url: "{A}", api_keys: [key-of-a-0123456789] }
          - { name: b, kind: anthropic, base_url: "{B}", api_keys: [key-of-b-0123456789] }
        models:
          - { id: x/coder, endpoints: [{ provider: a, model: m-a, price: { input: 3, output: 15 } }, { provider: b, model: m-b, price: { input: 3, output: 15 } }] }
          - { id: x/alone, endpoints: [{ provider: b, model: m-alone }] }
        """;

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task I70_WholeOutput_OfAConfigurationAlone_IsInItsOrder()
    {
        var (code, output, error) = await AloneAsync(Config.Replace("{A}", "http://127.0.0.1:1", StringComparison.Ordinal).Replace("{B}", "http://127.0.0.1:2", StringComparison.Ordinal), "--model", "x/codr");

        Assert.Equal(1, code);
        Assert.Matches(@"^sluice: \d of \d+ lines fail\.", error);
        AssertText("alone", output.Replace(_folder.PathOf("sluice.yaml"), "FILE", StringComparison.Ordinal));
    }

    [Fact]
    public async Task I70_WholeOutput_OfARunningSluice_IsInItsOrder()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Config);
        await gateway.PostAsync(Wire.Anthropic, Wires.Ask(Wire.Anthropic, "x/coder", "hello", stream: false), ("user-agent", "claude-cli/2.0"));

        var (code, output, error) = await RunAsync(gateway);

        Assert.Equal((1, "sluice: 1 of 11 lines fail."), (code, error.Trim()));
        AssertText("running", output);
    }

    [Fact]
    public async Task I23_RevokedKey_FailsWithAHint()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Config);
        var key = await gateway.KeyOfAsync("dev1");
        var id = await IdOfAsync(gateway, "dev1");
        var good = await LinesAsync(gateway, "--key", key);
        await RunAsync(gateway, ["keys", "revoke", id]);

        var bad = await LinesAsync(gateway, "--key", key);

        Assert.Contains("ok|The key that you gave is taken.|-", good);
        Assert.Contains("fail|The key that you gave is revoked.|Make another: sluice keys create --user NAME.", bad);
        Assert.DoesNotContain(bad, line => line.Contains(key, StringComparison.Ordinal));
    }

    [Fact]
    public async Task I24_NameThatClientsSentWrong_IsFoundInTheLedger()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Config);
        foreach (var name in (string[])["x/codr", "x/codr", "x/coder"])
        {
            await gateway.PostAsync(Wire.Chat, Wires.Ask(Wire.Chat, name, "hello", stream: false));
        }

        Assert.Contains("fail|Clients asked 2 times in 7 days for 'x/codr', which means no model here.|Did you mean x/coder?", await LinesAsync(gateway));
    }

    [Fact]
    public async Task I28_OneKeyOfThreeUserAgents_Warns()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Config);
        foreach (var agent in (string[])["claude-cli/2.0", "codex_cli_rs/1", "GeminiCLI/9"])
        {
            await gateway.PostAsync(Wire.Chat, Wires.Ask(Wire.Chat, "x/coder", "hello", stream: false), ("user-agent", agent));
        }

        var line = Assert.Single(await LinesAsync(gateway), line => line.Contains("several people may share it", StringComparison.Ordinal));
        Assert.StartsWith("warn|Key key-", line, StringComparison.Ordinal);
        Assert.Contains("of admin was used by 3 programs in 7 days (claude-code, codex, gemini-cli)", line, StringComparison.Ordinal);
    }

    [Fact]
    public async Task I23_KeyThatTheProviderRefuses_IsNamedAndNotShown()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Config);
        gateway.A.Script.Always(Simulator.Fault.Of(401));
        await gateway.PostAsync(Wire.Chat, Wires.Ask(Wire.Chat, "x/coder", "hello", stream: false));

        var lines = await LinesAsync(gateway);

        Assert.Contains(lines, line => line.StartsWith("fail|The provider refuses the key a#1.", StringComparison.Ordinal));
        Assert.DoesNotContain(lines, line => line.Contains("key-of-a-0123456789", StringComparison.Ordinal));
    }

    [Fact]
    public async Task BrokenConfiguration_IsBadUsage()
    {
        var (code, output, error) = await AloneAsync("providers: [{ name: a, kind: anthropc }]\n");

        Assert.Equal((2, ""), (code, output));
        Assert.Contains("anthropc", error, StringComparison.Ordinal);
    }

    private async Task<List<string>> LinesAsync(GatewayUnderTest gateway, params string[] arguments)
    {
        var (_, output, error) = await RunAsync(gateway, ["doctor", "--folder", _folder.Path, .. arguments, "--json"]);
        Assert.True(output.Length > 0, error);
        using var document = JsonDocument.Parse(output);
        return [.. document.RootElement.GetProperty("lines").EnumerateArray().Select(line =>
            $"{line.GetProperty("verdict")}|{line.GetProperty("found")}|{(line.GetProperty("remedy").ValueKind == JsonValueKind.Null ? "-" : line.GetProperty("remedy").GetString())}")];
    }

    private static async Task<string> IdOfAsync(GatewayUnderTest gateway, string user)
    {
        var (_, output, _) = await RunAsync(gateway, ["keys", "list", "--json"]);
        using var document = JsonDocument.Parse(output);
        return document.RootElement.GetProperty("keys").EnumerateArray().Single(key => key.GetProperty("user").GetString() == user).GetProperty("id").GetString()!;
    }

    private Task<(int Code, string Output, string Error)> RunAsync(GatewayUnderTest gateway) => RunAsync(gateway, ["doctor", "--folder", _folder.Path]);

    private static Task<(int Code, string Output, string Error)> RunAsync(GatewayUnderTest gateway, string[] arguments) =>
        InvokeAsync([.. arguments, "--url", gateway.Url.ToString(), "--admin-key", GatewayUnderTest.AdminKey]);

    // Port 1 of this machine: nobody listens there.
    private Task<(int Code, string Output, string Error)> AloneAsync(string yaml, params string[] arguments)
    {
        File.WriteAllText(_folder.PathOf("sluice.yaml"), yaml);
        return InvokeAsync(["doctor", .. arguments, "--folder", _folder.Path, "--config", _folder.PathOf("sluice.yaml"), "--url", "http://127.0.0.1:1"]);
    }

    private static Task<(int Code, string Output, string Error)> InvokeAsync(string[] arguments) =>
        CapturedConsole.RunAsync(() => CommandTree.RunAsync(CommandTree.Build(new Command("serve")), arguments));

    private static void AssertText(string name, string text)
    {
        var difference = ApprovedPage.Difference($"tests/Sluice.Server.Tests/Diagnosis/{name}.txt", text.ReplaceLineEndings("\n"));
        Assert.True(difference is null, difference);
    }
}
