using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Sluice.Protocols.Json;

namespace Sluice.Protocols.Gemini;

/// <summary>
/// Puts together the arguments that Vertex streams in pieces:
/// <c>{"jsonPath":"$.recipe.ingredients[0].name","stringValue":"Lasagna","willContinue":true}</c>. Pieces of one string follow each other.
/// </summary>
internal sealed class PartialArguments
{
    // A peer names places in a tree: depth, list length and pieces are bounded.
    private const int MaxSteps = 64;
    private const int MaxIndex = 4096;
    private const int MaxText = 8 * 1024 * 1024;

    private readonly Dictionary<string, StringBuilder> _texts = new(StringComparer.Ordinal);
    private JsonObject? _root;
    private int _length;

    /// <summary>No piece has come.</summary>
    public bool IsEmpty => _root is null;

    /// <summary>Forgets all pieces.</summary>
    public void Clear()
    {
        _root = null;
        _length = 0;
        _texts.Clear();
    }

    /// <summary>Takes one piece; one whose path cannot be followed is passed over.</summary>
    public void Add(JsonElement piece)
    {
        if (GeminiJson.Text(piece, "jsonPath") is not { } path || Steps(path) is not { Count: > 0 } steps)
        {
            return;
        }

        _root ??= [];
        if (GeminiJson.TryGet(piece, "stringValue", out var text) && text.ValueKind == JsonValueKind.String)
        {
            var more = LenientText.Read(text);
            if ((_length += more.Length) > MaxText)
            {
                return;
            }

            if (!_texts.TryGetValue(path, out var whole))
            {
                _texts.Add(path, whole = new StringBuilder());
            }

            Set(steps, JsonValue.Create(whole.Append(more).ToString()));
        }
        else if (GeminiJson.TryGet(piece, "numberValue", out var number) && number.ValueKind == JsonValueKind.Number)
        {
            // Vertex counts in doubles: 5.0 for a whole number would fail the tool's own check.
            Set(steps, GeminiJson.Integer(number) is { } integer ? JsonValue.Create(integer) : JsonNode.Parse(number.GetRawText()));
        }
        else if (GeminiJson.TryGet(piece, "boolValue", out var flag) && flag.ValueKind is JsonValueKind.True or JsonValueKind.False)
        {
            Set(steps, JsonValue.Create(flag.ValueKind == JsonValueKind.True));
        }
        else if (piece.TryGetProperty("nullValue"u8, out _) || piece.TryGetProperty("null_value"u8, out _))
        {
            Set(steps, null);
        }
    }

    /// <summary>The arguments so far.</summary>
    public RawJson ToJson() => RawJson.FromText((_root ?? []).ToJsonString());

    private void Set(List<object> steps, JsonNode? value)
    {
        JsonNode node = _root!;
        for (var i = 0; i < steps.Count; i++)
        {
            var last = i == steps.Count - 1;
            switch (steps[i], node)
            {
                case (string name, JsonObject map) when last:
                    map[name] = value;
                    return;
                case (string name, JsonObject map):
                    node = map[name] ??= Holder(steps[i + 1]);
                    break;
                case (int index, JsonArray list):
                    while (list.Count <= index)
                    {
                        list.Add(null);
                    }

                    if (last)
                    {
                        list[index] = value;
                        return;
                    }

                    node = list[index] ??= Holder(steps[i + 1]);
                    break;
                default:
                    return;
            }
        }
    }

    private static JsonNode Holder(object next) => next is int ? new JsonArray() : new JsonObject();

    // $.a.b[0].c and $['a b'][0]
    private static List<object>? Steps(string path)
    {
        var steps = new List<object>();
        var at = path.StartsWith('$') ? 1 : 0;
        while (at < path.Length && steps.Count <= MaxSteps)
        {
            if (path[at] == '.')
            {
                at++;
            }
            else if (path[at] == '[')
            {
                var end = path.IndexOf(']', at);
                if (end < 0)
                {
                    return null;
                }

                var inner = path[(at + 1)..end];
                at = end + 1;
                if (int.TryParse(inner, NumberStyles.None, CultureInfo.InvariantCulture, out var index))
                {
                    if (index > MaxIndex)
                    {
                        return null;
                    }

                    steps.Add(index);
                }
                else
                {
                    steps.Add(inner.Trim('\'', '"'));
                }
            }
            else
            {
                var end = path.AsSpan(at).IndexOfAny('.', '[');
                var name = end < 0 ? path[at..] : path.Substring(at, end);
                steps.Add(name);
                at += name.Length;
            }
        }

        return steps.Count > MaxSteps ? null : steps;
    }
}
