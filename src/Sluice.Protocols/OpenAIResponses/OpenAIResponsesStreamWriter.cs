using System.Buffers;
using System.Text;
using System.Text.Json;
using Sluice.Protocols.Conversation;
using Sluice.Protocols.Degradations;
using Sluice.Protocols.Formats;
using Sluice.Protocols.Json;
using Sluice.Protocols.Native;

namespace Sluice.Protocols.OpenAIResponses;

/// <summary>
/// Writes a Responses stream that <see cref="OpenAIResponsesGrammar"/> accepts, whatever the order of the events that come in: items one after the
/// other, of which only one is open; every text as deltas, as a whole and in its finished item; the last event holds all items again, since clients
/// read either. Parts that interleave are kept back until the item before them is closed. Memory: the whole answer, which the last event repeats.
/// </summary>
internal sealed class OpenAIResponsesStreamWriter(ClientTarget target, DegradationLog degradations) : IStreamWriter
{
    // Parts that have begun and are not closed, in order; the first one is the one that may be written. Bounded by the upstream's own parallelism.
    private readonly List<Block> _blocks = [];
    private readonly List<RawJson> _output = [];
    private readonly ResponsesEventWriter _events = new();
    private readonly AnthropicSearchItems _searches = new();
    private ResponsesItemWriter? _items;
    private ResponsesMessage? _message;
    private TokenUsage _usage = TokenUsage.Unknown;
    private StreamEvent.Stopped? _stopped;
    private bool _refused;
    private bool _ended;

    /// <inheritdoc/>
    public void Write(StreamEvent streamEvent, IBufferWriter<byte> output)
    {
        if (_ended)
        {
            return;
        }

        _events.Output = output;
        switch (streamEvent)
        {
            case StreamEvent.Started started:
                _usage = started.Usage.IsReported ? started.Usage : _usage;
                Start(started.Id);
                break;
            case StreamEvent.PartStarted part:
                Start(null);
                _blocks.Add(new Block(part));
                Drain();
                break;
            case StreamEvent.PartEnded ended:
                if (Find(ended.Part) is { } block)
                {
                    block.Ended = true;
                    Drain();
                }

                break;
            case StreamEvent.UsageReported usage:
                _usage = usage.Usage;
                break;
            case StreamEvent.Stopped stopped:
                _stopped ??= stopped;
                break;
            case StreamEvent.Ended:
                End();
                break;
            case StreamEvent.Failed:
                // The error event is the format's, not the answer's.
                break;
            case StreamEvent.TextDelta e: Deliver(e.Part, e); break;
            case StreamEvent.ThinkingDelta e: Deliver(e.Part, e); break;
            case StreamEvent.SignatureDelta e: Deliver(e.Part, e); break;
            case StreamEvent.ReasoningDetails e: Deliver(e.Part, e); break;
            case StreamEvent.ArgumentsDelta e: Deliver(e.Part, e); break;
            case StreamEvent.CitationDelta e: Deliver(e.Part, e); break;
            case StreamEvent.OpaqueDelta e: Deliver(e.Part, e); break;
            default:
                break;
        }
    }

    private void Start(string? id)
    {
        if (_items is not null)
        {
            return;
        }

        _items = new ResponsesItemWriter(ResponsesJson.ResponseId(id, target.ResponseId), target);
        foreach (var type in (ReadOnlySpan<string>)["response.created", "response.in_progress"])
        {
            var json = _events.Open(type);
            json.WritePropertyName("response"u8);
            _items.Response(json, "in_progress", null, [], null, target.Created);
            _events.Close();
        }
    }

    private void Deliver(int part, StreamEvent delta)
    {
        if (Find(part) is not { Ended: false } block)
        {
            return;
        }

        if (ReferenceEquals(block, _blocks[0]))
        {
            Apply(block, delta);
        }
        else
        {
            block.Waiting.Add(delta);
        }
    }

    /// <summary>Writes the first part as far as it has come; when it is closed, the next.</summary>
    private void Drain()
    {
        while (_blocks.Count > 0)
        {
            var block = _blocks[0];
            if (!block.Begun)
            {
                block.Begun = true;
                Begin(block);
            }

            foreach (var delta in block.Waiting)
            {
                Apply(block, delta);
            }

            block.Waiting.Clear();
            if (!block.Ended)
            {
                return;
            }

            Finish(block);
            _blocks.RemoveAt(0);
        }
    }

