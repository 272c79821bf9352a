using System.Text;
using Sluice.Protocols;
using Sluice.Protocols.Conversation;
using Sluice.Protocols.Errors;
using Sluice.Protocols.Json;

namespace Sluice.Commands.Talking;

/// <summary>Puts a streamed answer together, as a client does before it sends the turn back.</summary>
internal sealed class StreamAssembly
{
    private readonly SortedDictionary<int, Piece> _pieces = [];
    private StopReason? _stop;

    /// <summary>The stream's own terminal event came.</summary>
    public bool Ended { get; private set; }

    /// <summary>The stream ended with an error.</summary>
    public UpstreamError? Error { get; private set; }

    /// <summary>Text, thinking or part of a tool call came.</summary>
    public bool HasContent { get; private set; }

    public void Add(StreamEvent streamEvent)
    {
        switch (streamEvent)
        {
            case StreamEvent.PartStarted started: _pieces[started.Part] = new Piece(started); break;
            case StreamEvent.TextDelta text: Append(text.Part, text.Text); break;
            case StreamEvent.ThinkingDelta thinking: Append(thinking.Part, thinking.Text); break;
            case StreamEvent.ArgumentsDelta arguments: Append(arguments.Part, arguments.Json); break;
            case StreamEvent.SignatureDelta signature when _pieces.TryGetValue(signature.Part, out var signed):
                signed.Signature += signature.Signature;
                signed.SignedBy = signature.SignedBy;
                break;
            case StreamEvent.Stopped stopped: _stop = stopped.Reason; break;
            case StreamEvent.Ended: Ended = true; break;
            case StreamEvent.Failed failed: Error = failed.Error; break;
            default: break;
        }
    }

    public ConversationResponse Whole() => new() { Parts = [.. _pieces.Values.Select(Part).OfType<ContentPart>()], StopReason = _stop ?? StopReason.EndTurn };

    private static ContentPart? Part(Piece piece)
    {
        ContentPart? part = piece.Start.Shape switch
        {
            PartShape.Text => new TextPart(piece.Text.ToString()),
            PartShape.Thinking => new ThinkingPart(piece.Text.ToString()) { Id = piece.Start.Id },
            PartShape.RedactedThinking => new ThinkingPart("") { RedactedData = piece.Start.Data, SignedBy = piece.Start.RedactedBy },
            PartShape.ToolCall => new ToolCallPart(piece.Start.Id ?? "", piece.Start.Name ?? "", piece.Text.Length == 0 ? RawJson.EmptyObject : RawJson.FromText(piece.Text.ToString())) { Extra = piece.Start.Json },
            PartShape.Refusal => new RefusalPart(piece.Text.ToString()),
            _ => null,
        };
        return piece.Signature is null || part is null ? part : part with { Signature = piece.Signature, SignedBy = piece.SignedBy };
    }

    private void Append(int part, string text)
    {
        if (_pieces.TryGetValue(part, out var piece))
        {
            piece.Text.Append(text);
            HasContent |= text.Length > 0;
        }
    }

    private sealed class Piece(StreamEvent.PartStarted start)
    {
        public StreamEvent.PartStarted Start { get; } = start;

        public StringBuilder Text { get; } = new();

        public string? Signature { get; set; }

        public WireProtocol SignedBy { get; set; }
    }
}
