using System.Text.Encodings.Web;
using System.Text.Json;
using Sluice.Protocols.Conversation;
using Sluice.Protocols.Degradations;

namespace Sluice.Protocols.Anthropic;

/// <summary>Words of the wire that several readers and writers share.</summary>
internal static class AnthropicWords
{
    /// <summary>Text is escaped only where JSON demands it: bodies stay short, and nobody pastes them into HTML.</summary>
    public static readonly JsonWriterOptions Relaxed = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>From <c>stop_reason</c>; words from a newer version of the API count as a normal end.</summary>
    public static StopReason ToStopReason(string? word) => word switch
    {
        "tool_use" => StopReason.ToolUse,
        "max_tokens" => StopReason.MaxTokens,
        "stop_sequence" => StopReason.StopSequence,
        "model_context_window_exceeded" => StopReason.ContextFull,
        "refusal" => StopReason.Refusal,
        "pause_turn" => StopReason.Pause,
        _ => StopReason.EndTurn,
    };

    /// <summary>To <c>stop_reason</c>.</summary>
    public static string FromStopReason(StopReason reason) => reason switch
    {
        StopReason.EndTurn => "end_turn",
        StopReason.ToolUse => "tool_use",
        StopReason.MaxTokens => "max_tokens",
        StopReason.StopSequence => "stop_sequence",
        StopReason.ContextFull => "model_context_window_exceeded",
        StopReason.Refusal => "refusal",
        StopReason.Pause => "pause_turn",
        _ => throw new ArgumentOutOfRangeException(nameof(reason), reason, message: null),
    };

    /// <summary>
    /// The presence of calls decides, not the upstream's word: a client runs no tool after <c>end_turn</c>, and after <c>tool_use</c> without a
    /// call it has nothing to send and asks again for ever.
    /// </summary>
    public static StopReason Consistent(StopReason reason, bool hasCalls) => reason switch
    {
        StopReason.EndTurn when hasCalls => StopReason.ToolUse,
        StopReason.ToolUse when !hasCalls => StopReason.EndTurn,
        _ => reason,
    };

    /// <summary>An id in Anthropic's spelling, from whatever the upstream gave: <c>msg_</c> and what of it may stand in one.</summary>
    public static string MessageId(string? upstreamId, string fallback)
    {
        var id = string.IsNullOrEmpty(upstreamId) ? fallback : upstreamId;
        return id.StartsWith("msg_", StringComparison.Ordinal) ? id : "msg_" + FeatureWords.Clean(id, 60);
    }

    /// <summary>Writes <c>cache_control</c> where there is a mark.</summary>
    public static void WriteCache(Utf8JsonWriter json, CacheMark? mark)
    {
        if (mark is not null)
        {
            json.WriteStartObject("cache_control"u8);
            json.WriteString("type"u8, "ephemeral"u8);
            if (mark.Ttl is not null)
            {
                json.WriteString("ttl"u8, mark.Ttl);
            }

            json.WriteEndObject();
        }
    }
}
