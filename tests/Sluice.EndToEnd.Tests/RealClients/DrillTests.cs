using System.Text.Json;
using Sluice.Commands.Drills;
using Sluice.Core.Configuration;
using Sluice.Testing;
using Xunit;

namespace Sluice.EndToEnd.Tests.RealClients;

/// <summary>
/// The real agents through every drill, with a second provider that is well: their tool loop takes the two requests that it takes without a fault.
/// One more would be a retry of the client's own, and so a fault that it was left to notice.
/// </summary>
[Trait("Category", Installed.Category)]
public sealed class DrillTests
{
    private const string Claude = "claude-sonnet-4-6";
    private const string Codex = "gpt-5.2-codex";
    private const string Gemini = "gemini-3.1-pro-preview";

    public static TheoryData<string> Scenarios => [.. Scenario.All.Select(one => one.Name)];

    [Theory]
    [MemberData(nameof(Scenarios))]
    public async Task ClaudeCode_ThroughTheDrill_RepeatsNothing(string scenario)
    {
        Installed.OrSkip();
        await using var pair = await BreakAsync(scenario, "anthropic", ProviderKind.Anthropic, Claude);

        var result = await ClaudeCodeClient.RunAsync(new ClaudeCodeRun(pair.Sluice.Url, pair.Sluice.ClientKey) { Retries = null });

        Assert.True(!result.IsError && result.Text?.Contains(ClaudeCodeRun.Marker, StringComparison.Ordinal) == true, $"{result}\n{Story(pair)}");
        await AssertRequestsAsync(pair, 2);
    }

    [Theory]
    [MemberData(nameof(Scenarios))]
    public async Task Codex_ThroughTheDrill_RepeatsNothing(string scenario)
    {
        Installed.OrSkip();
        await using var pair = await BreakAsync(scenario, "openai-responses", ProviderKind.OpenAIResponses, Codex);

        var result = await CodexClient.RunAsync(new CodexRun(pair.Sluice.Url, pair.Sluice.ClientKey, Codex));

        Assert.True(result.ExitCode == 0 && result.Text?.Contains(CodexClient.Marker, StringComparison.Ordinal) == true, $"{result}\n{Story(pair)}");
        await AssertRequestsAsync(pair, 2);
    }

    [Theory]
    [MemberData(nameof(Scenarios))]
    public async Task GeminiCli_ThroughTheDrill_RepeatsNothing(string scenario)
    {
        Installed.OrSkip();
        await using var pair = await BreakAsync(scenario, "gemini", ProviderKind.Gemini, Gemini);

        var result = await GeminiCliClient.RunAsync(new GeminiCliRun(pair.Sluice.Url, pair.Sluice.ClientKey) { Model = Gemini, Attempts = 3 });

        Assert.True(result.ExitCode == 0 && result.Text?.Contains(GeminiCliRun.Marker, StringComparison.Ordinal) == true, $"{result}\n{Story(pair)}");

        // Google's tool calls come whole and are acted on at once: what breaks behind one is behind the commit point, and the client must ask again.
        await AssertRequestsAsync(pair, scenario == "mid-stream" ? 3 : 2);
    }

    private static async Task<ProviderPair> BreakAsync(string scenario, string kind, ProviderKind known, string model)
    {
        var pair = await ProviderPair.StartAsync(kind, kind, firstTokenSeconds: 2, [model]);
        Scenario.All.Single(one => one.Name == scenario).Break(pair.First.Script, new ProviderSettings
        {
            Name = "first",
            Kind = known,
            BaseUrl = pair.First.Address,
            Credentials = [new Credential("first#1", ProviderPair.FirstKey)],
        });
        return pair;
    }

    private static async Task AssertRequestsAsync(ProviderPair pair, int requests)
    {
        var (broken, served) = (pair.First.ModelCalls().Count, pair.Second.ModelCalls().Count);
        Assert.True(broken is 1 or 2 && served == 2, Story(pair));

        using var client = pair.Sluice.CreateClient(pair.Sluice.AdminKey);
        using var report = JsonDocument.Parse(await client.GetStringAsync(new Uri("/admin/api/report?by=model", UriKind.Relative)));
        var total = report.RootElement.GetProperty("total");
        Assert.Equal((requests, broken + served), (total.GetProperty("requests").GetInt32(), total.GetProperty("attempts").GetInt32()));
    }

    private static string Story(ProviderPair pair) => $"--- first\n{pair.First.Describe()}\n--- second\n{pair.Second.Describe()}\n{pair.Sluice.Transcript()}";
}
