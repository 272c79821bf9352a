using System.Text.RegularExpressions;
using Sluice.Testing;

namespace Sluice.Server.Tests.Requirements;

/// <summary>
/// The rows of what Sluice has to do, by their numbers: each is shown by tests whose names begin with its number (or with
/// several, one behind the other), in one of the test projects, or by a benchmark. An F alone is a number of the list of failures; rows of
/// requirements with that letter are written ReqF.
/// </summary>
public sealed partial class RequirementMapTests
{
    // A: named systems and products, from 20 on. C: identifiers of models. D: routing, fallback, resilience. F: errors and diagnosis. I: decisions,
    // checklists, questions.
    private static readonly string[] Rows =
    [
        .. Numbers('A', 20, 24), .. Numbers('C', 1, 13), .. Numbers('D', 1, 31), .. Numbers('F', 1, 37), .. Numbers('I', 12, 15), .. Numbers('I', 23, 39), .. Numbers('I', 64, 70),
    ];

    // What a test would only measure on the machine that it happens to run on.
    private static readonly Dictionary<string, string> Measured = new(StringComparer.Ordinal)
    {
        ["D26"] = "bench/Sluice.Bench.Load/Scenarios.cs",
    };

    [Fact]
    public void EveryRow_IsShownOrMeasured()
    {
        var tested = Tested();
        Assert.All(Rows, row => Assert.True(tested.Contains(row) != Measured.ContainsKey(row), $"No test {row}_…, or one beside its benchmark."));
    }

    [Fact]
    public void EveryMeasuredRow_HasItsBenchmark() =>
        Assert.All(Measured.Values, path => Assert.True(File.Exists(Path.Combine(RepositoryRoot.Path, path)), path));

    private static IEnumerable<string> Numbers(char letter, int first, int last) => Enumerable.Range(first, last - first + 1).Select(number => $"{letter}{number}");

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
