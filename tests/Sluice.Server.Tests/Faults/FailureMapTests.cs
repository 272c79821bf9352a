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
        [30] = "Retention that loads the log: nothing is pruned yet.",
    };

    // Failures with several sides: one test of the number alone would hide that another side is not looked at any more.
    private static readonly Dictionary<string, string> Sides = new(StringComparer.Ordinal)
    {
        ["F04_EachFlushedEvent_"] = "an event leaves when it is flushed, and within 5 ms",
        ["F05_ThinkingReplayed_"] = "signed thinking comes back unchanged, streamed or not",
        ["F05_AnotherCredentialOfTheSameProvider_"] = "also after a failover to another credential",
        ["F15_SilenceLongerThanTheProxysPatience_"] = "keep-alives through a proxy that cuts idle connections",
        ["F15_WithoutKeepAlives_"] = "that proxy cuts",
        ["F15_AllFailAfterKeepAlives_"] = "a failure after keep-alives is told in the stream",
        ["F16_ElevenHundredStalledStreams_"] = "1,100 stalled streams",
        ["F17_AMarkInOnePlace_"] = "cache marks in every place",
        ["F17_FourMarks_"] = "the top level's mark beside others",
        ["F18_OneHundredSends_"] = "the same bytes from two nodes and after restarts",
        ["F18_EachTurnOnAnotherProcess_"] = "a turn begins with the bytes of the last, whoever sent it",
        ["F21_NativeUpstream_"] = "counts of whoever can count",
        ["F21_RecordedCountsOfClaude_"] = "the estimate against recorded counts",
        ["F21_Image"] = "images by their size",
        ["F21_Pdf_"] = "documents",
        ["F21_Thinking_"] = "thinking",
        ["F21_OneHundredAndTenTools_"] = "many tools",
        ["F21_OneMegabyte_"] = "the estimate's speed",
        ["F27_UsageBlock_"] = "hand-computed dollars, streamed or not",
        ["F31_AnyMinute_"] = "no minute holds more than the limit, nor much less; of one node",
        ["F31_ThreeNodes_"] = "of three",
        ["F36_ManyRequestsAndAborts_"] = "nobody sees another's bytes, not even who left early",
        ["F36_HundredsOfLargeRequests_"] = "the live heap does not grow",
    };

    [Fact]
    public void EveryFailure_HasATest_OrAReason()
    {
        var tested = Names().Select(name => int.Parse(name.AsSpan(1, 2), CultureInfo.InvariantCulture)).ToHashSet();
        for (var failure = 1; failure <= Failures; failure++)
        {
            Assert.True(tested.Contains(failure) != Without.ContainsKey(failure),
                tested.Contains(failure) ? $"Failure {failure} has tests now: its reason is stale." : $"Failure {failure} has no test and no reason.");
        }
    }

    [Fact]
    public void EverySideOfAFailure_HasItsTest()
    {
        var names = Names().ToList();
        Assert.All(Sides, side => Assert.True(names.Exists(name => name.StartsWith(side.Key, StringComparison.Ordinal)), $"No test {side.Key}…: {side.Value}."));
    }

    private static IEnumerable<string> Names() =>
        from file in Directory.EnumerateFiles(Path.Combine(RepositoryRoot.Path, "tests"), "*.cs", SearchOption.AllDirectories)
        from Match match in Numbered().Matches(File.ReadAllText(file))
        select match.Groups["name"].Value;

    [GeneratedRegex(@"public (?:async Task|void) (?<name>F\d\d_\w+)", RegexOptions.NonBacktracking)]
    private static partial Regex Numbered();
}
