using System.Globalization;
using System.Text.RegularExpressions;
using Sluice.Core.Routing;
using Sluice.Protocols.Native;
using Sluice.Testing;

namespace Sluice.Core.Tests.Routing.Rules;

/// <summary>The reference page of the rules, taken apart: configurations with the requests that follow them, and mistakes with what is said of them.</summary>
internal static partial class RulesPage
{
    private static readonly string[] Days = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

    // A Sunday, 2026-11-22.
    private static readonly DateTimeOffset Sunday = new(2026, 11, 22, 0, 0, 0, TimeSpan.Zero);

    public static string Text { get; } = File.ReadAllText(Path.Combine(RepositoryRoot.Path, "docs", "rules.md"));

    public static IEnumerable<(string Yaml, string Request, string Outcome)> Requests =>
        from Match pair in Boxes().Matches(Text)
        from line in pair.Groups["requests"].Value.Split('\n', StringSplitOptions.RemoveEmptyEntries)
        let sides = line.Split("=>", 2)
        select (pair.Groups["yaml"].Value, sides[0].Trim(), sides[1].Trim());

    public static IEnumerable<(string When, string Said)> Mistakes =>
        from Match row in MistakeRow().Matches(Text)
        select (row.Groups["when"].Value, row.Groups["said"].Value);

    /// <summary>A request and a moment from a line such as <c>user=dev1 tools at=mon,10:00</c>.</summary>
    public static (RoutingRequest Request, DateTimeOffset At) Read(string line)
    {
        var words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(word => word.Split('=', 2)).ToDictionary(word => word[0], word => word.Length > 1 ? word[1] : "", StringComparer.Ordinal);
        string? Take(string name) => words.Remove(name, out var value) ? value : null;
        long? Number(string name) => Take(name) is { } text ? long.Parse(text, CultureInfo.InvariantCulture) : null;
        var at = Sunday;
        if (Take("at") is { } moment)
        {
            var (day, time) = (moment.Split(',')[0], TimeSpan.Parse(moment.Split(',')[1], CultureInfo.InvariantCulture));
            at = Sunday.AddDays(Array.IndexOf(Days, day)) + time;
        }

        var origin = new RequestOrigin(Take("key") ?? "key1", Take("user") ?? "somebody")
        {
            Team = Take("team"),
            Project = Take("project"),
            Client = Take("client"),
            Role = Take("role"),
            Background = Take("priority") == "background",
            Tags = Take("tags"),
            Session = Take("session"),
        };
        var request = new RoutingRequest(Take("model") ?? "anthropic/claude-sonnet-4.6")
        {
            Origin = origin,
            Session = origin.Session is null ? null : $"{origin.User}\n{origin.Session}",
            Needs = new RequestNeeds(Number("input_tokens") ?? 100, Number("output_tokens"), Take("images") is not null, Take("documents") is not null, Take("tools") is not null, RequestParameters.None)
            {
                Stream = Take("stream") is not null,
            },
        };
        return words.Count == 0 ? (request, at) : throw new InvalidOperationException($"The line has words that mean nothing: {string.Join(", ", words.Keys)}");
    }

    [GeneratedRegex("```yaml\n(?<yaml>.*?)```\n+```requests\n(?<requests>.*?)```", RegexOptions.Singleline | RegexOptions.CultureInvariant, 5000)]
    private static partial Regex Boxes();

    [GeneratedRegex(@"^\| `(?<when>[^`]+)` \| (?<said>found .+) \|$", RegexOptions.Multiline | RegexOptions.CultureInvariant, 5000)]
    private static partial Regex MistakeRow();
}