    private void Begin(Block block)
    {
        switch (block.Start.Shape)
        {
            case PartShape.ToolCall:
                OpenCall(block);
                break;
            case PartShape.Opaque when block.Start.From == WireProtocol.OpenAIResponses && !block.Start.Json.IsEmpty:
                EndMessage();
                _events.ItemAdded(_output.Count, block.Start.Json);
                Done(block.Start.Json);
                break;
            case PartShape.Opaque when AnthropicSearchItems.IsSearch(block.Start.Json, block.Start.From):
                block.IsSearch = true;
                break;
            case PartShape.Opaque:
                degradations.Add("content.opaque", DegradationOutcome.Dropped, "A vendor block of the answer has no place in a Responses answer.");
                break;
            default:
                // Texts and thinking open with their first words: an empty item would only be noise.
                break;
        }
    }

    private void Apply(Block block, StreamEvent delta)
    {
        switch (delta, block.Start.Shape)
        {
            case (StreamEvent.TextDelta { Text.Length: > 0 } text, PartShape.Text or PartShape.Refusal):
                OpenContent(block);
                _message!.Delta(text.Text);
                break;
            case (StreamEvent.CitationDelta { Citation.IsEmpty: false } citation, PartShape.Text):
                OpenContent(block);
                if (!_message!.Annotate(citation))
                {
                    degradations.Add("citations", DegradationOutcome.Dropped, "The citation points into a document, which annotations cannot.");
                }

                break;
            case (StreamEvent.ThinkingDelta { Text.Length: > 0 } thinking, PartShape.Thinking):
                OpenReasoning(block);
                block.Text.Append(thinking.Text);
                _events.Delta("response.reasoning_summary_text.delta", block.ItemId, _output.Count, "summary_index", thinking.Text);
                break;
            case (StreamEvent.SignatureDelta { Signature.Length: > 0 } signature, PartShape.Thinking):
                block.Signature += signature.Signature;
                block.SignedBy = signature.SignedBy;
                break;
            case (StreamEvent.ReasoningDetails { Details.IsEmpty: false } details, PartShape.Thinking):
                block.Details.Add(details.Details);
                break;
            case (StreamEvent.ArgumentsDelta { Json.Length: > 0 } arguments, PartShape.ToolCall):
                block.Text.Append(arguments.Json);
                _events.Delta(block.Start.IsCustom ? "response.custom_tool_call_input.delta" : "response.function_call_arguments.delta", block.ItemId, _output.Count, null, arguments.Json);
                break;
            case (StreamEvent.OpaqueDelta { Delta.IsEmpty: false } opaque, PartShape.Opaque) when block.IsSearch:
                block.Text.Append(JsonText.StringMember(opaque.Delta.Utf8.Span, "partial_json"u8));
                break;
            default:
                break;
        }
    }

    private void OpenContent(Block block)
    {
        _refused |= block.Start.Shape == PartShape.Refusal;
        if (_message is null)
        {
            _message = new ResponsesMessage(_events, _items!.Id("msg", _output.Count), _output.Count);
            _message.Open();
        }

        _message.OpenPart(block.Start.Part, block.Start.Shape);
    }

    private void OpenReasoning(Block block)
    {
        if (block.ItemId.Length > 0)
        {
            return;
        }

        EndMessage();
        var signer = block.SignedBy ?? WireProtocol.OpenAIChat;
        block.ItemId = signer == WireProtocol.OpenAIResponses && block.Start.Id is { } own ? own : _items!.Id("rs", _output.Count);
        _events.ItemAdded(_output.Count, ResponsesEventWriter.Raw(json => ResponsesItemWriter.Reasoning(json, block.ItemId, "", null)));
        var part = _events.Open("response.reasoning_summary_part.added");
        WriteSummaryPart(part, block, "");
        _events.Close();
    }

    private void OpenCall(Block block)
    {
        EndMessage();
        block.ItemId = _items!.Id(block.Start.IsCustom ? "ctc" : "fc", _output.Count);
        _events.ItemAdded(_output.Count, ResponsesEventWriter.Raw(json => _items.Call(json, block.ItemId, "in_progress", CallOf(block, ""))));
    }

    private static ToolCallPart CallOf(Block block, string arguments) =>
        new(block.Start.Id ?? block.ItemId, block.Start.Name ?? "", RawJson.FromText(arguments)) { IsCustom = block.Start.IsCustom, Namespace = block.Start.Namespace };

    private void Finish(Block block)
    {
        switch (block.Start.Shape)
        {
            case PartShape.Text or PartShape.Refusal:
                _message?.EndPart(block.Start.Part);
                break;
            case PartShape.Thinking:
                FinishReasoning(block);
                break;
            case PartShape.RedactedThinking when block.Start.Data is { Length: > 0 } data:
                var by = block.Start.RedactedBy;
                Sealed(ReasoningCarrier.Of(new ThinkingPart("") { RedactedData = data, SignedBy = by }));
                break;
            case PartShape.ToolCall:
                FinishCall(block);
                break;
            case PartShape.Opaque when block.IsSearch:
                Searched(_searches.Take(block.Start.Json, block.Text.ToString(), _items!.Id("ws", _output.Count)));
                break;
            default:
                break;
        }
    }

