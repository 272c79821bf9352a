using Sluice.Protocols.Conversation;
using Sluice.Protocols.Native;

namespace Sluice.Protocols.OpenAIChat;

/// <summary>What a whole Chat answer says of itself, found without building anything from it.</summary>
internal static class ChatResponseFacts
{
    /// <summary>Reads one JSON object; throws <see cref="System.Text.Json.JsonException"/> where it is broken.</summary>
    public static NativeResponseFacts Of(ReadOnlySpan<byte> body, UsageReader readUsage)
    {
        // A whole answer is a chunk whose choices have a message instead of a delta.
        var chunk = new ChatChunk { WantsId = true };
        chunk.Read(body);
        var usage = chunk.Usage is { } span ? readUsage(body[span], TokenUsage.Unknown) : TokenUsage.Unknown;
        return new NativeResponseFacts
        {
            IsJsonObject = true,
            IsError = chunk.HasError || chunk.FinishIsError,
            HasContent = chunk.HasContent || chunk.FirstTool is not null,
            ContentBytes = chunk.ContentBytes,
            Usage = chunk.ServiceTier is { } tier ? ChatChunk.WithTier(usage, body[tier]) : usage,
            StopReason = chunk.FirstTool is not null && chunk.StopReason == StopReason.EndTurn ? StopReason.ToolUse : chunk.StopReason,
            Id = chunk.Id,
        };
    }
}
