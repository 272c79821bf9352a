using System.Text.Json;

namespace Sluice.Commands;

/// <summary>Advice as people read it: the verdicts first, then what each stands on.</summary>
internal static class AdviceText
{
    public static void Show(JsonElement answer)
    {
        Output.Line($"Weeks: {Output.Count(answer, "weeks")}, from {Output.Text(answer, "since")} to before {Output.Text(answer, "until")} (UTC)");
        Section("Verdict", Output.List(answer, "verdicts").Select(verdict => $"{Output.Text(verdict, "advice")}: {Output.Text(verdict, "found")}"));
        Section("Limits run into week after week", Output.List(answer, "recurring_limits").SelectMany(Found).DefaultIfEmpty("None."));
        Trends(Output.List(answer, "trends"));
        Outages(Output.Member(answer, "outages"));
        Errors(Output.Member(answer, "errors"));
        Section("Cost that nothing explains", Found(Output.Member(answer, "spend")));
    }

    private static void Trends(IReadOnlyList<JsonElement> trends)
    {
        Section("Errors week by week, the oldest first", trends.Count > 0 ? [] : ["None."]);
        if (trends.Count > 0)
        {
            Output.Table(
                ["provider", "cause", "pattern", "direction", "by week", "found"],
                trends.Select(trend => (string[])[Output.Text(trend, "provider"), Output.Text(trend, "cause"), Output.Text(trend, "pattern"), Output.Text(trend, "direction"), Output.Text(trend, "by_week"), Output.Text(trend, "found")]));
        }
    }

    private static void Outages(JsonElement outages)
    {
        Section("Outages", [Output.Text(outages, "found")]);
        var listed = Output.List(outages, "outages");
        if (listed.Count > 0)
        {
            Output.Table(
                ["provider", "model", "from", "#minutes", "#bridged", "#passed", "#answered", "#failed"],
                listed.Select(outage => (string[])
                [
                    Output.Text(outage, "provider"), Output.Text(outage, "model"), Output.Time(outage, "from"), Output.Count(outage, "minutes"), Output.Count(outage, "bridged"), Output.Count(outage, "passed"),
                    Output.Count(outage, "answered"), Output.Count(outage, "failed"),
                ]));
        }
    }

    private static void Errors(JsonElement errors)
    {
        Section("Errors that clients were spared", [Output.Text(errors, "found")]);
        var common = Output.List(errors, "most_common");
        if (common.Count > 0)
        {
            Output.Table(["cause", "provider", "#count"], common.Select(error => (string[])[Output.Text(error, "cause"), Output.Text(error, "provider"), Output.Count(error, "count")]));
        }
    }

    private static IEnumerable<string> Found(JsonElement found)
    {
        yield return Output.Text(found, "found");
        if (Output.Text(found, "remedy") is not "-" and var remedy)
        {
            yield return "-> " + remedy;
        }
    }

    private static void Section(string title, IEnumerable<string> lines)
    {
        Output.Line("");
        Output.Line(title);
        foreach (var line in lines)
        {
            Output.Line("  " + line);
        }
    }
}
