using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Sluice.Commands;
using Xunit;

namespace Sluice.Server.Tests.Admin;

/// <summary><c>sluice drill</c> on configurations whose real addresses lead nowhere: what answers can only be a simulator. In the collection of <see cref="CommandTests"/>: it captures the console.</summary>
[Collection(nameof(CommandTests))]
[Trait("Category", "Heavy")]
public sealed class DrillCommandTests : IDisposable
{
    // Port 1 refuses; a call that went there would show as a fault of the provider that is not broken.
    private const string Providers = """
        providers:
          - { name: first, kind: anthropic, base_url: "http://127.0.0.1:1", api_keys: [first-key] }
          - { name: second, kind: openai, base_url: "http://127.0.0.1:1/v1", api_keys: [second-key] }
        models:
          - { id: x/both, endpoints: [{ provider: first, model: m, price: { input: 1, output: 2 } }, { provider: second, model: m, price: { input: 1, output: 2 } }] }
          - { id: x/alone, endpoints: [{ provider: first, model: n, price: { input: 1, output: 2 } }] }
        """;

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("sluice-drill-test-");

    public void Dispose() => _folder.Delete(recursive: true);

    // Each drill: 4 clients × 3 turns.
    [Theory]
    [InlineData("outage", 12)]
    [InlineData("rate-limit", 12)]
    [InlineData("overload", 12)]
    [InlineData("slow", 12)]
    [InlineData("dead-key", 12)]
    public async Task ModelWithASecondProvider_IsAnsweredThroughEveryDrill(string scenario, int requests)
    {
        var (code, drill) = await RunAsync(scenario, "--provider", "first", "--model", "x/both");

        Assert.Equal(0, code);
        Assert.Equal((requests, requests), (Number(drill, "requests"), Number(drill, "clean")));
        Assert.True(Number(drill, "rescued") > 0);
        Assert.True(Number(drill, "calls_to_broken") > 0);
        Assert.True(Number(drill, "calls_to_others") >= requests);
        Assert.Empty(drill.GetProperty("missing").EnumerateArray());
    }

    [Fact]
    public async Task MidStream_CutBehindContent_IsToldAndIsNobodysFallback()
    {
        var (code, drill) = await RunAsync("mid-stream", "--provider", "first", "--model", "x/both");

        Assert.Equal(0, code);
        Assert.Equal(12, Number(drill, "clean") + Number(drill, "cut_short"));
        Assert.Equal((0, 0), (Number(drill, "unexpected"), drill.GetProperty("refused").EnumerateObject().Count()));
    }

    [Theory]
    [InlineData("outage", "502")]
    [InlineData("rate-limit", "429")]
    [InlineData("slow", "504")]
    public async Task ModelWithoutASecondProvider_FailsAndTheMissingFallbackIsNamed(string scenario, string status)
    {
        var (code, drill) = await RunAsync(scenario, "--provider", "first", "--model", "x/alone");

        Assert.Equal(1, code);
        Assert.Equal((0, 0), (Number(drill, "clean"), Number(drill, "calls_to_others")));
        Assert.Contains(drill.GetProperty("refused").EnumerateObject(), entry => entry.Name == status);
        Assert.Contains("x/alone: nothing but first serves it", Assert.Single(drill.GetProperty("missing").EnumerateArray()).GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Everything_RunsEachScenarioAtEachProvider()
    {
        var (_, answer) = await RunAllAsync("everything", "--model", "x/both");

        var ran = answer.GetProperty("drills").EnumerateArray().Select(one => $"{one.GetProperty("provider")} {one.GetProperty("scenario")}");
        Assert.Equal(
            from provider in (string[])["first", "second"]
            from scenario in (string[])["outage", "rate-limit", "overload", "slow", "mid-stream", "dead-key"]
            select $"{provider} {scenario}",
            ran);
    }

    [Fact]
    public async Task Cost_IsTheLedgersAndTheWasteIsPartOfIt()
    {
        // Silence is charged: the request was taken.
        var (_, drill) = await RunAsync("slow", "--provider", "first", "--model", "x/both");

        var (cost, waste) = (Usd(drill, "cost_usd"), Usd(drill, "waste_usd"));
        Assert.True(waste > 0 && cost > waste, drill.ToString());
    }

    [Fact]
    public async Task WithoutJson_SaysWhatClientsSawAndWhatIsMissing()
    {
        var (code, output, _) = await InvokeAsync("outage", "--provider", "first", "--model", "x/alone");

        Assert.Equal(1, code);
        Assert.Contains("outage: first refuses connections or answers 502 from its edge", output, StringComparison.Ordinal);
        Assert.Contains("missing     x/alone: nothing but first serves it.", output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("There is no drill 'fire'", "fire")]
    [InlineData("There is no provider 'nobody'; there are first, second.", "outage", "--provider", "nobody")]
    [InlineData("Nothing here serves the model 'no/such'", "outage", "--model", "no/such")]
    public async Task BadUsage_SaysWhatCanBe(string said, params string[] arguments)
    {
        var (code, output, error) = await InvokeAsync(arguments);

        Assert.Equal((2, ""), (code, output));
        Assert.Contains(said, error, StringComparison.Ordinal);
    }

    private static int Number(JsonElement drill, string member) => drill.GetProperty(member).GetInt32();

    private static decimal Usd(JsonElement drill, string member) => decimal.Parse(drill.GetProperty(member).GetString()!, CultureInfo.InvariantCulture);

    private async Task<(int Code, JsonElement Drill)> RunAsync(params string[] arguments)
    {
        var (code, answer) = await RunAllAsync(arguments);
        return (code, Assert.Single(answer.GetProperty("drills").EnumerateArray()));
    }

    private async Task<(int Code, JsonElement Answer)> RunAllAsync(params string[] arguments)
    {
        var (code, output, error) = await InvokeAsync([.. arguments, "--json"]);
        Assert.True(output.Length > 0, error);
        using var document = JsonDocument.Parse(output);
        return (code, document.RootElement.Clone());
    }

    private async Task<(int Code, string Output, string Error)> InvokeAsync(params string[] arguments)
    {
        var file = Path.Combine(_folder.FullName, "sluice.yaml");
        await File.WriteAllTextAsync(file, Providers);
        return await CapturedConsole.RunAsync(() => CommandTree.RunAsync(CommandTree.Build(new Command("serve")), ["drill", .. arguments, "--config", file]));
    }
}
