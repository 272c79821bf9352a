using System.Runtime.InteropServices;
using System.Text.Encodings.Web;
using System.Text.Json;
using Sluice.Protocols.Conversation;
using Sluice.Protocols.Json;

namespace Sluice.Protocols.BedrockConverse;

/// <summary>Words and small readings of the wire that several readers and writers share.</summary>
internal static class ConverseWords
{
    /// <summary>Text is escaped only where JSON demands it.</summary>
    public static readonly JsonWriterOptions Relaxed = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>From <c>stopReason</c>; words from a newer version of the API count as a normal end.</summary>
    public static StopReason ToStopReason(string? word) => word switch
    {
        "tool_use" => StopReason.ToolUse,
        "max_tokens" => StopReason.MaxTokens,
        "stop_sequence" => StopReason.StopSequence,
        "guardrail_intervened" or "content_filtered" or "refusal" => StopReason.Refusal,
        "model_context_window_exceeded" => StopReason.ContextFull,
        _ => StopReason.EndTurn,
    };

    /// <summary>The presence of calls decides, not the upstream's word: after <c>end_turn</c> no client runs a tool.</summary>
    public static StopReason Consistent(StopReason reason, bool hasCalls) => reason switch
    {
        StopReason.EndTurn when hasCalls => StopReason.ToolUse,
        StopReason.ToolUse when !hasCalls => StopReason.EndTurn,
        _ => reason,
    };

    /// <summary>A string member; null where it is missing or no string.</summary>
    public static string? Text(JsonElement element, ReadOnlySpan<byte> name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? LenientText.Read(value) : null;

    /// <summary>A member that is an object.</summary>
    public static bool TryObject(JsonElement element, ReadOnlySpan<byte> name, out JsonElement value)
    {
        value = default;
        return element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out value) && value.ValueKind == JsonValueKind.Object;
    }

    /// <summary>The value's own bytes.</summary>
    public static RawJson Raw(JsonElement value) => RawJson.Copy(JsonMarshal.GetRawUtf8Value(value));
}
