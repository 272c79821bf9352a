// More than 500 lines: one state machine, whose states are understood side by side.
using System.Buffers;
using System.Text;
using System.Text.Json;
using Sluice.Protocols.Conversation;
using Sluice.Protocols.Degradations;
using Sluice.Protocols.Formats;
using Sluice.Protocols.Json;
using Sluice.Protocols.WebSearch;

namespace Sluice.Protocols.Anthropic;

/// <summary>
/// Writes a Messages stream that <see cref="AnthropicGrammar"/> accepts, whatever the order of the events that come in: one
/// <c>message_start</c>; blocks one after the other with dense indexes, of which only one is ever open; one <c>message_delta</c> with stop reason
/// and usage; <c>message_stop</c>. Parts of parallel tool calls that interleave are kept back until the block before them is closed.
/// </summary>
internal sealed class AnthropicStreamWriter(ClientTarget target, DegradationLog degradations) : IStreamWriter
{
    // ASCII that JSON writes as it is.
    private static readonly SearchValues<char> Unescaped = SearchValues.Create(
        " !#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[]^_`abcdefghijklmnopqrstuvwxyz{|}~");

    // Parts that have begun and are not closed, in order; the first one is the one that may be written. Bounded by the upstream's own parallelism.
    private readonly List<Block> _blocks = [];
    private readonly Utf8JsonWriter _json = new(Stream.Null, AnthropicWords.Relaxed with { SkipValidation = true });
    private bool _started;
    private bool _ended;
    private readonly ToolIds.Distinct _ids = new();
    private bool _sawToolCall;
    private int _nextIndex;

    // Proofs without any thinking to show, of another vendor: they go out before the next block, and not at all behind the last one,
    // since clients that show an answer's last block would show nothing. Bounded by the answer's parts.
    private readonly List<Block> _carried = [];
    private TokenUsage _usage = TokenUsage.Unknown;
    private StreamEvent.Stopped? _stopped;

    /// <inheritdoc/>
    public void Write(StreamEvent streamEvent, IBufferWriter<byte> output)
    {
        if (_ended)
        {
            return;
        }

        switch (streamEvent)
        {
            case StreamEvent.Started started:
                _usage = started.Usage.IsReported ? started.Usage : _usage;
                Start(started.Id, output);
                break;
            case StreamEvent.PartStarted part:
                Start(id: null, output);
                _blocks.Add(new Block(part));
                Drain(output);
                break;
            case StreamEvent.TextDelta e:
                Deliver(e.Part, e, output);
                break;
            case StreamEvent.ThinkingDelta e:
                Deliver(e.Part, e, output);
                break;
            case StreamEvent.SignatureDelta e:
                Deliver(e.Part, e, output);
                break;
            case StreamEvent.ReasoningDetails e:
                var claude = ReasoningDetailsReader.FindClaude(e.Details);
                foreach (var thinking in claude)
                {
                    Deliver(e.Part, new StreamEvent.SignatureDelta(e.Part, thinking.Signature ?? ""), output);
                }

                if (claude.Count == 0)
                {
                    Deliver(e.Part, e, output);
                }

                break;
            case StreamEvent.ArgumentsDelta e:
                Deliver(e.Part, e, output);
                break;
            case StreamEvent.CitationDelta e:
                Deliver(e.Part, e, output);
                break;
            case StreamEvent.OpaqueDelta e:
                Deliver(e.Part, e, output);
                break;
            case StreamEvent.PartEnded ended:
                if (Find(ended.Part) is { } block)
                {
                    block.Ended = true;
                    Drain(output);
                }

                break;
            case StreamEvent.UsageReported usage:
                _usage = usage.Usage;
                break;
            case StreamEvent.Stopped stopped:
                _stopped ??= stopped;
                break;
            case StreamEvent.Ended:
                End(output);
                break;
        }
    }

    private void Start(string? id, IBufferWriter<byte> output)
    {
        if (_started)
        {
            return;
        }

        _started = true;
        Open("message_start"u8, output);
        _json.WriteStartObject("message"u8);
        _json.WriteString("id"u8, AnthropicWords.MessageId(id, target.ResponseId));
        _json.WriteString("type"u8, "message"u8);
        _json.WriteString("role"u8, "assistant"u8);
        _json.WriteString("model"u8, target.Model);
        _json.WriteStartArray("content"u8);
        _json.WriteEndArray();
        _json.WriteNull("stop_reason"u8);
        _json.WriteNull("stop_sequence"u8);
        _json.WritePropertyName("usage"u8);

        // Clients show this number at once; the upstream's own counts come with the last event. Proxies that report 0 here know nothing yet.
        var known = _usage.TotalInput > 0 ? _usage : TokenUsage.Unknown;
        AnthropicUsage.Write(_json, known, Math.Max(1, target.EstimatedInputTokens));
        _json.WriteEndObject();
        Close(output);
    }

