using System.Text.Json;
using System.Text.Unicode;
using Sluice.Protocols.Conversation;
using Sluice.Protocols.Errors;
using Sluice.Protocols.Formats;
using Sluice.Protocols.OpenAIChat;
using Sluice.Protocols.Sse;

namespace Sluice.Protocols.OpenAIResponses;

/// <summary>
/// Reads one Responses stream. Items are told apart by <c>output_index</c> alone, since some servers change an item's id from event to event. Every
/// piece of text comes up to three times (delta, done, finished item), and servers leave out any two of them: each is told once.
/// </summary>
internal sealed class OpenAIResponsesStreamReader : IStreamReader
{
    private readonly SortedDictionary<long, StreamedItem> _items = [];
    private readonly PartCounter _parts = new();
    private bool _started;
    private bool _ended;

    // Items that came to their end; none in a stream whose server tells them in the last event only.
    private bool _anyDone;

    // Searches that the server made: OpenAI charges each and its counts do not name them.
    private int _searches;

    /// <inheritdoc/>
    public void Read(in SseFrame frame, List<StreamEvent> events)
    {
        if (_ended)
        {
            return;
        }

        if (!frame.HasData)
        {
            if (Native.NativeRelays.Unframed(frame, data => OpenAIResponsesErrors.Read(200, data.Span)) is { } unframed)
            {
                Fail(unframed, events);
            }

            return;
        }

        var data = frame.Data.Span.Trim(" \t\r\n"u8);
        if (data.SequenceEqual("[DONE]"u8))
        {
            // OpenRouter sends it behind the last event; in its place it is no answer's end.
            Fail(new UpstreamError(ErrorKind.BadResponse, "The upstream ended the stream without response.completed."), events);
            return;
        }

        // Items of the vendor's own pass verbatim, and nobody after us would look at their bytes.
        if (!Utf8.IsValid(data))
        {
            Fail(OpenAIChatErrors.BadResponse("The upstream's stream event is not UTF-8.", default), events);
            return;
        }

        try
        {
            using var document = JsonDocument.Parse(frame.Data, ResponsesJson.Deep);
            if (document.RootElement.ValueKind != JsonValueKind.Object)
            {
                Fail(OpenAIChatErrors.BadResponse("The upstream's stream event is not a JSON object.", data), events);
                return;
            }

            Read(document.RootElement, data, events);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            Fail(OpenAIChatErrors.BadResponse("The upstream's stream event is not valid JSON.", data), events);
        }
    }

    /// <inheritdoc/>
    public void Complete(List<StreamEvent> events)
    {
        if (!_ended)
        {
            Fail(new UpstreamError(ErrorKind.BadResponse, "The upstream closed the stream without response.completed."), events);
        }
    }

    private void Read(JsonElement root, ReadOnlySpan<byte> data, List<StreamEvent> events)
    {
        var type = ResponsesJson.Text(root, "type");
        switch (type)
        {
            case "response.created" or "response.in_progress" or "response.queued":
                Start(root, events);
                break;
            case "response.output_item.added":
                if (ResponsesJson.Object(root, "item", out var added))
                {
                    Begin(events);
                    ItemOf(root, ResponsesJson.Text(added, "type")).Added(added, events);
                }

                break;
            case "response.output_item.done":
                if (ResponsesJson.Object(root, "item", out var done))
                {
                    Begin(events);
                    ItemOf(root, ResponsesJson.Text(done, "type")).Done(done, events);
                    _searches += ResponsesItems.IsSearch(done) ? 1 : 0;
                    _anyDone = true;
                }

                break;
            case "response.output_text.delta" or "response.output_text.done":
                Begin(events);
                Message(root).Content(PartShape.Text, ResponsesJson.Index(root, "content_index"), root, type.EndsWith("done", StringComparison.Ordinal) ? "text" : null, events);
                break;
            case "response.refusal.delta" or "response.refusal.done":
                Begin(events);
                Message(root).Content(PartShape.Refusal, ResponsesJson.Index(root, "content_index"), root, type.EndsWith("done", StringComparison.Ordinal) ? "refusal" : null, events);
                break;
            case "response.output_text.annotation.added":
                Begin(events);
                Message(root).Annotation(ResponsesJson.Index(root, "content_index"), root, events);
                break;
            case "response.reasoning_summary_text.delta" or "response.reasoning_summary_text.done":
                Begin(events);
                ItemOf(root, "reasoning").Reasoning(summary: true, ResponsesJson.Index(root, "summary_index"), root, type.EndsWith("done", StringComparison.Ordinal), events);
                break;
            case "response.reasoning_text.delta" or "response.reasoning_text.done":
                Begin(events);
                ItemOf(root, "reasoning").Reasoning(summary: false, ResponsesJson.Index(root, "content_index"), root, type.EndsWith("done", StringComparison.Ordinal), events);
                break;
            case "response.function_call_arguments.delta" or "response.function_call_arguments.done":
                Begin(events);
                ItemOf(root, "function_call").Arguments(root, type.EndsWith("done", StringComparison.Ordinal) ? "arguments" : null, events);
                break;
            case "response.custom_tool_call_input.delta" or "response.custom_tool_call_input.done":
                Begin(events);
                ItemOf(root, "custom_tool_call").Arguments(root, type.EndsWith("done", StringComparison.Ordinal) ? "input" : null, events);
                break;
            case "response.completed" or "response.incomplete":
                End(root, type, events);
                break;
            case "response.failed" or "response.cancelled" or "error":
                Fail(OpenAIResponsesErrors.Read(200, data), events);
                break;
            case null when root.TryGetProperty("error", out var error) && error.ValueKind is JsonValueKind.Object or JsonValueKind.String:
                Fail(OpenAIResponsesErrors.Read(200, data), events);
                break;
            case null:
                Fail(OpenAIChatErrors.BadResponse("The upstream's stream event has no type.", data), events);
                break;
            default:
                // Steps of the vendor's own tools (their item is told whole when it is done), keepalive, and events of newer versions.
                break;
        }
    }

