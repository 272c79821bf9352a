using System.Text.RegularExpressions;
using Sluice.Testing;

namespace Sluice.Server.Tests.Requirements;

/// <summary>
/// The rows of what Sluice has to do, by their numbers: each is shown by tests whose names begin with its number (or with
/// several, one behind the other), in one of the test projects, or stands here with the reason why nothing can show it yet. An F alone is a
/// number of the list of failures; rows of requirements with that letter are written ReqF.
/// </summary>
public sealed partial class RequirementMapTests
{
    // A: named systems and products, from 20 on. C: identifiers of models. D: routing, fallback, resilience.
    private static readonly string[] ShownOfACD =
    [
        "A20", "A21", "A23",
        "C1", "C2", "C3", "C4", "C5", "C6", "C7", "C8", "C10", "C11", "C12", "C13",
        "D1", "D2", "D3", "D4", "D5", "D6", "D7", "D8", "D9", "D10", "D11", "D12", "D13", "D14", "D15", "D16", "D17", "D18", "D19", "D20", "D21", "D23", "D24", "D25",
    ];

    // F: errors and diagnosis. I: decisions, checklists, questions.
    private static readonly string[] ShownOfFI =
    [
        "F3", "F4", "F5", "F6", "F7", "F8", "F9", "F11", "F12", "F13", "F14", "F15", "F16", "F17", "F18", "F20", "F21", "F22", "F23", "F25", "F26", "F27", "F32", "F33",
        "F34", "F35", "F37",
        "I31", "I32", "I33", "I34", "I35", "I39", "I64", "I65", "I66", "I67", "I68", "I69",
    ];

    private static readonly Dictionary<string, string> NotYetOfACD = new(StringComparer.Ordinal)
    {
        ["A22"] = "Keys, usage and rankings in a browser: there is no console yet.",
        ["A24"] = "A burst from a pipeline: there are no queues and no caps of a key yet.",
        ["C9"] = "A model chosen by the prompt: nothing reads prompts for that yet; rules choose by facts.",
        ["D22"] = "Four tasks to four models: nothing tells the task of a prompt yet.",
        ["D27"] = "Calls at once: nothing caps or queues them yet.",
        ["D28"] = "A pause between calls: nothing paces them yet.",
        ["D29"] = "Foreground before background: there are no queues yet.",
        ["D30"] = "Shares of sessions: there are no queues yet.",
        ["D31"] = "Shares of users: there are no queues yet.",
    };

    // Shown by tests but for what stands here.
    private static readonly Dictionary<string, string> PartsNotYetOfACD = new(StringComparer.Ordinal)
    {
        ["A23"] = "A look at who can be reached: it is known from traffic alone, nothing probes a provider that nobody asks for.",
        ["C12"] = "Days of ending in the built-in list, and a refusal that names what has ended: the file alone says when a model ends.",
        ["C7"] = "The allowance of free models by the minute and the day: there are no limits of Sluice's own yet.",
        ["D17"] = "A kept answer and a shortened conversation in the place of a fresh one: there is no cache of answers, and nothing shortens.",
    };

    // What a test would only measure on the machine that it happens to run on.
    private static readonly Dictionary<string, string> Measured = new(StringComparer.Ordinal)
    {
        ["D26"] = "bench/Sluice.Bench.Load/Scenarios.cs",
    };

    private static readonly Dictionary<string, string> NotYetOfFI = new(StringComparer.Ordinal)
    {
        ["F1"] = "The words of a limit of Sluice's own: there are none yet.",
        ["F2"] = "Words of such a limit that the operator chooses: there are none yet.",
        ["F10"] = "A 429 of Sluice's own: there are no limits yet; those of providers name their provider (F11).",
        ["F19"] = "A quota that an organization shares: Sluice keeps no quotas yet; a provider's own is told as quota_exhausted.",
        ["F24"] = "A diagnosis that walks key, quota, provider: there is neither `sluice doctor` nor a route for it yet; `sluice explain` tells of one request.",
        ["F28"] = "What a balance can pay for: there are no balances yet.",
        ["F29"] = "Guardrails and budgets that answer 403: there are neither yet; a model that the key may not use is a 403 of its own kind.",
        ["F30"] = "A deadline of a whole request with 408: there is none yet; an attempt's own ends with 504 (F8).",
        ["F31"] = "Sluice's own 429 on all its limits: there are none yet.",
        ["F36"] = "A trend of errors over weeks: the report counts them by day, and nothing looks for what recurs yet.",
        ["I12"] = "Advice from 429s that recur weekly: there is no advisor yet.",
        ["I13"] = "Advice from spending without a tag: there is no advisor yet.",
        ["I14"] = "Minutes of outage that failover bridged: there is no advisor yet.",
        ["I15"] = "Images, audio and video as answers: only text and vectors are served yet.",
        ["I36"] = "Fair shares of several developers: there are no limits and no queues yet.",
        ["I37"] = "A burst from a pipeline that waits its turn: there are no queues yet.",
        ["I38"] = "Shares of the sessions of one orchestrator: there are no queues yet; the budget of repeats is F37.",
        ["I70"] = "What to do next, in order: there is no `sluice doctor` yet.",
    };

