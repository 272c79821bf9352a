using System.CommandLine;
using System.Text.Json;
using Sluice.Commands;
using Sluice.Server.Tests.Kit;
using Sluice.Simulator;

namespace Sluice.Server.Tests.Admin;

/// <summary><c>sluice conformance</c> against a real Sluice with a simulated provider. In the collection of <see cref="CommandTests"/>: it captures the console.</summary>
[Collection(nameof(CommandTests))]
public sealed class ConformanceCommandTests
{
    private const string Providers = """
        routing: { retries: 0 }
        providers:
          - { name: sim, kind: simulator }
          - { name: a, kind: anthropic, base_url: "{A}", api_keys: [any-key] }
        """;

    [Theory]
    [InlineData("anthropic")]
    [InlineData("chat")]
    [InlineData("responses")]
    [InlineData("gemini")]
    public async Task Simulator_ForEveryClient_FailsNowhereAndRevokesItsKey(string client)
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Providers);

        var (code, answer, error) = await RunAsync(gateway, "sim", "--client", client, "--context-tokens", "2000");

        var rows = answer.GetProperty("features").EnumerateArray().Select(row => $"{row.GetProperty("feature")} {row.GetProperty("outcome")} {row.GetProperty("reason")}").ToList();
        Assert.True(code == 0, error + string.Join('\n', rows));
        Assert.Equal(13, rows.Count);
        Assert.Contains("plain passed ", rows);
        Assert.Contains("abort passed ", rows);
        Assert.True(decimal.Parse(answer.GetProperty("cost_usd").GetString()!, System.Globalization.CultureInfo.InvariantCulture) > 0);
        Assert.Equal(["revoked"], await KeyStatesAsync(gateway));
    }

    [Fact]
    public async Task Provider_ThatFailsOnce_FailsThatFeatureAloneAndTheCommand()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Providers);
        gateway.A.Script.Enqueue(Fault.Of(500));

        var (code, answer, error) = await RunAsync(gateway, "a", "--model", "think", "--only", "plain,image", "--context-tokens", "2000");

        var rows = answer.GetProperty("features").EnumerateArray().ToDictionary(row => row.GetProperty("feature").GetString()!, row => row.GetProperty("outcome").GetString());
        Assert.Equal(("failed", "passed"), (rows["plain"], rows["image"]));
        Assert.Equal(1, code);
        Assert.Contains("1 of 2 features failed", error, StringComparison.Ordinal);
        Assert.Equal(["revoked"], await KeyStatesAsync(gateway));
    }

    [Theory]
    [InlineData("There is no provider 'nobody'", "nobody")]
    [InlineData("--client is 'telegraph'", "sim", "--client", "telegraph")]
    [InlineData("--only names 'flying'", "sim", "--only", "flying")]
    public async Task BadUsage_SaysWhatCanBe(string said, params string[] arguments)
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Providers);

        var (code, output, error) = await InvokeAsync(gateway, arguments);

        Assert.Equal((2, ""), (code, output));
        Assert.Contains(said, error, StringComparison.Ordinal);
    }

    private static async Task<string[]> KeyStatesAsync(GatewayUnderTest gateway)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/admin/api/keys");
        request.Headers.Authorization = new System.Net.Http.Headers.AuthenticationHeaderValue("Bearer", GatewayUnderTest.AdminKey);
        var keys = (await gateway.SendAsync(request)).Json.GetProperty("keys").EnumerateArray();
        return [.. keys.Where(key => key.GetProperty("user").GetString() == "conformance").Select(key => key.GetProperty("state").GetString()!)];
    }

    private static async Task<(int Code, JsonElement Answer, string Error)> RunAsync(GatewayUnderTest gateway, params string[] arguments)
    {
        var (code, output, error) = await InvokeAsync(gateway, [.. arguments, "--json"]);
        Assert.True(output.Length > 0, error);
        using var document = JsonDocument.Parse(output);
        return (code, document.RootElement.Clone(), error);
    }

    private static Task<(int Code, string Output, string Error)> InvokeAsync(GatewayUnderTest gateway, params string[] arguments) =>
        CapturedConsole.RunAsync(() => CommandTree.RunAsync(
            CommandTree.Build(new Command("serve")),
            ["conformance", .. arguments, "--url", gateway.Url.ToString(), "--admin-key", GatewayUnderTest.AdminKey]));
}
