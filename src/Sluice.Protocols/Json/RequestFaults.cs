using System.Text.Json;
using Sluice.Protocols.Conversation;
using Sluice.Protocols.Errors;

namespace Sluice.Protocols.Json;

/// <summary>
/// Values of an OpenAI client's request that must have a type, and the first one that has not. Reading goes on with defaults, so that no step needs to unwind.
/// </summary>
internal sealed class RequestFaults
{
    /// <summary>The first fault found; null while there is none.</summary>
    public UpstreamError? First { get; private set; }

    /// <summary>Notes a fault at <paramref name="path"/>.</summary>
    public void Fail(string path, string message) =>
        First ??= new UpstreamError(ErrorKind.InvalidRequest, message) { Status = 400, Type = "invalid_request_error", Param = path };

    /// <summary>A string member that may be missing or null.</summary>
    public string? MemberText(JsonElement holder, string name, string path) =>
        holder.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null ? Text(value, path) : null;

    /// <summary>A string member that must be there.</summary>
    public string Required(JsonElement holder, string name, string path)
    {
        if (MemberText(holder, name, path + "." + name) is { } text)
        {
            return text;
        }

        Fail(path + "." + name, "Missing required parameter: '" + path + "." + name + "'.");
        return string.Empty;
    }

    /// <summary>A <c>tool_choice</c> that is one word; null, and a fault, for any other word.</summary>
    public ToolChoice? ChoiceWord(JsonElement value)
    {
        var word = LenientText.Read(value);
        switch (word)
        {
            case "auto": return new ToolChoice(ToolChoiceMode.Auto);
            case "required" or "any": return new ToolChoice(ToolChoiceMode.Any);
            case "none": return new ToolChoice(ToolChoiceMode.None);
            default:
                Fail("tool_choice", "Invalid value: '" + word + "'. Supported values are: 'none', 'auto', and 'required'.");
                return null;
        }
    }

    /// <summary>A string.</summary>
    public string? Text(JsonElement value, string path) => Is(value, JsonValueKind.String, path) ? LenientText.Read(value) : null;

    /// <summary>A boolean, or null.</summary>
    public bool? Flag(JsonElement value, string path)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.True: return true;
            case JsonValueKind.False: return false;
            case JsonValueKind.Null: return null;
            default:
                Fail(path, "Invalid type for '" + path + "': expected a boolean.");
                return null;
        }
    }

    /// <summary>A number.</summary>
    public double? Number(JsonElement value, string path) =>
        Is(value, JsonValueKind.Number, path) && value.TryGetDouble(out var number) && double.IsFinite(number) ? number : null;

    /// <summary>An integer, also spelled <c>16.0</c>.</summary>
    public long? Whole(JsonElement value, string path)
    {
        if (!Is(value, JsonValueKind.Number, path))
        {
            return null;
        }

        if (value.TryGetInt64(out var whole))
        {
            return whole;
        }

        if (value.TryGetDouble(out var number) && number == Math.Truncate(number) && Math.Abs(number) < 1e15)
        {
            return (long)number;
        }

        Fail(path, "Invalid type for '" + path + "': expected an integer.");
        return null;
    }

    /// <summary>The value is of the kind; notes a fault where it is not.</summary>
    public bool Is(JsonElement value, JsonValueKind kind, string path)
    {
        if (value.ValueKind == kind)
        {
            return true;
        }

        Fail(path, "Invalid type for '" + path + "': expected " + Describe(kind) + ", but got " + Describe(value.ValueKind) + " instead.");
        return false;
    }

    private static string Describe(JsonValueKind kind) => kind switch
    {
        JsonValueKind.Object => "an object",
        JsonValueKind.Array => "an array",
        JsonValueKind.String => "a string",
        JsonValueKind.Number => "a number",
        JsonValueKind.True or JsonValueKind.False => "a boolean",
        _ => "null",
    };
}
