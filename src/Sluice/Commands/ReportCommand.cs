using System.CommandLine;
using System.Text.Json;

namespace Sluice.Commands;

/// <summary><c>sluice report</c></summary>
internal static class ReportCommand
{
    private static readonly string[] Measures =
    [
        "requests", "attempts", "input_tokens", "cache_read_tokens", "cache_write_5m_tokens", "cache_write_1h_tokens", "output_tokens", "reasoning_tokens",
        "audio_input_tokens", "audio_output_tokens", "web_searches", "cost_usd", "estimated", "unpriced",
    ];

    public static Command Create(AdminClientOptions options)
    {
        var by = new Option<string>("--by") { Description = "user, team, project, model, session, client, provider, cause, hour, day, week or key; several with commas [user]", DefaultValueFactory = _ => "user" };
        var since = new Option<string?>("--since") { Description = "14d, 24h, or a day as 2026-11-01 [30d]" };
        var until = new Option<string?>("--until") { Description = "The same, exclusive [now]" };
        var waste = new Option<bool>("--waste") { Description = "Only what brought no answer" };
        var csv = new Option<bool>("--csv") { Description = "Print CSV" };
        var command = new Command("report", "What was spent, by whom, on what.") { by, since, until, waste, csv };
        return options.Attach(command, async (context, cancellation) =>
        {
            var parsed = context.Parsed;
            if (context.Json && parsed.GetValue(csv))
            {
                throw new CommandFailure("--json and --csv exclude each other.", 2);
            }

            var path = "/report?by=" + Uri.EscapeDataString(parsed.GetRequiredValue(by))
                + Parameter("since", parsed.GetValue(since))
                + Parameter("until", parsed.GetValue(until))
                + (parsed.GetValue(waste) ? "&waste=1" : "");
            var answer = await context.Client.GetAsync(path, cancellation);
            if (context.Json)
            {
                Output.Json(answer);
            }
            else if (parsed.GetValue(csv))
            {
                Csv(answer);
            }
            else
            {
                Table(answer);
            }
        });
    }

    private static string Parameter(string name, string? value) => value is null ? "" : $"&{name}={Uri.EscapeDataString(value)}";

    private static List<string> Dimensions(JsonElement answer) =>
        [.. Output.List(answer, "by").Select(name => name.ToString() is "key" ? "key_id" : name.ToString())];

    private static void Table(JsonElement answer)
    {
        var dimensions = Dimensions(answer);
        var rows = Output.List(answer, "rows").Select(row => Cells(row, dimensions.Select(name => Output.Text(row, name)))).ToList();
        if (rows.Count == 0)
        {
            Output.Line("Nothing was spent in that time.");
            return;
        }

        var total = Output.Member(answer, "total");
        rows.Add(Cells(total, dimensions.Select((_, index) => index == 0 ? "total" : "")));
        Output.Table([.. dimensions, "#requests", "#attempts", "#input", "#cached", "#written", "#output", "#USD", "notes"], rows);
        if (Output.Member(answer, "truncated").ValueKind == JsonValueKind.True)
        {
            Output.Line("There are more rows; the total is of those shown. Ask for less time or fewer dimensions.");
        }
    }

    private static IReadOnlyList<string> Cells(JsonElement row, IEnumerable<string> names) =>
    [
        .. names,
        Output.Count(row, "requests"), Output.Count(row, "attempts"), Output.Count(row, "input_tokens"), Output.Count(row, "cache_read_tokens"),
        (Output.Integer(row, "cache_write_5m_tokens") + Output.Integer(row, "cache_write_1h_tokens")).ToString("N0", System.Globalization.CultureInfo.InvariantCulture),
        Output.Count(row, "output_tokens"), Output.Usd(row), Notes(row),
    ];

    private static string Notes(JsonElement row)
    {
        var estimated = Output.Integer(row, "estimated");
        var unpriced = Output.Integer(row, "unpriced");
        return string.Join(", ", new[] { estimated > 0 ? $"{estimated} estimated" : "", unpriced > 0 ? $"{unpriced} UNPRICED" : "" }.Where(note => note.Length > 0));
    }

    private static void Csv(JsonElement answer)
    {
        var columns = Dimensions(answer).Concat(Measures).ToList();
        Output.Line(string.Join(',', columns));
        foreach (var row in Output.List(answer, "rows"))
        {
            Output.Line(string.Join(',', columns.Select(column => CsvCell(Output.Member(row, column)))));
        }
    }

    private static string CsvCell(JsonElement value)
    {
        var text = value.ValueKind == JsonValueKind.Null ? "" : value.ToString();
        if (value.ValueKind == JsonValueKind.String && text.Length > 0 && text[0] is '=' or '+' or '-' or '@')
        {
            // A spreadsheet would run it: session and client names come from whoever sends requests.
            text = "'" + text;
        }

        return text.AsSpan().ContainsAny(",\"\r\n") ? "\"" + text.Replace("\"", "\"\"", StringComparison.Ordinal) + "\"" : text;
    }
}
