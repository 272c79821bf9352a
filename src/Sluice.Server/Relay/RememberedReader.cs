using System.Buffers;
using System.Text;
using Sluice.Core.Reasoning;
using Sluice.Protocols;
using Sluice.Protocols.Conversation;
using Sluice.Protocols.Formats;
using Sluice.Protocols.Json;
using Sluice.Protocols.Sse;

namespace Sluice.Server.Relay;

/// <summary>
/// Has the thinking of a stream remembered as it goes by. A turn is in the memory before the client is told the end of its call, so that no next
/// request can come too early.
/// </summary>
internal sealed class RememberedReader(IStreamReader reader, TurnRecorder recorder) : IStreamReader
{
    // Characters of one part; more than any model's output window.
    private const int LongestPart = 16 * 1024 * 1024;

    private Dictionary<int, OpenPart>? _open;

    /// <inheritdoc/>
    public void Read(in SseFrame frame, List<StreamEvent> events)
    {
        var before = events.Count;
        reader.Read(frame, events);
        Follow(events, before);
    }

    /// <inheritdoc/>
    public void Complete(List<StreamEvent> events)
    {
        var before = events.Count;
        reader.Complete(events);
        Follow(events, before);
    }

    private void Follow(List<StreamEvent> events, int from)
    {
        for (var i = from; i < events.Count; i++)
        {
            switch (events[i])
            {
                case StreamEvent.PartStarted { Shape: PartShape.Thinking or PartShape.RedactedThinking } start:
                    (_open ??= [])[start.Part] = new OpenPart(start);
                    break;
                case StreamEvent.PartStarted { Shape: PartShape.ToolCall } call when recorder.IsWaiting:
                    (_open ??= [])[call.Part] = new OpenPart(call);
                    break;
                case StreamEvent.TextDelta text when recorder.IsWaiting:
                    recorder.Said(text.Text);
                    break;
                case StreamEvent.Stopped or StreamEvent.Ended:
                    recorder.Ended();
                    break;
                case var other when _open is not null:
                    Collect(other);
                    break;
            }
        }
    }

    private void Collect(StreamEvent streamEvent)
    {
        switch (streamEvent)
        {
            case StreamEvent.ThinkingDelta delta when _open!.TryGetValue(delta.Part, out var part):
                Add(delta.Part, part, delta.Text);
                break;
            case StreamEvent.ArgumentsDelta delta when _open!.TryGetValue(delta.Part, out var part):
                Add(delta.Part, part, delta.Json);
                break;
            case StreamEvent.SignatureDelta delta when _open!.TryGetValue(delta.Part, out var part):
                part.Signature += delta.Signature;
                part.SignedBy = delta.SignedBy;
                break;
            case StreamEvent.ReasoningDetails delta when _open!.TryGetValue(delta.Part, out var part):
                part.Details.Add(delta.Details);
                break;
            case StreamEvent.PartEnded ended when _open!.Remove(ended.Part, out var part):
                if (part.Start.Shape == PartShape.ToolCall)
                {
                    recorder.Called(part.Call());
                }
                else
                {
                    recorder.Thought(part.Thinking());
                }

                break;
        }
    }

    private void Add(int number, OpenPart part, string text)
    {
        if (part.Text.Length + text.Length > LongestPart)
        {
            _open!.Remove(number);
            return;
        }

        part.Text.Append(text);
    }

    private sealed class OpenPart(StreamEvent.PartStarted start)
    {
        public StreamEvent.PartStarted Start { get; } = start;

        public StringBuilder Text { get; } = new();

        public string? Signature { get; set; }

        public WireProtocol? SignedBy { get; set; }

        public List<RawJson> Details { get; } = [];

        public ToolCallPart Call() => new(Start.Id ?? "", Start.Name ?? "", RawJson.FromText(Text.ToString())) { IsCustom = Start.IsCustom };

        public ThinkingPart Thinking() => new(Text.ToString())
        {
            Id = Start.Id,
            Signature = Signature,
            RedactedData = Start.Shape == PartShape.RedactedThinking ? Start.Data : null,
            Details = Signature is null ? Joined() : default,
            SignedBy = SignedBy ?? (Start.Shape == PartShape.RedactedThinking ? Start.RedactedBy : WireProtocol.OpenAIChat),
        };

        // [a] and [b] are [a,b].
        private RawJson Joined()
        {
            if (Details.Count < 2)
            {
                return Details.Count == 0 ? default : Details[0];
            }

            var joined = new ArrayBufferWriter<byte>();
            joined.Write("["u8);
            foreach (var piece in Details)
            {
                var inner = piece.Utf8.Span.Trim(" \t\r\n"u8);
                if (inner.Length > 2)
                {
                    joined.Write(joined.WrittenCount > 1 ? ","u8 : default);
                    joined.Write(inner[1..^1]);
                }
            }

            joined.Write("]"u8);
            return new RawJson(joined.WrittenMemory);
        }
    }
}
