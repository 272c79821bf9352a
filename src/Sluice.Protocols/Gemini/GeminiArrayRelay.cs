using System.Buffers;
using Sluice.Protocols.Conversation;
using Sluice.Protocols.Errors;
using Sluice.Protocols.Formats;
using Sluice.Protocols.Sse;

namespace Sluice.Protocols.Gemini;

/// <summary>Turns the server-sent events of another relay into one JSON array (<see cref="GeminiArrayFraming"/>).</summary>
internal sealed class GeminiArrayRelay(IStreamRelay inner) : IStreamRelay
{
    private readonly StreamSegments _segments = new();
    private bool _open;
    private bool _closed;

    /// <inheritdoc/>
    public TokenUsage Usage => inner.Usage;

    /// <inheritdoc/>
    public StopReason? StopReason => inner.StopReason;

    /// <inheritdoc/>
    public long ContentBytes => inner.ContentBytes;

    /// <inheritdoc/>
    public string? ResponseId => inner.ResponseId;

    /// <inheritdoc/>
    public UpstreamError? Advance(in SseFrame frame, StreamSegments output)
    {
        _segments.Clear();
        var error = inner.Advance(frame, _segments);
        Frame(output);
        return error;
    }

    /// <inheritdoc/>
    public UpstreamError? Complete(StreamSegments output)
    {
        _segments.Clear();
        var error = inner.Complete(_segments);
        Frame(output);
        if (error is null && !_closed)
        {
            _closed = true;
            output.Write(_open ? "\r\n]"u8 : "[]"u8);
            output.Mark(SegmentRole.Terminal);
        }

        return error;
    }

    private void Frame(StreamSegments output)
    {
        for (var i = 0; i < _segments.Count; i++)
        {
            var (role, bytes) = _segments[i];
            var before = output.WrittenCount;
            Elements(bytes.Span, output);
            if (role == SegmentRole.Terminal && !_closed)
            {
                // Nobody asks for the rest of a stream that has said its end.
                _closed = true;
                output.Write(_open ? "\r\n]"u8 : "[]"u8);
            }

            if (output.WrittenCount > before)
            {
                output.Mark(role);
            }
            else if (bytes.IsEmpty)
            {
                output.Signal(role);
            }
        }
    }

    // A run is whole events: "data: {…}" and blank lines, nothing else. JSON has no line breaks of its own here, or they are white space.
    private void Elements(ReadOnlySpan<byte> run, StreamSegments output)
    {
        var inEvent = false;
        foreach (var range in run.Split((byte)'\n'))
        {
            var line = run[range].TrimEnd((byte)'\r');
            if (line.IsEmpty)
            {
                inEvent = false;
                continue;
            }

            if (!line.StartsWith("data:"u8))
            {
                continue;
            }

            if (!inEvent)
            {
                output.Write(_open ? "\r\n,\r\n"u8 : "["u8);
                _open = inEvent = true;
            }
            else
            {
                output.Write("\n"u8);
            }

            output.Write(line["data:"u8.Length..].TrimStart((byte)' '));
        }
    }
}
