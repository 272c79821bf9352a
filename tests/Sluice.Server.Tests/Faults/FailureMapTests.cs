using System.Globalization;
using System.Text.RegularExpressions;
using Sluice.Testing;

namespace Sluice.Server.Tests.Faults;

/// <summary>
/// The list of forty failures seen in other gateways: each has tests whose names begin with its number, in one of the test projects, or stands
/// here with the reason why it cannot happen yet.
/// </summary>
public sealed partial class FailureMapTests
{
    private const int Failures = 40;

    private static readonly Dictionary<int, string> Without = new()
    {
        [6] = "Gemini's thought signatures: Gemini is not spoken yet.",
        [9] = "Codex's freeform tools and events: the Responses surface does not exist yet.",
        [11] = "Schemas that Gemini refuses: Gemini is not spoken yet, and the Chat wire takes schemas as they are.",
        [23] = "Budgets that overshoot: there are no budgets yet.",
        [24] = "Reservations that leak: there are no reservations yet.",
        [30] = "Retention that loads the log: nothing is pruned yet.",
        [31] = "Rate limits over several nodes: there are no limits of Sluice's own yet.",
    };

    [Fact]
    public void EveryFailure_HasATest_OrAReason()
    {
        var tested = new HashSet<int>();
        foreach (var file in Directory.EnumerateFiles(Path.Combine(RepositoryRoot.Path, "tests"), "*.cs", SearchOption.AllDirectories))
        {
            foreach (Match match in Numbered().Matches(File.ReadAllText(file)))
            {
                tested.Add(int.Parse(match.Groups["n"].ValueSpan, CultureInfo.InvariantCulture));
            }
        }

        for (var failure = 1; failure <= Failures; failure++)
        {
            Assert.True(tested.Contains(failure) != Without.ContainsKey(failure),
                tested.Contains(failure) ? $"Failure {failure} has tests now: its reason is stale." : $"Failure {failure} has no test and no reason.");
        }
    }

    [GeneratedRegex(@"public (?:async Task|void) F(?<n>\d\d)_", RegexOptions.NonBacktracking)]
    private static partial Regex Numbered();
}
