using System.Text;
using System.Text.Json;
using Sluice.Protocols.Formats;
using Sluice.Protocols.Sse;

namespace Sluice.Protocols.OpenAIResponses;

/// <summary>
/// The legal Responses stream: <c>created</c>, <c>in_progress</c>; items with dense indexes, each <c>output_item.added</c>, what is in it,
/// <c>output_item.done</c>; one terminal event that holds all finished items and the usage. Events are numbered from 0 without gaps; an item keeps its
/// id; what is told as a whole equals the deltas before it. An error may end the stream anywhere, under any number. Comments anywhere.
/// </summary>
internal sealed class OpenAIResponsesGrammar : IStreamGrammar
{
    private readonly List<Item> _items = [];
    private long _next;
    private State _state;
    private string? _violation;

    private enum State
    {
        Start,
        Created,
        Body,
        Error,
        Ended,
        Done,
    }

    /// <inheritdoc/>
    public string? Accept(in SseFrame frame)
    {
        if (_violation is not null || !frame.HasData)
        {
            return _violation;
        }

        return _violation = Check(frame);
    }

    /// <inheritdoc/>
    public string? Complete() => _violation ?? _state switch
    {
        State.Ended or State.Done => null,
        State.Error => "the stream ended with an error event but without response.failed",
        State.Start => "the stream ended before response.created",
        _ => "the stream ended without its terminal event",
    };

    private string? Check(in SseFrame frame)
    {
        if (frame.Data.Span.SequenceEqual("[DONE]"u8))
        {
            // OpenRouter's habit.
            var legal = _state == State.Ended;
            _state = State.Done;
            return legal ? null : "[DONE] before the terminal event";
        }

        if (_state is State.Ended or State.Done)
        {
            return "an event after the terminal event";
        }

        try
        {
            using var document = JsonDocument.Parse(frame.Data, ResponsesJson.Deep);
            var root = document.RootElement;
            if (root.ValueKind != JsonValueKind.Object || ResponsesJson.Text(root, "type") is not { } type)
            {
                return "an event without a type";
            }

            if (!frame.Event.IsEmpty && Encoding.UTF8.GetString(frame.Event.Span) != type)
            {
                return "the event's name is not its type";
            }

            var number = ResponsesJson.Index(root, "sequence_number");
            if (type is "error" or "response.failed")
            {
                return Fail(root, type, number);
            }

            if (_state == State.Error)
            {
                return "an event after an error";
            }

            return number != _next++ ? $"sequence_number is {number}, not {_next - 1}" : Step(root, type);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return "an event that is not JSON";
        }
    }

    private string? Fail(JsonElement root, string type, long number)
    {
        if (number < _next)
        {
            return "sequence_number does not grow";
        }

        _next = number + 1;
        if (type == "error")
        {
            _state = State.Error;
            return ResponsesJson.Object(root, "error", out var told) && ResponsesJson.Text(told, "message") is not null ? null : "an error without a message";
        }

        _state = State.Ended;
        return ResponsesJson.Object(root, "response", out var response) && ResponsesJson.Text(response, "status") == "failed" && ResponsesJson.Object(response, "error", out var error)
            && ResponsesJson.Text(error, "code") is not null && ResponsesJson.Text(error, "message") is not null
            ? null
            : "response.failed without status, code and message";
    }

    private string? Step(JsonElement root, string type)
    {
        switch (type)
        {
            case "response.created" or "response.queued" or "response.in_progress":
                var opens = type == "response.created";
                if (opens != (_state == State.Start) || _state == State.Body)
                {
                    return type + " in the wrong place";
                }

                _state = opens || type == "response.queued" ? State.Created : State.Body;
                return ResponsesJson.Object(root, "response", out var response) && ResponsesJson.Text(response, "id") is { Length: > 0 } ? null : type + " without a response";
            case "keepalive":
                return null;
            case var _ when _state != State.Body:
                return type + " before response.in_progress";
            case "response.output_item.added":
                return Add(root);
            case "response.completed" or "response.incomplete":
                return End(root, type["response.".Length..]);
            default:
                return InItem(root, type);
        }
    }

    private string? Add(JsonElement root)
    {
        if (ResponsesJson.Index(root, "output_index") != _items.Count)
        {
            return $"an item with output_index {ResponsesJson.Index(root, "output_index")}, not {_items.Count}";
        }

        if (!ResponsesJson.Object(root, "item", out var item) || ResponsesJson.Text(item, "type") is not { } type)
        {
            return "an item without a type";
        }

        if (type is "function_call" or "custom_tool_call" && (ResponsesJson.Text(item, "call_id") is null || ResponsesJson.Text(item, "name") is null))
        {
            return "a call without call_id and name";
        }

        var added = new Item(type, ResponsesJson.Text(item, "id"));

        // Calls that a vendor's own tools make come whole.
        added.Call.Append(ResponsesJson.Text(item, type == "custom_tool_call" ? "input" : "arguments"));
        _items.Add(added);
        return null;
    }

