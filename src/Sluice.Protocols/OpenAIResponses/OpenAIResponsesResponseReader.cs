using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Unicode;
using Sluice.Protocols.Conversation;
using Sluice.Protocols.Errors;
using Sluice.Protocols.Formats;
using Sluice.Protocols.OpenAIChat;

namespace Sluice.Protocols.OpenAIResponses;

/// <summary>Reads a whole Responses answer, <c>{"object":"response","status":…,"output":[…],"usage":{…}}</c>.</summary>
internal static class OpenAIResponsesResponseReader
{
    /// <summary>Reads <paramref name="body"/>; an error inside it comes back as the error.</summary>
    public static Parsed<ConversationResponse> Read(ReadOnlyMemory<byte> body)
    {
        if (!Utf8.IsValid(body.Span))
        {
            return OpenAIChatErrors.BadResponse("The answer is not UTF-8.", default);
        }

        try
        {
            using var document = JsonDocument.Parse(body, ResponsesJson.Deep);
            return Read(document.RootElement);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return OpenAIChatErrors.BadResponse("The answer is not JSON.", body.Span);
        }
    }

    /// <summary>Why an answer ended, from its last state and what is in it.</summary>
    /// <param name="response">The response object.</param>
    /// <param name="hasCalls">It asks for tool results.</param>
    /// <param name="refused">A part of it is a refusal.</param>
    public static StopReason StopOf(JsonElement response, bool hasCalls, bool refused)
    {
        if (ResponsesJson.Text(response, "status") == "incomplete")
        {
            var reason = ResponsesJson.Object(response, "incomplete_details", out var details) ? ResponsesJson.Text(details, "reason") : null;
            return reason == "content_filter" ? StopReason.Refusal : StopReason.MaxTokens;
        }

        return hasCalls ? StopReason.ToolUse : refused ? StopReason.Refusal : StopReason.EndTurn;
    }

    private static Parsed<ConversationResponse> Read(JsonElement root)
    {
        if (root.ValueKind != JsonValueKind.Object)
        {
            return OpenAIChatErrors.BadResponse("The answer is not a JSON object.", JsonMarshal.GetRawUtf8Value(root));
        }

        if (root.TryGetProperty("error", out var error) && error.ValueKind is JsonValueKind.Object or JsonValueKind.String)
        {
            return OpenAIResponsesErrors.Read(200, JsonMarshal.GetRawUtf8Value(root));
        }

        if (!root.TryGetProperty("output", out var output) || output.ValueKind != JsonValueKind.Array)
        {
            return OpenAIChatErrors.BadResponse("The answer has no output.", JsonMarshal.GetRawUtf8Value(root));
        }

        var status = ResponsesJson.Text(root, "status");
        if (status is "queued" or "in_progress" or "cancelled" or "failed")
        {
            return new UpstreamError(ErrorKind.BadResponse, $"The upstream's answer is not complete: its status is '{status}'.");
        }

        var parts = new List<ContentPart>();
        var searches = 0;
        foreach (var item in output.EnumerateArray())
        {
            ResponsesItems.Read(item, parts);
            searches += ResponsesItems.IsSearch(item) ? 1 : 0;
        }

        var usage = root.TryGetProperty("usage", out var counts) ? OpenAIResponsesUsage.Read(counts) ?? TokenUsage.Unknown : TokenUsage.Unknown;
        return new ConversationResponse
        {
            Id = ResponsesJson.Text(root, "id") is { Length: > 0 } id ? id : null,
            Model = ResponsesJson.Text(root, "model"),
            Created = ResponsesJson.Index(root, "created_at") is >= 0 and var seconds ? seconds : null,
            Parts = parts,
            StopReason = StopOf(root, parts.Exists(p => p is ToolCallPart), parts.Exists(p => p is RefusalPart)),
            Usage = OpenAIResponsesUsage.WithTier(usage, ResponsesJson.Text(root, "service_tier")).WithSearches(searches),
        };
    }
}