    private static readonly Dictionary<string, string> PartsNotYetOfFI = new(StringComparer.Ordinal)
    {
        ["F7"] = "A call that runs on after its client left and is fetched by its id: nothing detaches yet.",
        ["F25"] = "An address of a page for each error: the pages stand in the tree alone.",
        ["I34"] = "The queue beside the breaker: there are no queues yet, and the checklist says so.",
    };

    [Fact]
    public void EveryShownRow_StillHasATest()
    {
        var tested = Tested();
        Assert.All([.. ShownOfACD, .. ShownOfFI], row => Assert.True(tested.Contains(row), $"No test {row}_… is left."));
    }

    [Fact]
    public void EveryRowThatIsNotBuilt_HasNoTest()
    {
        var tested = Tested();
        Assert.All([.. NotYetOfACD.Keys, .. NotYetOfFI.Keys], row => Assert.False(tested.Contains(row), $"Row {row} has tests now: its reason is stale."));
    }

    [Fact]
    public void EveryRowOfACD_IsShownMeasuredOrNotBuilt_AndOnlyOneOfThese()
    {
        string[] rows =
        [
            .. Enumerable.Range(20, 5).Select(number => $"A{number}"),
            .. Enumerable.Range(1, 13).Select(number => $"C{number}"),
            .. Enumerable.Range(1, 31).Select(number => $"D{number}"),
        ];

        Assert.Equal(rows.Order(StringComparer.Ordinal), ((string[])[.. ShownOfACD, .. NotYetOfACD.Keys, .. Measured.Keys]).Order(StringComparer.Ordinal));
        Assert.Subset(ShownOfACD.ToHashSet(StringComparer.Ordinal), PartsNotYetOfACD.Keys.ToHashSet(StringComparer.Ordinal));
    }

    [Fact]
    public void EveryRowOfFI_IsShownOrNotBuilt_AndOnlyOneOfThese()
    {
        string[] rows =
        [
            .. Enumerable.Range(1, 37).Select(number => $"F{number}"),
            .. ((int[])[.. Enumerable.Range(12, 4), .. Enumerable.Range(31, 9), .. Enumerable.Range(64, 7)]).Select(number => $"I{number}"),
        ];

        Assert.Equal(rows.Order(StringComparer.Ordinal), ((string[])[.. ShownOfFI, .. NotYetOfFI.Keys]).Order(StringComparer.Ordinal));
        Assert.Subset(ShownOfFI.ToHashSet(StringComparer.Ordinal), PartsNotYetOfFI.Keys.ToHashSet(StringComparer.Ordinal));
    }

    [Fact]
    public void EveryMeasuredRow_HasItsBenchmark() =>
        Assert.All(Measured.Values, path => Assert.True(File.Exists(Path.Combine(RepositoryRoot.Path, path)), path));

    private static HashSet<string> Tested() =>
        (from file in Directory.EnumerateFiles(Path.Combine(RepositoryRoot.Path, "tests"), "*.cs", SearchOption.AllDirectories)
         from Match match in Numbered().Matches(File.ReadAllText(file))
         from name in match.Groups["rows"].Value.TrimEnd('_').Split('_')
         let isRow = name.StartsWith("Req", StringComparison.Ordinal)
         where isRow || name[0] != 'F'
         select isRow ? name[3..] : name).ToHashSet(StringComparer.Ordinal);

    [GeneratedRegex(@"public (?:static )?(?:async Task|Task|void) (?<rows>(?:(?:Req)?[A-I]\d{1,3}_)+)[A-Z]\w*", RegexOptions.NonBacktracking)]
    private static partial Regex Numbered();
}