    private string? InItem(JsonElement root, string type)
    {
        var index = ResponsesJson.Index(root, "output_index");
        if (index < 0 || index >= _items.Count)
        {
            return type + " for an item that was not added";
        }

        var item = _items[(int)index];
        if (item.Done is not null)
        {
            return type + " for an item that is done";
        }

        if (ResponsesJson.Text(root, "item_id") is { } id && id != item.Id)
        {
            return type + " with another item's id";
        }

        if (type == "response.output_item.done")
        {
            return ItemDone(root, item);
        }

        return type switch
        {
            "response.content_part.added" => item.Type is "message" or "reasoning" ? item.OpenPart(ResponsesJson.Index(root, "content_index")) : "a content part in an item that has none",
            "response.content_part.done" => item.ClosePart(ResponsesJson.Index(root, "content_index")),
            "response.reasoning_summary_part.added" => item.Type == "reasoning" ? item.OpenPart(ResponsesJson.Index(root, "summary_index")) : "a summary in an item that has none",
            "response.reasoning_summary_part.done" => item.ClosePart(ResponsesJson.Index(root, "summary_index")),
            "response.output_text.delta" or "response.refusal.delta" or "response.reasoning_text.delta" => item.Delta(ResponsesJson.Index(root, "content_index"), root),
            "response.output_text.done" or "response.reasoning_text.done" => item.Whole(ResponsesJson.Index(root, "content_index"), root, "text"),
            "response.refusal.done" => item.Whole(ResponsesJson.Index(root, "content_index"), root, "refusal"),
            "response.output_text.annotation.added" => item.Has(ResponsesJson.Index(root, "content_index")),
            "response.reasoning_summary_text.delta" => item.Delta(ResponsesJson.Index(root, "summary_index"), root),
            "response.reasoning_summary_text.done" => item.Whole(ResponsesJson.Index(root, "summary_index"), root, "text"),
            "response.function_call_arguments.delta" => item.Type == "function_call" ? item.CallDelta(root) : "arguments in an item that has none",
            "response.function_call_arguments.done" => item.CallDone(root, "arguments"),
            "response.custom_tool_call_input.delta" => item.Type == "custom_tool_call" ? item.CallDelta(root) : "input in an item that has none",
            "response.custom_tool_call_input.done" => item.CallDone(root, "input"),

            // Steps of a vendor's own tool.
            _ => null,
        };
    }

    private static string? ItemDone(JsonElement root, Item item)
    {
        if (!ResponsesJson.Object(root, "item", out var done) || ResponsesJson.Text(done, "type") != item.Type || ResponsesJson.Text(done, "id") != item.Id)
        {
            return "output_item.done is another item than output_item.added";
        }

        var whole = ResponsesJson.Text(done, item.Type == "custom_tool_call" ? "input" : "arguments");
        if (item.Type is "function_call" or "custom_tool_call" && whole != item.Call.ToString())
        {
            return "output_item.done has other arguments than its deltas";
        }

        if (item.Type == "message")
        {
            var texts = new StringBuilder();
            foreach (var part in ResponsesJson.Elements(done, "content"))
            {
                texts.Append(ResponsesJson.Text(part, "text") ?? ResponsesJson.Text(part, "refusal"));
            }

            if (texts.ToString() != item.Texts)
            {
                return "output_item.done has another text than its deltas";
            }
        }

        item.Done = done.GetRawText();
        return item.Open ? "output_item.done with an open part" : null;
    }

    private string? End(JsonElement root, string status)
    {
        if (!ResponsesJson.Object(root, "response", out var response) || ResponsesJson.Text(response, "status") != status)
        {
            return "a terminal event with another status";
        }

        if (!ResponsesJson.Object(response, "usage", out _))
        {
            return "a terminal event without usage";
        }

        if (_items.Exists(i => i.Done is null))
        {
            return "the terminal event before an item is done";
        }

        var at = 0;
        foreach (var item in ResponsesJson.Elements(response, "output"))
        {
            if (at >= _items.Count || ResponsesJson.Text(item, "type") != _items[at].Type || (IsPlain(_items[at].Type) && item.GetRawText() != _items[at].Done))
            {
                return "the terminal event's output is not what was done";
            }

            at++;
        }

        _state = State.Ended;
        return at == _items.Count ? null : "the terminal event's output lacks items";
    }

    // What is sealed in an item is sealed anew each time.
    private static bool IsPlain(string type) => type is "message" or "function_call" or "custom_tool_call";

    /// <summary>One item as its events built it up.</summary>
    private sealed class Item(string type, string? id)
    {
        private readonly List<(StringBuilder Text, bool Whole, bool Closed)> _parts = [];

        public string Type => type;

        public string? Id => id;

        public StringBuilder Call { get; } = new();

        /// <summary>The finished item's text; null while it is open.</summary>
        public string? Done { get; set; }

        public bool Open => _parts.Exists(p => !p.Closed);

        public string Texts => string.Concat(_parts.Select(p => p.Text.ToString()));

        public string? OpenPart(long index)
        {
            if (index != _parts.Count || Open)
            {
                return "a part out of order";
            }

            _parts.Add((new StringBuilder(), false, false));
            return null;
        }

        public string? Has(long index) => index == _parts.Count - 1 && Open ? null : "a part that is not open";

        public string? Delta(long index, JsonElement root)
        {
            if (Has(index) is { } wrong)
            {
                return wrong;
            }

            _parts[^1].Text.Append(ResponsesJson.Text(root, "delta"));
            return _parts[^1].Whole ? "a delta behind the whole text" : null;
        }

        public string? Whole(long index, JsonElement root, string name)
        {
            if (Has(index) is { } wrong)
            {
                return wrong;
            }

            _parts[^1] = _parts[^1] with { Whole = true };
            return ResponsesJson.Text(root, name) == _parts[^1].Text.ToString() ? null : "the whole text is not its deltas";
        }

        public string? ClosePart(long index)
        {
            if (Has(index) is { } wrong)
            {
                return wrong;
            }

            _parts[^1] = _parts[^1] with { Closed = true };
            return null;
        }

        public string? CallDelta(JsonElement root)
        {
            Call.Append(ResponsesJson.Text(root, "delta"));
            return null;
        }

        public string? CallDone(JsonElement root, string name) => ResponsesJson.Text(root, name) == Call.ToString() ? null : "the whole arguments are not their deltas";
    }
}