    private void Deliver(int part, StreamEvent delta, IBufferWriter<byte> output)
    {
        if (Find(part) is not { Ended: false } block)
        {
            return;
        }

        if (ReferenceEquals(block, _blocks[0]))
        {
            WriteDelta(block, delta, output);
        }
        else
        {
            block.Waiting.Add(delta);
        }
    }

    /// <summary>Writes the first block as far as it has come; when it is closed, the next.</summary>
    private void Drain(IBufferWriter<byte> output)
    {
        while (_blocks.Count > 0)
        {
            var block = _blocks[0];

            // Text and thinking open with their first words: an empty block would only be noise. Calls open at once.
            if (block.Start.Shape is PartShape.ToolCall or PartShape.RedactedThinking || IsOwn(block.Start))
            {
                OpenBlock(block, output);
            }

            foreach (var delta in block.Waiting)
            {
                WriteDelta(block, delta, output);
            }

            block.Waiting.Clear();
            if (!block.Ended)
            {
                return;
            }

            if (block.Index < 0 && block.Proof is not null && block is { Signature: null } or { SignedBy: not WireProtocol.AnthropicMessages })
            {
                _carried.Add(block);
            }
            else
            {
                CloseBlock(block, output);
            }

            _blocks.RemoveAt(0);
        }
    }

    private static bool IsOwn(StreamEvent.PartStarted start) => start is { Shape: PartShape.Opaque, From: WireProtocol.AnthropicMessages, Json.IsEmpty: false };

    private void OpenBlock(Block block, IBufferWriter<byte> output)
    {
        if (block.Index >= 0)
        {
            return;
        }

        if (_carried.Count > 0)
        {
            Block[] carried = [.. _carried];
            _carried.Clear();
            foreach (var proof in carried)
            {
                CloseBlock(proof, output);
            }
        }

        if (IsOwn(block.Start))
        {
            block.Index = _nextIndex++;
            Open("content_block_start"u8, output);
            _json.WriteNumber("index"u8, block.Index);
            _json.WritePropertyName("content_block"u8);
            block.Start.Json.WriteTo(_json);
            Close(output);
            return;
        }

        block.Index = _nextIndex++;
        Open("content_block_start"u8, output);
        _json.WriteNumber("index"u8, block.Index);
        _json.WriteStartObject("content_block"u8);
        switch (block.Start.Shape)
        {
            case PartShape.Thinking:
                _json.WriteString("type"u8, "thinking"u8);
                _json.WriteString("thinking"u8, ""u8);
                _json.WriteString("signature"u8, ""u8);
                break;
            case PartShape.RedactedThinking:
                _json.WriteString("type"u8, "redacted_thinking"u8);
                _json.WriteString("data"u8, block.Start.Data);
                break;
            case PartShape.ToolCall:
                _sawToolCall = true;
                _json.WriteString("type"u8, "tool_use"u8);
                _json.WriteString("id"u8, _ids.Map(block.Start.Id ?? ""));
                _json.WriteString("name"u8, block.Start.Name);
                _json.WriteStartObject("input"u8);
                _json.WriteEndObject();
                break;
            default:
                _json.WriteString("type"u8, "text"u8);
                _json.WriteString("text"u8, ""u8);
                break;
        }

        _json.WriteEndObject();
        Close(output);
    }

