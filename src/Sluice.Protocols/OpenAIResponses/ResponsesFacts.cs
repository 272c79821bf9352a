using Sluice.Protocols.Conversation;
using Sluice.Protocols.Native;

namespace Sluice.Protocols.OpenAIResponses;

/// <summary>What a whole Responses answer says of itself, found without building anything from it.</summary>
internal static class ResponsesFacts
{
    /// <summary>Reads one JSON object; throws <see cref="System.Text.Json.JsonException"/> where it is broken.</summary>
    public static NativeResponseFacts Of(ReadOnlySpan<byte> body, UsageReader readUsage)
    {
        var read = ResponsesEvent.OfAnswer(body);
        var usage = read.Usage is { } span ? readUsage(body[span], TokenUsage.Unknown) : TokenUsage.Unknown;
        return new NativeResponseFacts
        {
            IsJsonObject = true,
            IsError = read.HasError || read.Status == "failed",
            HasContent = read.ItemTextBytes > 0 || read.HasCall || read.HasOther,
            ContentBytes = read.ItemTextBytes,
            Usage = OpenAIResponsesUsage.WithTier(usage, read.ServiceTier),
            StopReason = read.Status is null or "queued" or "in_progress" ? null : read.Stop(called: false, refused: false),
            Id = read.Id,
        };
    }
}
