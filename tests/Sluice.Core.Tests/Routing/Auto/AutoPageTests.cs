using System.Text.RegularExpressions;
using Sluice.Core.Routing.Auto;
using Sluice.Core.Tests.Configuration;
using Sluice.Protocols;
using Sluice.Testing;
using Xunit;

namespace Sluice.Core.Tests.Routing.Auto;

/// <summary>What the page about auto says happens.</summary>
public sealed partial class AutoPageTests
{
    private static readonly string Page = File.ReadAllText(Path.Combine(RepositoryRoot.Path, "docs", "auto.md"));

    public static TheoryData<string, string, string> Examples
    {
        get
        {
            var data = new TheoryData<string, string, string>();
            foreach (Match row in Example().Matches(Page))
            {
                data.Add(row.Groups["prompt"].Value, row.Groups["task"].Value, row.Groups["why"].Value);
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Examples))]
    public void Page_EveryExample_IsToldAsItSays(string prompt, string task, string why)
    {
        var verdict = TaskBodies.Classify(WireProtocol.OpenAIChat, TaskBodies.Chat(prompt));

        Assert.Equal((task, why), (TaskKinds.WordOf(verdict.Task), verdict.Why));
    }

    [Fact]
    public void Page_HasExamplesOfEveryTask() =>
        Assert.Equal(TaskKinds.Words.Order(), Example().Matches(Page).Select(row => row.Groups["task"].Value).Distinct().Order());

    [Fact]
    public void Page_EveryConfiguration_Loads() =>
        Assert.All(Boxes().Matches(Page).Select(box => box.Groups["yaml"].Value), yaml =>
            Assert.NotNull(Configs.Good("providers: [{ name: openrouter, kind: openrouter, api_keys: [k] }, { name: mistral, kind: openai, base_url: https://api.mistral.ai/v1, api_keys: [k] }]\n" + yaml)));

    [Fact]
    public void Page_ThePlugin_IsUnderstood()
    {
        var body = Plugin().Match(Page).Groups["json"].Value;
        var bytes = System.Text.Encoding.UTF8.GetBytes(body);
        var read = AutoRestrictions.Read(Protocols.Native.EnvelopeScanner.Scan(WireProtocol.OpenAIChat, bytes).Envelope!, bytes);

        Assert.Null(read.Error);
        Assert.Equal(["openai/*", "mistralai/*"], read.Restrictions.Allowed);
        Assert.Equal(["*nano*"], read.Restrictions.Excluded);
        Assert.Equal(0d, read.Restrictions.Cost);
    }

    [Fact]
    public void Page_EveryName_IsListed() =>
        Assert.All(ChosenModels.Names, name => Assert.Contains($"`{name.Name}`", Page, StringComparison.Ordinal));

    [GeneratedRegex(@"^\| (?<prompt>[^`|]+) \| (?<task>simple|code|hard|bulk) \| (?<why>[^|]+) \|$", RegexOptions.Multiline | RegexOptions.CultureInvariant, 5000)]
    private static partial Regex Example();

    [GeneratedRegex("```yaml\n(?<yaml>.*?)```", RegexOptions.Singleline | RegexOptions.CultureInvariant, 5000)]
    private static partial Regex Boxes();

    [GeneratedRegex("```json\n(?<json>.*?)```", RegexOptions.Singleline | RegexOptions.CultureInvariant, 5000)]
    private static partial Regex Plugin();
}
