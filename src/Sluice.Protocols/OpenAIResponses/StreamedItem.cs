using System.Text;
using System.Text.Json;
using Sluice.Protocols.Conversation;

namespace Sluice.Protocols.OpenAIResponses;

/// <summary>Numbers the parts of one stream and remembers what decides its stop reason.</summary>
internal sealed class PartCounter
{
    private int _next;

    /// <summary>Calls that the client must answer.</summary>
    public int Calls { get; private set; }

    /// <summary>A refusal was seen.</summary>
    public bool Refused { get; private set; }

    /// <summary>The number of the part that begins.</summary>
    public int Take(PartShape shape)
    {
        Calls += shape == PartShape.ToolCall ? 1 : 0;
        Refused |= shape == PartShape.Refusal;
        return _next++;
    }
}

/// <summary>
/// One output item that a stream builds up. A part starts with its first text, so that empty ones make no noise; calls start with their names. What
/// a later event repeats is told as far as it goes beyond what was told.
/// </summary>
internal sealed class StreamedItem(PartCounter parts)
{
    private readonly SortedDictionary<long, Piece> _contents = [];
    private Piece? _thinking;
    private Piece? _call;
    private string? _id;
    private bool? _thinkingIsSummary;
    private long _paragraph = -1;
    private StringBuilder? _earlyArguments;
    private bool _done;

    /// <summary>The item's type; null until an event names it.</summary>
    public string? Type { get; set; }

    private bool IsCustom => Type == "custom_tool_call";

    /// <summary>The item began.</summary>
    public void Added(JsonElement item, List<StreamEvent> events)
    {
        Type = ResponsesJson.Text(item, "type") ?? Type;
        _id = ResponsesJson.Text(item, "id");
        if (Type is "function_call" or "custom_tool_call" && !ResponsesItems.IsVendorCall(item))
        {
            StartCall(item, events);
        }
        else if (Type == "custom_tool_call")
        {
            Type = "vendor_call";
        }
    }

    /// <summary>More of a text or a refusal, or all of it.</summary>
    /// <param name="shape">Text or refusal.</param>
    /// <param name="index">Of the content part.</param>
    /// <param name="root">The event.</param>
    /// <param name="whole">The member that holds all of it; null for a delta.</param>
    /// <param name="events">Takes what is new.</param>
    public void Content(PartShape shape, long index, JsonElement root, string? whole, List<StreamEvent> events)
    {
        if (_done || ResponsesJson.Text(root, whole ?? "delta") is not { Length: > 0 } text)
        {
            return;
        }

        var piece = PieceOf(index, shape, events);
        if (piece.Take(text, whole is not null) is { Length: > 0 } fresh)
        {
            events.Add(new StreamEvent.TextDelta(piece.Part, fresh));
        }
    }

    /// <summary>A citation.</summary>
    public void Annotation(long index, JsonElement root, List<StreamEvent> events)
    {
        if (!_done && ResponsesJson.Object(root, "annotation", out var annotation))
        {
            var piece = PieceOf(index, PartShape.Text, events);
            piece.Annotations++;
            events.Add(new StreamEvent.CitationDelta(piece.Part, ResponsesJson.Raw(annotation)) { From = WireProtocol.OpenAIResponses });
        }
    }

    /// <summary>More reasoning, or all of one paragraph of it. Where a server shows both a summary and the reasoning itself, the first one to come is told.</summary>
    public void Reasoning(bool summary, long paragraph, JsonElement root, bool whole, List<StreamEvent> events)
    {
        if (_done || ResponsesJson.Text(root, whole ? "text" : "delta") is not { Length: > 0 } text || (_thinkingIsSummary ??= summary) != summary)
        {
            return;
        }

        Think(paragraph, text, whole, ResponsesJson.Text(root, "item_id"), events);
    }

    /// <summary>More arguments, or all of them.</summary>
    public void Arguments(JsonElement root, string? whole, List<StreamEvent> events)
    {
        if (_done || Type == "vendor_call" || ResponsesJson.Text(root, whole ?? "delta") is not { Length: > 0 } text)
        {
            return;
        }

        if (_call is not { } call)
        {
            // Nothing of a call can be told before its name, which then comes with the finished item.
            (_earlyArguments ??= new StringBuilder()).Append(whole is null ? text : string.Empty);
            return;
        }

        if (call.Take(text, whole is not null) is { Length: > 0 } fresh)
        {
            events.Add(new StreamEvent.ArgumentsDelta(call.Part, fresh));
        }
    }

    /// <summary>The item is complete: what it holds beyond what was told is told, its proof too, and its parts end.</summary>
    public void Done(JsonElement item, List<StreamEvent> events)
    {
        if (_done)
        {
            return;
        }

        Type = Type == "vendor_call" ? Type : ResponsesJson.Text(item, "type") ?? Type;
        switch (Type)
        {
            case "message":
                FinishMessage(item, events);
                break;
            case "reasoning":
                FinishReasoning(item, events);
                break;
            case "function_call":
            case "custom_tool_call" when !ResponsesItems.IsVendorCall(item):
                FinishCall(item, events);
                break;
            default:
                foreach (var member in item.EnumerateObject())
                {
                    // Throws for a name that is no text, which the reader answers for all events alike.
                    _ = member.Name;
                }

                var part = parts.Take(PartShape.Opaque);
                events.Add(new StreamEvent.PartStarted(part, PartShape.Opaque) { Json = ResponsesJson.Raw(item), From = WireProtocol.OpenAIResponses });
                events.Add(new StreamEvent.PartEnded(part));
                break;
        }

        Close(events);
    }

