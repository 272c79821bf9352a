using System.Text.Json;
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
            Usage = OpenAIResponsesUsage.WithTier(usage, read.ServiceTier).WithSearches(Searches(body)),
            StopReason = read.Status is null or "queued" or "in_progress" ? null : read.Stop(called: false, refused: false),
            Id = read.Id,
        };
    }

    // Rare, so that the answer is parsed for it only where the word stands in it at all.
    private static int Searches(ReadOnlySpan<byte> body)
    {
        if (body.IndexOf("\"web_search_call\""u8) < 0)
        {
            return 0;
        }

        using var document = JsonDocument.Parse(body.ToArray(), ResponsesJson.Deep);
        return ResponsesJson.Elements(document.RootElement, "output").Count(ResponsesItems.IsSearch);
    }
}