    private void FinishReasoning(Block block)
    {
        var thinking = new ThinkingPart(block.Text.ToString())
        {
            Signature = block.Signature,
            SignedBy = block.SignedBy ?? WireProtocol.OpenAIChat,
            Details = block.Signature is null ? CarriedDetails.Joined(block.Details) : default,
        };
        var sealedText = ReasoningCarrier.Of(thinking);
        if (block.ItemId.Length == 0)
        {
            if (sealedText is not null)
            {
                Sealed(sealedText, thinking.SignedBy == WireProtocol.OpenAIResponses ? block.Start.Id : null);
            }

            return;
        }

        var done = _events.Open("response.reasoning_summary_text.done");
        done.WriteString("item_id"u8, block.ItemId);
        done.WriteNumber("output_index"u8, _output.Count);
        done.WriteNumber("summary_index"u8, 0);
        done.WriteString("text"u8, thinking.Text);
        _events.Close();
        WriteSummaryPart(_events.Open("response.reasoning_summary_part.done"), block, thinking.Text);
        _events.Close();
        Done(ResponsesEventWriter.Raw(json => ResponsesItemWriter.Reasoning(json, block.ItemId, thinking.Text, sealedText)));
    }

    private void FinishCall(Block block)
    {
        if (block.Text.Length == 0 && !block.Start.IsCustom)
        {
            // A call without arguments has none in Anthropic's stream, but clients parse what they collected: "" is not JSON.
            Apply(block, new StreamEvent.ArgumentsDelta(block.Start.Part, "{}"));
        }

        var text = block.Text.ToString();
        var json = _events.Open(block.Start.IsCustom ? "response.custom_tool_call_input.done" : "response.function_call_arguments.done");
        json.WriteString("item_id"u8, block.ItemId);
        json.WriteNumber("output_index"u8, _output.Count);
        json.WriteString(block.Start.IsCustom ? "input"u8 : "arguments"u8, text);
        _events.Close();
        Done(ResponsesEventWriter.Raw(item => _items!.Call(item, block.ItemId, "completed", CallOf(block, text))));
    }

    private void Sealed(string? sealedText, string? id = null)
    {
        if (sealedText is null)
        {
            return;
        }

        EndMessage();
        id ??= _items!.Id("rs", _output.Count);
        _events.ItemAdded(_output.Count, ResponsesEventWriter.Raw(json => ResponsesItemWriter.Reasoning(json, id, "", null)));
        Done(ResponsesEventWriter.Raw(json => ResponsesItemWriter.Reasoning(json, id, "", sealedText)));
    }

    private void WriteSummaryPart(Utf8JsonWriter json, Block block, string text)
    {
        json.WriteString("item_id"u8, block.ItemId);
        json.WriteNumber("output_index"u8, _output.Count);
        json.WriteNumber("summary_index"u8, 0);
        json.WritePropertyName("part"u8);
        ResponsesItemWriter.Summary(json, text);
    }

    private void Searched(RawJson? item)
    {
        if (item is { } made)
        {
            EndMessage();
            _events.ItemAdded(_output.Count, made);
            Done(made);
        }
    }

    private void EndMessage()
    {
        if (_message is { } message)
        {
            _message = null;
            Done(message.Close());
        }
    }

    private void Done(RawJson item)
    {
        _events.ItemDone(_output.Count, item);
        _output.Add(item);
    }

    private void End()
    {
        _ended = true;
        Start(null);
        foreach (var block in _blocks)
        {
            block.Ended = true;
        }

        Drain();
        Searched(_searches.Rest(_items!.Id("ws", _output.Count)));
        EndMessage();
        var (status, incomplete) = ResponsesItemWriter.EndOf(_stopped?.Reason ?? StopReason.EndTurn, _refused);
        var json = _events.Open("response." + status);
        json.WritePropertyName("response"u8);
        _items!.Response(json, status, incomplete, _output, _usage, target.Created);
        _events.Close();
    }

    private Block? Find(int part)
    {
        foreach (var block in _blocks)
        {
            if (block.Start.Part == part)
            {
                return block;
            }
        }

        return null;
    }

    private sealed class Block(StreamEvent.PartStarted start)
    {
        public StreamEvent.PartStarted Start { get; } = start;

        /// <summary>Empty while its item is not open.</summary>
        public string ItemId { get; set; } = "";

        public StringBuilder Text { get; } = new();

        public string? Signature { get; set; }

        public WireProtocol? SignedBy { get; set; }

        public List<RawJson> Details { get; } = [];

        public bool Begun { get; set; }

        /// <summary>A block of Claude's search.</summary>
        public bool IsSearch { get; set; }

        public bool Ended { get; set; }

        public List<StreamEvent> Waiting { get; } = [];
    }
}
