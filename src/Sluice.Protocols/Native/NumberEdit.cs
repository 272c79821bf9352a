using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Sluice.Protocols.Native;

/// <summary>Sets one whole number in a body that passes natively. Reads the whole body: for what is seldom done.</summary>
internal static class NumberEdit
{
    /// <summary>The edit: the value of a member that is there (<c>null</c>, as a rule) is replaced; else the member is put first in its object, which is made where it is missing.</summary>
    /// <param name="body">A JSON object.</param>
    /// <param name="path">Names of the member and of the objects around it, the outermost first.</param>
    /// <param name="number">The value.</param>
    public static IReadOnlyList<BodyEdit> Set(ReadOnlySpan<byte> body, ReadOnlySpan<string> path, long number)
    {
        var start = body.IndexOf((byte)'{');
        var span = new BodySpan(start, body.Length - start);
        for (var depth = 0; ; depth++)
        {
            var inner = body.Slice(span.Start, span.Length);
            if (Find(inner, path[depth]) is not { } value)
            {
                // Missing from here on.
                var comma = IsEmpty(inner) ? "" : ",";
                return [new BodyEdit(new BodySpan(span.Start + 1, 0), Encoding.UTF8.GetBytes(Written(path[depth..], number) + comma))];
            }

            span = value with { Start = span.Start + value.Start };
            if (depth == path.Length - 1 || body[span.Start] != (byte)'{')
            {
                return [new BodyEdit(span, Encoding.UTF8.GetBytes(depth == path.Length - 1 ? Text(number) : "{" + Written(path[(depth + 1)..], number) + "}"))];
            }
        }
    }

    private static BodySpan? Find(ReadOnlySpan<byte> json, string name)
    {
        var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = JsonWalk.MaxDepth, AllowMultipleValues = true });
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var isIt = reader.ValueTextEquals(name);
            reader.Read();
            var start = (int)reader.TokenStartIndex;
            reader.Skip();
            if (isIt)
            {
                return new BodySpan(start, (int)reader.BytesConsumed - start);
            }
        }

        return null;
    }

    private static bool IsEmpty(ReadOnlySpan<byte> json)
    {
        var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = JsonWalk.MaxDepth, AllowMultipleValues = true });
        return reader.Read() && reader.Read() && reader.TokenType == JsonTokenType.EndObject;
    }

    // Names are this code's own: nothing in them needs an escape.
    private static string Written(ReadOnlySpan<string> path, long number) =>
        path.Length == 1 ? $"\"{path[0]}\":{Text(number)}" : $"\"{path[0]}\":{{{Written(path[1..], number)}}}";

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}
