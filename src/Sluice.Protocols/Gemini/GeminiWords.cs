using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Sluice.Protocols.Conversation;

namespace Sluice.Protocols.Gemini;

/// <summary>Words of the wire that several readers and writers share.</summary>
internal static class GeminiWords
{
    // Vertex with enum-encoding=int sends the numbers of the proto (google.ai.generativelanguage.v1beta Candidate.FinishReason).
    private static readonly string[] FinishNumbers =
    [
        "FINISH_REASON_UNSPECIFIED", "STOP", "MAX_TOKENS", "SAFETY", "RECITATION", "OTHER", "LANGUAGE", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII", "MALFORMED_FUNCTION_CALL",
        "IMAGE_SAFETY", "UNEXPECTED_TOOL_CALL", "TOO_MANY_TOOL_CALLS",
    ];

    /// <summary>The finish reason's word, also from its number; null where the candidate is not finished.</summary>
    public static string? FinishWord(JsonElement candidate)
    {
        if (!GeminiJson.TryGet(candidate, "finishReason", out var value))
        {
            return null;
        }

        var word = value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var number) ? FinishWord(number) : value.ValueKind == JsonValueKind.String ? value.GetString() : null;
        return word is "" or "FINISH_REASON_UNSPECIFIED" ? null : word;
    }

    /// <summary>The word for a number; null for 0.</summary>
    public static string? FinishWord(int number) => number switch
    {
        0 => null,
        > 0 when number < FinishNumbers.Length => FinishNumbers[number],
        _ => "OTHER",
    };

    /// <summary>From <c>finishReason</c>; words from a newer version of the API count as a normal end.</summary>
    public static StopReason ToStopReason(string word, bool hasCalls) => word switch
    {
        "MAX_TOKENS" => StopReason.MaxTokens,
        _ when IsRefusal(word) => StopReason.Refusal,
        _ => hasCalls ? StopReason.ToolUse : StopReason.EndTurn,
    };

    /// <summary>The answer was filtered.</summary>
    public static bool IsRefusal(string word) => word is "SAFETY" or "PROHIBITED_CONTENT" or "BLOCKLIST" or "SPII" or "RECITATION" or "LANGUAGE"
        or "MODEL_ARMOR" or "IMAGE_SAFETY" or "IMAGE_PROHIBITED_CONTENT" or "IMAGE_RECITATION";

    /// <summary>The model tried to call a tool and failed: no answer, unless something came before.</summary>
    public static bool IsBrokenCall(string word) => word is "MALFORMED_FUNCTION_CALL" or "UNEXPECTED_TOOL_CALL" or "TOO_MANY_TOOL_CALLS" or "MISSING_THOUGHT_SIGNATURE" or "MALFORMED_RESPONSE";

    /// <summary>To <c>finishReason</c>. Gemini has one word for a normal end, tool calls and stop texts.</summary>
    public static string FromStopReason(StopReason reason) => reason switch
    {
        StopReason.EndTurn or StopReason.ToolUse or StopReason.StopSequence or StopReason.Pause => "STOP",
        StopReason.MaxTokens or StopReason.ContextFull => "MAX_TOKENS",
        StopReason.Refusal => "SAFETY",
        _ => throw new ArgumentOutOfRangeException(nameof(reason), reason, message: null),
    };

    /// <summary>An id for a call that came without one: the same place and name make the same id, so that prompt caches stay valid.</summary>
    public static string CallId(string place, int position, string name)
    {
        var hash = SHA256.HashData(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{place}\n{position}\n{name}")));
        return "call_" + Convert.ToHexStringLower(hash.AsSpan(0, 12));
    }
}
