using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Sluice.EndToEnd.Tests.Recordings;

/// <summary>What an answer says, in words that all formats share. Read by System.Text.Json alone: a second opinion on the product's readers.</summary>
/// <param name="Text">All text, refusals included.</param>
/// <param name="Calls">Tool calls of the client's own tools: name and arguments (as canonical JSON).</param>
/// <param name="Stop"><c>end</c>, <c>length</c>, <c>tools</c> or <c>refusal</c>; null where the answer never finished.</param>
/// <param name="Input">Every input token, cached or not; null where nothing was reported.</param>
/// <param name="CacheRead">Those of <paramref name="Input"/> that came from a cache.</param>
/// <param name="Output">Every output token.</param>
/// <param name="Error">The answer is, or ends in, an error.</param>
internal sealed record Answer(string Text, IReadOnlyList<string> Calls, string? Stop, long? Input, long? CacheRead, long? Output, bool Error)
{
    public bool Equals(Answer? other) => other is not null && Describe() == other.Describe();

    public override int GetHashCode() => Describe().GetHashCode(StringComparison.Ordinal);

    public override string ToString() => Describe();

    private string Describe() => $"stop {Stop}, in {Input} ({CacheRead} cached), out {Output}, error {Error}\n{string.Join('\n', Calls)}\n{Text}";

    /// <summary>Collects an answer piece by piece.</summary>
    internal sealed class Builder
    {
        private readonly StringBuilder _text = new();
        private readonly List<(string Key, string Name, StringBuilder Arguments)> _calls = [];
        private bool _refused;

        public string? Stop { get; set; }

        public long? Input { get; set; }

        public long? CacheRead { get; set; }

        public long? Output { get; set; }

        public bool Error { get; set; }

        public bool HasCalls => _calls.Count > 0;

        public bool HasContent => HasCalls || _text.Length > 0;

        public void Say(string? text) => _text.Append(text);

        public void Refuse(string? text)
        {
            _refused |= !string.IsNullOrEmpty(text);
            Say(text);
        }

        public void Call(string key, string name) => _calls.Add((key, name, new StringBuilder()));

        /// <summary>False where no such call was begun.</summary>
        public bool Argue(string key, string? json)
        {
            var at = _calls.FindLastIndex(c => c.Key == key);
            if (at >= 0)
            {
                _calls[at].Arguments.Append(json);
            }

            return at >= 0;
        }

        /// <summary>One value of a call whose arguments come by path: <c>$.places[0].name</c>.</summary>
        public void Put(string key, string path, JsonElement piece)
        {
            var call = _calls.FindLast(c => c.Key == key);
            var root = call.Arguments.Length > 0 ? JsonNode.Parse(call.Arguments.ToString())! : new JsonObject();
            var steps = path.Replace("[", ".[", StringComparison.Ordinal).TrimStart('$').Split('.', StringSplitOptions.RemoveEmptyEntries);
            var node = root;
            for (var i = 0; i < steps.Length; i++)
            {
                var isLast = i == steps.Length - 1;
                var before = Child(node, steps[i]);
                JsonNode? value = !isLast ? before ?? (steps[i + 1][0] == '[' ? new JsonArray() : new JsonObject())
                    : piece.Text("stringValue") is { } text ? JsonValue.Create(before?.GetValue<string>() + text)
                    : piece.Member("numberValue") is { ValueKind: JsonValueKind.Number } number ? JsonNode.Parse(number.GetRawText())
                    : piece.Member("boolValue") is { ValueKind: JsonValueKind.True or JsonValueKind.False } flag ? JsonValue.Create(flag.GetBoolean())
                    : null;
                if (isLast || before is null)
                {
                    SetChild(node, steps[i], value);
                }

                node = value!;
            }

            call.Arguments.Clear().Append(root.ToJsonString());
        }

        private static JsonNode? Child(JsonNode node, string step) =>
            step[0] != '[' ? node[step] : (JsonArray)node is var list && IndexOf(step) is var at && at < list.Count ? list[at] : null;

        private static void SetChild(JsonNode node, string step, JsonNode? value)
        {
            if (step[0] != '[')
            {
                node[step] = value;
                return;
            }

            var list = (JsonArray)node;
            while (list.Count <= IndexOf(step))
            {
                list.Add(null);
            }

            list[IndexOf(step)] = value;
        }

        private static int IndexOf(string step) => int.Parse(step.AsSpan(1, step.Length - 2), System.Globalization.CultureInfo.InvariantCulture);

        public Answer Build() => new(
            _text.ToString(), [.. _calls.Select(c => c.Name + " " + Canonical(c.Arguments.ToString()))], _refused && Stop == "end" ? "refusal" : Stop, Input, CacheRead, Output, Error);

        private static string Canonical(string json)
        {
            try
            {
                using var document = JsonDocument.Parse(string.IsNullOrWhiteSpace(json) ? "{}" : json);

                // Free text, and broken arguments, wrapped for clients whose tools take objects.
                return document.RootElement.Text("invalid_json") is { } text && document.RootElement.EnumerateObject().Count() == 1 ? text : JsonSerializer.Serialize(document.RootElement);
            }
            catch (JsonException)
            {
                return json;
            }
        }
    }
}

/// <summary>Small readings of JSON that is not always there.</summary>
internal static class Lenient
{
    public static JsonElement Member(this JsonElement holder, string name) =>
        holder.ValueKind == JsonValueKind.Object && holder.TryGetProperty(name, out var value) ? value : default;

    public static string? Text(this JsonElement holder, string name) =>
        holder.Member(name) is { ValueKind: JsonValueKind.String } value ? value.GetString() : null;

    public static long? Count(this JsonElement holder, string name) =>
        holder.Member(name) is { ValueKind: JsonValueKind.Number } value && value.TryGetInt64(out var count) ? count : null;

    public static IEnumerable<JsonElement> Items(this JsonElement holder, string name) =>
        holder.Member(name) is { ValueKind: JsonValueKind.Array } list ? list.EnumerateArray() : [];
}