    private void Start(JsonElement root, List<StreamEvent> events)
    {
        if (_started || !ResponsesJson.Object(root, "response", out var response))
        {
            return;
        }

        _started = true;
        events.Add(new StreamEvent.Started(ResponsesJson.Text(response, "id"), ResponsesJson.Text(response, "model"), TokenUsage.Unknown));
    }

    private void Begin(List<StreamEvent> events)
    {
        if (!_started)
        {
            _started = true;
            events.Add(new StreamEvent.Started(null, null, TokenUsage.Unknown));
        }
    }

    private StreamedItem Message(JsonElement root) => ItemOf(root, "message");

    private StreamedItem ItemOf(JsonElement root, string? type)
    {
        var index = ResponsesJson.Index(root, "output_index");
        if (!_items.TryGetValue(index, out var item))
        {
            _items.Add(index, item = new StreamedItem(_parts));
        }

        item.Type ??= type;
        return item;
    }

    private void End(JsonElement root, string type, List<StreamEvent> events)
    {
        Start(root, events);
        Begin(events);
        var response = ResponsesJson.Object(root, "response", out var told) ? told : root;
        if (response.TryGetProperty("error", out var error) && error.ValueKind == JsonValueKind.Object)
        {
            Fail(OpenAIResponsesErrors.FromMember(error), events);
            return;
        }

        if (!_anyDone)
        {
            // Without a single finished item the last event is the only one that says what they were.
            var index = 0L;
            foreach (var item in ResponsesJson.Elements(response, "output"))
            {
                if (!_items.TryGetValue(index, out var known))
                {
                    _items.Add(index, known = new StreamedItem(_parts));
                }

                known.Done(item, events);
                _searches += ResponsesItems.IsSearch(item) ? 1 : 0;
                index++;
            }
        }

        foreach (var item in _items.Values)
        {
            item.Close(events);
        }

        var usage = response.TryGetProperty("usage", out var counts) ? OpenAIResponsesUsage.Read(counts) : null;
        if (usage is not null)
        {
            events.Add(new StreamEvent.UsageReported(OpenAIResponsesUsage.WithTier(usage, ResponsesJson.Text(response, "service_tier")).WithSearches(_searches)));
        }

        var reason = type == "response.incomplete" && ResponsesJson.Text(response, "status") != "incomplete"
            ? StopReason.MaxTokens
            : OpenAIResponsesResponseReader.StopOf(response, _parts.Calls > 0, _parts.Refused);
        events.Add(new StreamEvent.Stopped(reason, null));
        events.Add(new StreamEvent.Ended());
        _ended = true;
    }

    private void Fail(UpstreamError error, List<StreamEvent> events)
    {
        _ended = true;
        events.Add(new StreamEvent.Failed(error));
    }
}
