using System.Text.RegularExpressions;
using Sluice.Testing;

namespace Sluice.Server.Tests.Requirements;

/// <summary>
/// The rows of what Sluice has to do, by their numbers: each is shown by tests whose names begin with its number, in one of the test projects,
/// or stands here with the reason why nothing can show it yet.
/// </summary>
public sealed partial class RequirementMapTests
{
    // A: named systems and products. C: identifiers of models. D: routing, fallback, resilience.
    private static readonly string[] ShownOfACD =
    [
        "A20", "A21",
        "D1", "D2", "D4", "D5", "D6", "D7", "D8", "D9", "D10", "D12", "D13", "D16",
    ];

    // F: errors and diagnosis. I: decisions, checklists, questions.
    private static readonly string[] ShownOfFI = [];

    private static readonly Dictionary<string, string> NotYetOfACD = new(StringComparer.Ordinal)
    {
        ["A22"] = "Keys, usage and rankings in a browser: there is no console yet.",
        ["A24"] = "A burst from a pipeline: there are no queues and no caps of a key yet.",
        ["D27"] = "Calls at once: nothing caps or queues them yet.",
        ["D28"] = "A pause between calls: nothing paces them yet.",
        ["D29"] = "Foreground before background: there are no queues yet.",
        ["D30"] = "Shares of sessions: there are no queues yet.",
        ["D31"] = "Shares of users: there are no queues yet.",
    };

    private static readonly Dictionary<string, string> NotYetOfFI = new(StringComparer.Ordinal);

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

    private static HashSet<string> Tested() =>
        (from file in Directory.EnumerateFiles(Path.Combine(RepositoryRoot.Path, "tests"), "*.cs", SearchOption.AllDirectories)
         from Match match in Numbered().Matches(File.ReadAllText(file))
         select match.Groups["row"].Value).ToHashSet(StringComparer.Ordinal);

    [GeneratedRegex(@"public (?:static )?(?:async Task|Task|void) (?<row>[A-I]\d{1,3})_\w+", RegexOptions.NonBacktracking)]
    private static partial Regex Numbered();
}
