using System.Text;
using System.Text.Json;

namespace Sluice.Commands.Setup;

/// <summary>
/// Edits members of one object in a JSON settings file by replacing spans of its text: order, spacing, comments and members that Sluice knows
/// nothing of stay as they are.
/// </summary>
internal static class SettingsText
{
    private static readonly JsonReaderOptions Lenient = new() { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true };

    /// <summary>The text of <c>member.name</c>; null where it is missing or no text.</summary>
    /// <exception cref="JsonException">Not JSON, or not an object.</exception>
    public static string? Read(byte[] content, string member, string name)
    {
        if (Body(content).Trim(" \t\r\n"u8).IsEmpty)
        {
            return null;
        }

        using var document = JsonDocument.Parse(Body(content).ToArray(), new JsonDocumentOptions { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true });
        return document.RootElement.ValueKind != JsonValueKind.Object
            ? throw new JsonException("The settings are not a JSON object.")
            : document.RootElement.TryGetProperty(member, out var inner) && inner.ValueKind == JsonValueKind.Object
              && inner.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String
                ? value.GetString()
                : null;
    }

    /// <summary>Sets texts in the object <paramref name="member"/>, which is made where it is missing.</summary>
    /// <exception cref="JsonException">Not JSON, not an object, or the member is something else than an object.</exception>
    public static byte[] Set(byte[] content, string member, IReadOnlyList<KeyValuePair<string, string>> values)
    {
        foreach (var (name, value) in values)
        {
            content = Set(content, member, name, Quote(value));
        }

        return content;
    }

    private static byte[] Set(byte[] content, string member, string name, string value)
    {
        var body = Body(content);
        var start = content.Length - body.Length;
        if (body.Trim(" \t\r\n"u8).IsEmpty)
        {
            return Encoding.UTF8.GetBytes($"{{\n  {Quote(member)}: {{\n    {Quote(name)}: {value}\n  }}\n}}\n");
        }

        var root = Find(body, 0, member);
        if (root.Value is not { } inner)
        {
            var unit = root.Indent ?? "  ";
            var line = NewLine(body);
            var block = root.IsOneLine
                ? $"{{{Quote(name)}: {value}}}"
                : $"{{{line}{unit}{unit}{Quote(name)}: {value}{line}{unit}}}";
            return Insert(content, start, root, member, block, line);
        }

        if (body[inner.Start] != (byte)'{')
        {
            throw new JsonException($"\"{member}\" is there, but is no object.");
        }

        var found = Find(body, inner.Start, name);
        return found.Value is { } old
            ? Replace(content, start + old.Start, start + old.End, value)
            : Insert(content, start, found with { Indent = found.Indent ?? (root.Indent ?? "  ") + (root.Indent ?? "  "), OuterIndent = root.Indent ?? "  " }, name, value, NewLine(body));
    }

    private static byte[] Insert(byte[] content, int start, in Place place, string name, string value, string line)
    {
        if (place.LastEnd is { } end)
        {
            var before = place.IsOneLine ? ", " : "," + line + place.Indent;
            return Replace(content, start + end, start + end, $"{before}{Quote(name)}: {value}");
        }

        // An empty object: what stands between its braces is replaced, comments kept.
        var inner = Encoding.UTF8.GetString(content, start + place.Open + 1, place.Close - place.Open - 1).Trim();
        var indent = place.Indent ?? "  ";
        var remark = inner.Length == 0 ? "" : line + indent + inner;
        return Replace(content, start + place.Open + 1, start + place.Close, $"{remark}{line}{indent}{Quote(name)}: {value}{line}{place.OuterIndent}");
    }

    /// <summary>Reads the object at <paramref name="at"/> and finds a member of it.</summary>
    private static Place Find(ReadOnlySpan<byte> body, int at, string name)
    {
        var reader = new Utf8JsonReader(body[at..], Lenient);
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
        {
            throw new JsonException("The settings are not a JSON object.");
        }

        var place = new Place { Open = at + (int)reader.TokenStartIndex, OuterIndent = "" };
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var nameStart = at + (int)reader.TokenStartIndex;
            if (place.LastEnd is null)
            {
                place = place with { Indent = IndentBefore(body, place.Open, nameStart), IsOneLine = !body[place.Open..nameStart].Contains((byte)'\n') };
            }

            var isIt = reader.ValueTextEquals(name);
            reader.Read();
            var valueStart = at + (int)reader.TokenStartIndex;
            reader.Skip();
            var valueEnd = at + (int)reader.BytesConsumed;
            place = place with { LastEnd = valueEnd };
            if (isIt)
            {
                // The last of several counts, as it does for whoever reads the file.
                place = place with { Value = (valueStart, valueEnd) };
            }
        }

        place = place with { Close = at + (int)reader.TokenStartIndex };
        while (at == 0 && reader.Read())
        {
            // To the end, so that damage behind the object is an error before anything is written.
        }

        return place;
    }

    private static string? IndentBefore(ReadOnlySpan<byte> body, int open, int at)
    {
        var line = body[open..at].LastIndexOf((byte)'\n');
        return line < 0 ? null : Encoding.UTF8.GetString(body[(open + line + 1)..at]) is var indent && string.IsNullOrWhiteSpace(indent) ? indent : "  ";
    }

    private static byte[] Replace(byte[] content, int start, int end, string text) =>
        [.. content.AsSpan(0, start), .. Encoding.UTF8.GetBytes(text), .. content.AsSpan(end)];

    private static string NewLine(ReadOnlySpan<byte> body) => body.IndexOf("\r\n"u8) >= 0 ? "\r\n" : "\n";

    private static ReadOnlySpan<byte> Body(byte[] content) => content.AsSpan().StartsWith("\uFEFF"u8) ? content.AsSpan(3) : content;

    private static string Quote(string text) => "\"" + JsonEncodedText.Encode(text, System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping) + "\"";

    /// <summary>Where an object stands in the text, and a member of it.</summary>
    private readonly record struct Place
    {
        public int Open { get; init; }

        public int Close { get; init; }

        public int? LastEnd { get; init; }

        public (int Start, int End)? Value { get; init; }

        public string? Indent { get; init; }

        public string? OuterIndent { get; init; }

        public bool IsOneLine { get; init; }
    }
}
