using System.Text;
using System.Text.Json;

namespace Sluice.Server.Tests.Kit.Clients;

/// <summary>What of an answer has been read so far.</summary>
internal sealed class AnswerReading
{
    private readonly SortedDictionary<int, (string Id, string Name, StringBuilder Arguments, string? Signature)> _calls = [];

    public StringBuilder Text { get; } = new();

    /// <summary>Input with caches, and output with reasoning; null where nothing was said.</summary>
    public (long Input, long Output)? Usage { get; set; }

    /// <summary>The wire's own word.</summary>
    public string? Stop { get; set; }

    public ErrorRead? Error { get; set; }

    /// <summary>How many errors there were: two events may tell one.</summary>
    public int Errors { get; set; }

    /// <summary>The answer says that it is complete.</summary>
    public bool Ended { get; set; }

    /// <summary>Calls in order of their index, complete or not.</summary>
    public IReadOnlyList<ToolCallRead> Calls => [.. _calls.Values.Select(c => new ToolCallRead(c.Id, c.Name, c.Arguments.ToString()) { Signature = c.Signature })];

    public int CallCount => _calls.Count;

    public void Call(int index, string? id, string? name, string? arguments, string? signature = null)
    {
        if (!_calls.TryGetValue(index, out var call))
        {
            call = ("", "", new StringBuilder(), null);
        }

        call.Arguments.Append(arguments);
        _calls[index] = (id ?? call.Id, name ?? call.Name, call.Arguments, signature ?? call.Signature);
    }

    public static long Number(JsonElement holder, string name) =>
        holder.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out var number) ? number : 0;

    public static string? String(JsonElement holder, string name) =>
        holder.ValueKind == JsonValueKind.Object && holder.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    public static JsonElement Object(JsonElement holder, string name) =>
        holder.ValueKind == JsonValueKind.Object && holder.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Object ? value : default;

    public static IEnumerable<JsonElement> Items(JsonElement holder, string name) =>
        holder.ValueKind == JsonValueKind.Object && holder.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Array ? value.EnumerateArray() : [];
}
