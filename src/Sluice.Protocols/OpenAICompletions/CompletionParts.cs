using Sluice.Protocols.Conversation;
using Sluice.Protocols.Degradations;
using Sluice.Protocols.OpenAIChat;
using System.Text.Json;

namespace Sluice.Protocols.OpenAICompletions;

/// <summary>What of an answer is the continuation of a prompt, and what has no place in one.</summary>
internal static class CompletionParts
{
    /// <summary>Notes that a part of this shape cannot be shown.</summary>
    public static void Drop(PartShape shape, DegradationLog degradations)
    {
        switch (shape)
        {
            case PartShape.Thinking or PartShape.RedactedThinking:
                degradations.Add("thinking", DegradationOutcome.Dropped, "A completion is text alone: the model's thinking is not shown.");
                break;
            case PartShape.ToolCall:
                degradations.Add("tools", DegradationOutcome.Dropped, "A completion is text alone: the model's tool call is not shown.");
                break;
            case PartShape.Opaque:
                degradations.Add("content.opaque", DegradationOutcome.Dropped, "A vendor block of the answer has no place in a completion.");
                break;
            default:
                break;
        }
    }

    /// <summary>Notes that sources cannot be shown.</summary>
    public static void DropCitations(DegradationLog degradations) =>
        degradations.Add("citations", DegradationOutcome.Dropped, "A completion is text alone: its sources are not shown.");

    /// <summary>The <c>finish_reason</c>: completions know <c>stop</c>, <c>length</c> and <c>content_filter</c>.</summary>
    public static JsonEncodedText FinishFor(StopReason reason) => OpenAIChatJson.FinishFor(reason == StopReason.ToolUse ? StopReason.EndTurn : reason);
}
