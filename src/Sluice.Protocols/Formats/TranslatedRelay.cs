using System.Text;
using Sluice.Protocols.Conversation;
using Sluice.Protocols.Errors;
using Sluice.Protocols.Sse;

namespace Sluice.Protocols.Formats;

/// <summary>
/// One upstream stream translated for a client of another format: frames become neutral events, events become the client's bytes. What the
/// writer appends for an event has that event's role, or a stronger one: a writer may hold bytes back and append them later.
/// </summary>
public sealed class TranslatedRelay(IStreamReader reader, IStreamWriter writer) : IStreamRelay
{
    private readonly List<StreamEvent> _events = [];
    private readonly HashSet<int> _openTools = [];
    private bool _ended;

    // Content or tool bytes that the writer has not appended yet: whatever it appends next may hold them.
    private bool _heldContent;
    private bool _heldTool;

    /// <inheritdoc/>
    public TokenUsage Usage { get; private set; } = TokenUsage.Unknown;

    /// <inheritdoc/>
    public StopReason? StopReason { get; private set; }

    /// <inheritdoc/>
    public long ContentBytes { get; private set; }

    /// <inheritdoc/>
    public string? ResponseId { get; private set; }

    /// <inheritdoc/>
    public UpstreamError? Advance(in SseFrame frame, StreamSegments output)
    {
        if (_ended)
        {
            return null;
        }

        _events.Clear();
        reader.Read(frame, _events);
        return Write(output);
    }

    /// <inheritdoc/>
    public UpstreamError? Complete(StreamSegments output)
    {
        if (_ended)
        {
            return null;
        }

        _events.Clear();
        reader.Complete(_events);
        return Write(output) is { } error ? error
            : _ended ? null
            : new UpstreamError(ErrorKind.BadResponse, "The upstream closed the stream before its answer was complete.");
    }

    private UpstreamError? Write(StreamSegments output)
    {
        foreach (var streamEvent in _events)
        {
            if (streamEvent is StreamEvent.Failed failed)
            {
                _ended = true;
                return failed.Error;
            }

            var role = Note(streamEvent);
            var before = output.WrittenCount;
            writer.Write(streamEvent, output);
            if (output.WrittenCount == before)
            {
                _heldContent |= role == SegmentRole.Content;
                _heldTool |= role is SegmentRole.ToolFragment or SegmentRole.ToolComplete;

                // Even without bytes of its own the end of a call frees what the gate holds of it.
                if (role == SegmentRole.ToolComplete)
                {
                    output.Signal(role);
                }

                continue;
            }

            if (role == SegmentRole.ToolComplete && _heldTool && _openTools.Count > 0)
            {
                // The bytes may open the next call with all that was buffered of it: the ended call may go, they may not.
                output.Signal(SegmentRole.ToolComplete);
                role = SegmentRole.ToolFragment;
            }

            output.Mark(Strengthen(role));
        }

        return null;
    }

    private SegmentRole Note(StreamEvent streamEvent)
    {
        switch (streamEvent)
        {
            case StreamEvent.Started started:
                ResponseId = started.Id ?? ResponseId;
                Usage = started.Usage.IsReported ? started.Usage : Usage;
                return SegmentRole.Preamble;
            case StreamEvent.PartStarted { Shape: PartShape.ToolCall } tool:
                _openTools.Add(tool.Part);
                return SegmentRole.ToolFragment;
            case StreamEvent.PartStarted { Shape: PartShape.Opaque }:
                return SegmentRole.Content;
            case StreamEvent.TextDelta text:
                return Prose(text.Text);
            case StreamEvent.ThinkingDelta thinking:
                return Prose(thinking.Text);
            case StreamEvent.ArgumentsDelta arguments:
                ContentBytes += Encoding.UTF8.GetByteCount(arguments.Json);
                return SegmentRole.ToolFragment;
            case StreamEvent.CitationDelta or StreamEvent.OpaqueDelta:
                return SegmentRole.Content;
            case StreamEvent.PartEnded ended:
                return _openTools.Remove(ended.Part) ? SegmentRole.ToolComplete : SegmentRole.Preamble;
            case StreamEvent.UsageReported usage:
                Usage = usage.Usage;
                return SegmentRole.Stop;
            case StreamEvent.Stopped stopped:
                StopReason = stopped.Reason;
                return SegmentRole.Stop;
            case StreamEvent.Ended:
                _ended = true;
                return SegmentRole.Terminal;
            default:
                return SegmentRole.Preamble;
        }
    }

    // Terminal bytes end the stream whatever else they hold: by then every part has ended.
    private SegmentRole Strengthen(SegmentRole role)
    {
        var strongest = role switch
        {
            SegmentRole.Terminal or SegmentRole.ToolComplete => role,
            _ when _heldTool && _openTools.Count == 0 => SegmentRole.ToolComplete,
            _ when _heldTool => SegmentRole.ToolFragment,
            SegmentRole.Preamble or SegmentRole.Stop when _heldContent => SegmentRole.Content,
            _ => role,
        };
        _heldContent = _heldTool = false;
        return strongest;
    }

    private SegmentRole Prose(string text)
    {
        ContentBytes += Encoding.UTF8.GetByteCount(text);
        return text.Length > 0 ? SegmentRole.Content : SegmentRole.Preamble;
    }
}