    private void WriteDelta(Block block, StreamEvent delta, IBufferWriter<byte> output)
    {
        switch (delta, block.Start.Shape)
        {
            case (StreamEvent.TextDelta { Text.Length: > 0 } text, PartShape.Text or PartShape.Refusal):
                WriteDelta(block, "text_delta"u8, "text"u8, text.Text, output);
                break;
            case (StreamEvent.ThinkingDelta { Text.Length: > 0 } thinking, PartShape.Thinking):
                WriteDelta(block, "thinking_delta"u8, "thinking"u8, thinking.Text, output);
                break;
            case (StreamEvent.SignatureDelta { Signature.Length: > 0 } signature, PartShape.Thinking):
                // Once, and last: pieces are joined until the block ends.
                block.Signature += signature.Signature;
                block.SignedBy = signature.SignedBy;
                break;
            case (StreamEvent.ReasoningDetails { Details.IsEmpty: false } details, PartShape.Thinking):
                block.Details.Add(details.Details);
                break;
            case (StreamEvent.CitationDelta { Citation.IsEmpty: false } citation, PartShape.Text):
                Cite(block, citation, output);
                break;
            case (StreamEvent.OpaqueDelta { Delta.IsEmpty: false } opaque, PartShape.Opaque) when IsOwn(block.Start):
                Open("content_block_delta"u8, output);
                _json.WriteNumber("index"u8, block.Index);
                _json.WritePropertyName("delta"u8);
                opaque.Delta.WriteTo(_json);
                Close(output);
                break;
            case (StreamEvent.ArgumentsDelta { Json.Length: > 0 } arguments, PartShape.ToolCall):
                WriteDelta(block, "input_json_delta"u8, "partial_json"u8, arguments.Json, output);
                break;
        }
    }

    private void Cite(Block block, StreamEvent.CitationDelta citation, IBufferWriter<byte> output)
    {
        if (citation.From == WireProtocol.AnthropicMessages)
        {
            WriteCitation(block, citation.Citation.WriteTo, output);
            return;
        }

        var from = citation.From ?? WireProtocol.OpenAIChat;
        var sources = WebSearchReader.Cited(citation.Citation);
        foreach (var source in sources)
        {
            WriteCitation(block, json => AnthropicSearchBlocks.WriteCitation(json, source, from), output);
        }

        // Gemini tells what it searched for behind the text that it found.
        if (WebSearchReader.OfGrounding(citation.Citation) is { } search)
        {
            block.Searched.Add((search, from));
        }
        else if (sources.Count == 0)
        {
            degradations.Add("citations", DegradationOutcome.Dropped, "The provider's citations have no place in an Anthropic answer.");
        }
    }

    private void WriteCitation(Block block, Action<Utf8JsonWriter> write, IBufferWriter<byte> output)
    {
        OpenBlock(block, output);
        Open("content_block_delta"u8, output);
        _json.WriteNumber("index"u8, block.Index);
        _json.WriteStartObject("delta"u8);
        _json.WriteString("type"u8, "citations_delta"u8);
        _json.WritePropertyName("citation"u8);
        write(_json);
        _json.WriteEndObject();
        Close(output);
    }

    private void WriteSearch(WebSearchMade search, WireProtocol from, IBufferWriter<byte> output)
    {
        OpenWhole(json => AnthropicSearchBlocks.WriteCall(json, search, streamed: true), output);
        Open("content_block_delta"u8, output);
        _json.WriteNumber("index"u8, _nextIndex - 1);
        _json.WriteStartObject("delta"u8);
        _json.WriteString("type"u8, "input_json_delta"u8);
        var input = new ArrayBufferWriter<byte>();
        using (var inner = new Utf8JsonWriter(input, AnthropicWords.Relaxed))
        {
            AnthropicSearchBlocks.WriteInput(inner, search);
        }

        _json.WriteString("partial_json"u8, input.WrittenSpan);
        _json.WriteEndObject();
        Close(output);
        Stop(_nextIndex - 1, output);
        OpenWhole(json => AnthropicSearchBlocks.WriteResult(json, search, from), output);
        Stop(_nextIndex - 1, output);
    }

    private void OpenWhole(Action<Utf8JsonWriter> write, IBufferWriter<byte> output)
    {
        Open("content_block_start"u8, output);
        _json.WriteNumber("index"u8, _nextIndex++);
        _json.WritePropertyName("content_block"u8);
        write(_json);
        Close(output);
    }

    private void Stop(int index, IBufferWriter<byte> output)
    {
        Open("content_block_stop"u8, output);
        _json.WriteNumber("index"u8, index);
        Close(output);
    }

    private void WriteDelta(Block block, ReadOnlySpan<byte> type, ReadOnlySpan<byte> member, string text, IBufferWriter<byte> output)
    {
        OpenBlock(block, output);
        if (text.AsSpan().IndexOfAnyExcept(Unescaped) >= 0)
        {
            WriteDeltaEvent(block, type, member, text, output);
            return;
        }

        // Deltas of a block differ in their text alone, and most text needs no escape: what stands before it is written once and copied.
        var head = block.DeltaHead ??= DeltaHead(block, type, member);
        var span = output.GetSpan(head.Length + text.Length + DeltaTail.Length);
        head.CopyTo(span);
        Encoding.ASCII.GetBytes(text, span[head.Length..]);
        DeltaTail.CopyTo(span[(head.Length + text.Length)..]);
        output.Advance(head.Length + text.Length + DeltaTail.Length);
    }

