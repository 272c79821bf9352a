using System.Globalization;
using System.Text;
using System.Text.Json;
using Spectre.Console;

namespace Sluice.Commands;

/// <summary>What commands print.</summary>
internal static class Output
{
    // A pipe has no width; Spectre would take 80 columns and cut.
    private const int PipeWidth = 400;

    private static readonly JsonWriterOptions Indented = new() { Indented = true, Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>JSON alone, as the API answered, indented.</summary>
    public static void Json(JsonElement element)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer, Indented))
        {
            element.WriteTo(json);
        }

        Console.Out.WriteLine(Encoding.UTF8.GetString(buffer.GetBuffer(), 0, (int)buffer.Length));
    }

    public static void Line(string text) => Console.Out.WriteLine(text);

    /// <summary>A table; a column whose name starts with <c>#</c> is aligned to the right, without the sign.</summary>
    public static void Table(IReadOnlyList<string> columns, IEnumerable<IReadOnlyList<string>> rows)
    {
        var table = new Table { Border = TableBorder.Simple };
        foreach (var column in columns)
        {
            var right = column.StartsWith('#');
            var header = new TableColumn(new Text(right ? column[1..] : column)) { NoWrap = true };
            table.AddColumn(right ? header.RightAligned() : header);
        }

        foreach (var row in rows)
        {
            // Text, never markup: names come from people.
            table.AddRow(row.Select(cell => new Text(cell)).ToArray());
        }

        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Out) });
        if (Console.IsOutputRedirected)
        {
            console.Profile.Width = PipeWidth;
        }

        console.Write(table);
    }

    /// <summary>A member as text; <c>-</c> where it is null or missing.</summary>
    public static string Text(JsonElement element, string member) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(member, out var value) && value.ValueKind is not (JsonValueKind.Null or JsonValueKind.Undefined)
            ? value.ValueKind == JsonValueKind.Array ? string.Join(", ", value.EnumerateArray().Select(entry => entry.ToString())) : value.ToString()
            : "-";

    /// <summary>An integer member with thousands separated.</summary>
    public static string Count(JsonElement element, string member) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(member, out var value) && value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out var number) ? number.ToString("N0", CultureInfo.InvariantCulture) : "-";

    /// <summary>A member that a command cannot do without.</summary>
    /// <exception cref="CommandFailure">It is missing: another version answers. So for the others below.</exception>
    public static JsonElement Member(JsonElement element, string member) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(member, out var value) ? value : throw Strange(member);

    /// <summary>An integer that a command reckons with.</summary>
    public static long Integer(JsonElement element, string member) =>
        Member(element, member) is { ValueKind: JsonValueKind.Number } value && value.TryGetInt64(out var number) ? number : throw Strange(member);

    /// <summary>The entries of a list.</summary>
    public static IReadOnlyList<JsonElement> List(JsonElement element, string member) =>
        Member(element, member) is { ValueKind: JsonValueKind.Array } value ? [.. value.EnumerateArray()] : throw Strange(member);

    /// <summary>A UTC time to the minute.</summary>
    public static string Time(JsonElement element, string member) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(member, out var value) && value.ValueKind == JsonValueKind.String && value.TryGetDateTimeOffset(out var time)
            ? time.UtcDateTime.ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture)
            : "-";

    /// <summary>Dollars of an exact <c>cost_usd</c>, to four places; the JSON has all nine.</summary>
    public static string Usd(JsonElement element) =>
        decimal.TryParse(Text(element, "cost_usd"), NumberStyles.Number, CultureInfo.InvariantCulture, out var usd) ? usd.ToString("0.0000", CultureInfo.InvariantCulture) : "-";

    private static CommandFailure Strange(string member) =>
        new($"The answer has no '{member}' that this version knows: the Sluice that serves is of another version. Use the 'sluice' of that version, or --json.");
}