    /// <summary>Ends what is open: the server forgot to.</summary>
    public void Close(List<StreamEvent> events)
    {
        if (_done)
        {
            return;
        }

        _done = true;
        foreach (var content in _contents.Values)
        {
            events.Add(new StreamEvent.PartEnded(content.Part));
        }

        if (_thinking is { } thinking)
        {
            events.Add(new StreamEvent.PartEnded(thinking.Part));
        }

        if (_call is { } call)
        {
            events.Add(new StreamEvent.PartEnded(call.Part));
        }
    }

    private void FinishMessage(JsonElement item, List<StreamEvent> events)
    {
        var index = 0L;
        foreach (var content in ResponsesJson.Elements(item, "content"))
        {
            var shape = ResponsesJson.Text(content, "type") == "refusal" ? PartShape.Refusal : PartShape.Text;
            Content(shape, index, content, shape == PartShape.Refusal ? "refusal" : "text", events);
            var told = _contents.TryGetValue(index, out var piece) ? piece.Annotations : 0;
            foreach (var annotation in ResponsesJson.Elements(content, "annotations"))
            {
                if (told-- <= 0 && piece is not null)
                {
                    events.Add(new StreamEvent.CitationDelta(piece.Part, ResponsesJson.Raw(annotation)) { From = WireProtocol.OpenAIResponses });
                }
            }

            index++;
        }
    }

    private void FinishReasoning(JsonElement item, List<StreamEvent> events)
    {
        var id = ResponsesJson.Text(item, "id");
        var name = (_thinkingIsSummary ?? HasText(item, "summary")) ? "summary" : "content";
        var paragraph = 0L;
        foreach (var piece in ResponsesJson.Elements(item, name))
        {
            if (ResponsesJson.Text(piece, "text") is { Length: > 0 } text && paragraph >= _paragraph)
            {
                Think(paragraph, text, whole: true, id, events);
            }

            paragraph++;
        }

        // The proof in output_item.added is another one, which the vendor refuses.
        if (ResponsesJson.Text(item, "encrypted_content") is { Length: > 0 } proof)
        {
            var thinking = Thinking(id, events);
            events.Add(new StreamEvent.SignatureDelta(thinking.Part, proof) { SignedBy = WireProtocol.OpenAIResponses });
        }
    }

    private static bool HasText(JsonElement item, string name)
    {
        foreach (var piece in ResponsesJson.Elements(item, name))
        {
            if (ResponsesJson.Text(piece, "text") is { Length: > 0 })
            {
                return true;
            }
        }

        return false;
    }

    private void FinishCall(JsonElement item, List<StreamEvent> events)
    {
        StartCall(item, events);
        if (_call is not { } call)
        {
            return;
        }

        var whole = IsCustom ? ResponsesJson.Text(item, "input") : item.TryGetProperty("arguments", out _) ? ResponsesItems.Arguments(item) : null;
        if (whole is { Length: > 0 } && call.Take(whole, whole: true) is { Length: > 0 } fresh)
        {
            events.Add(new StreamEvent.ArgumentsDelta(call.Part, fresh));
        }
    }

    private void StartCall(JsonElement item, List<StreamEvent> events)
    {
        if (_call is not null || ResponsesJson.Text(item, "name") is not { Length: > 0 } name || ResponsesItems.CallId(item) is not { Length: > 0 } id)
        {
            return;
        }

        _call = new Piece(parts.Take(PartShape.ToolCall));
        events.Add(new StreamEvent.PartStarted(_call.Part, PartShape.ToolCall)
        {
            Id = id,
            Name = name,
            IsCustom = IsCustom,
            Namespace = ResponsesJson.Text(item, "namespace"),
        });
        if (_earlyArguments is { Length: > 0 } early)
        {
            events.Add(new StreamEvent.ArgumentsDelta(_call.Part, _call.Take(early.ToString(), whole: false)));
        }
    }

    private void Think(long paragraph, string text, bool whole, string? id, List<StreamEvent> events)
    {
        var thinking = Thinking(id, events);
        if (paragraph != _paragraph)
        {
            if (_paragraph >= 0)
            {
                events.Add(new StreamEvent.ThinkingDelta(thinking.Part, "\n\n"));
            }

            _paragraph = paragraph;
            thinking.Forget();
        }

        if (thinking.Take(text, whole) is { Length: > 0 } fresh)
        {
            events.Add(new StreamEvent.ThinkingDelta(thinking.Part, fresh));
        }
    }

    private Piece Thinking(string? id, List<StreamEvent> events)
    {
        if (_thinking is null)
        {
            _thinking = new Piece(parts.Take(PartShape.Thinking));
            events.Add(new StreamEvent.PartStarted(_thinking.Part, PartShape.Thinking) { Id = _id ?? id });
        }

        return _thinking;
    }

    private Piece PieceOf(long index, PartShape shape, List<StreamEvent> events)
    {
        if (!_contents.TryGetValue(index, out var piece))
        {
            _contents.Add(index, piece = new Piece(parts.Take(shape)));
            events.Add(new StreamEvent.PartStarted(piece.Part, shape));
        }

        return piece;
    }

    /// <summary>One part and how much of its text was told.</summary>
    private sealed class Piece(int part)
    {
        private int _told;

        public int Part { get; } = part;

        public int Annotations { get; set; }

        /// <summary>What of <paramref name="text"/> is new.</summary>
        public string Take(string text, bool whole)
        {
            if (!whole)
            {
                _told += text.Length;
                return text;
            }

            // Counted, not compared: what was told is not kept.
            var fresh = _told < text.Length ? text[_told..] : string.Empty;
            _told = Math.Max(_told, text.Length);
            return fresh;
        }

        public void Forget() => _told = 0;
    }
}