    private byte[] DeltaHead(Block block, ReadOnlySpan<byte> type, ReadOnlySpan<byte> member)
    {
        var sample = new ArrayBufferWriter<byte>(160);
        WriteDeltaEvent(block, type, member, "", sample);
        return sample.WrittenSpan[..^DeltaTail.Length].ToArray();
    }

    private void WriteDeltaEvent(Block block, ReadOnlySpan<byte> type, ReadOnlySpan<byte> member, string text, IBufferWriter<byte> output)
    {
        Open("content_block_delta"u8, output);
        _json.WriteNumber("index"u8, block.Index);
        _json.WriteStartObject("delta"u8);
        _json.WriteString("type"u8, type);
        _json.WriteString(member, text);
        _json.WriteEndObject();
        Close(output);
    }

    private void CloseBlock(Block block, IBufferWriter<byte> output)
    {
        if (block.Proof is { } proof)
        {
            OpenBlock(block, output);
            WriteDeltaEvent(block, "signature_delta"u8, "signature"u8, proof, output);
        }

        if (block.Index < 0)
        {
            if (AnthropicSearchBlocks.Of(block.Start.Json, block.Start.From) is { } search)
            {
                WriteSearch(search, block.Start.From!.Value, output);
            }
            else if (block.Start.Shape == PartShape.Opaque)
            {
                degradations.Add("content.opaque", DegradationOutcome.Dropped, "A block of the provider's own kind has no place in an Anthropic answer.");
            }

            return;
        }

        Stop(block.Index, output);
        foreach (var (found, from) in block.Searched)
        {
            WriteSearch(found, from, output);
        }
    }

    private void End(IBufferWriter<byte> output)
    {
        _ended = true;
        Start(id: null, output);
        foreach (var block in _blocks)
        {
            block.Ended = true;
        }

        Drain(output);
        var reason = _stopped?.Reason ?? StopReason.EndTurn;
        reason = AnthropicWords.Consistent(reason, _sawToolCall);
        Open("message_delta"u8, output);
        _json.WriteStartObject("delta"u8);
        _json.WriteString("stop_reason"u8, AnthropicWords.FromStopReason(reason));
        _json.WriteString("stop_sequence"u8, reason == StopReason.StopSequence ? _stopped?.StopSequence : null);
        _json.WriteEndObject();
        _json.WritePropertyName("usage"u8);
        AnthropicUsage.Write(_json, _usage, Math.Max(1, target.EstimatedInputTokens));
        Close(output);
        Open("message_stop"u8, output);
        Close(output);
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

    private static ReadOnlySpan<byte> DeltaTail => "\"}}\n\n"u8;

    private void Open(ReadOnlySpan<byte> type, IBufferWriter<byte> output)
    {
        output.Write("event: "u8);
        output.Write(type);
        output.Write("\ndata: "u8);
        _json.Reset(output);
        _json.WriteStartObject();
        _json.WriteString("type"u8, type);
    }

    private void Close(IBufferWriter<byte> output)
    {
        _json.WriteEndObject();
        _json.Flush();
        output.Write("\n\n"u8);
    }

    private sealed class Block(StreamEvent.PartStarted start)
    {
        public StreamEvent.PartStarted Start { get; } = start;

        /// <summary>On the wire; -1 while it is not open.</summary>
        public int Index { get; set; } = -1;

        public string? Signature { get; set; }

        public WireProtocol SignedBy { get; set; }

        /// <summary>Pieces of another vendor's <c>reasoning_details</c>.</summary>
        public List<RawJson> Details { get; } = [];

        /// <summary>What the block's signature is to hold, once it has ended.</summary>
        public string? Proof => Start.Shape == PartShape.Thinking ? AnthropicBlocks.Carried(Signature, SignedBy, CarriedDetails.Joined(Details)) : null;

        /// <summary>The bytes before the text of its deltas.</summary>
        public byte[]? DeltaHead { get; set; }

        public bool Ended { get; set; }

        public List<StreamEvent> Waiting { get; } = [];

        /// <summary>Searches that are told behind the block. Bounded by the citations of one text.</summary>
        public List<(WebSearchMade Search, WireProtocol From)> Searched { get; } = [];
    }
}
