using System.Buffers;
using Sluice.Protocols.Conversation;
using Sluice.Protocols.Errors;
using Sluice.Protocols.Formats;
using Sluice.Protocols.Sse;

namespace Sluice.Protocols.Gemini;

/// <summary>
/// streamGenerateContent without <c>alt=sse</c>: the same chunks as one JSON array that is sent piece by piece, <c>[{…}\r\n,\r\n{…}\r\n]</c>.
/// Turns the server-sent events of another relay into it. Keep-alives are white space, an error is the last element.
/// </summary>
public sealed class GeminiArrayFraming(IStreamRelay inner) : IStreamRelay
{
    private static readonly byte[] LineFeed = "\n"u8.ToArray();

    private readonly StreamSegments _segments = new();
    private bool _open;
    private bool _closed;

    /// <summary>The media type of such an answer.</summary>
    public static string MediaType => "application/json; charset=UTF-8";

    /// <summary>Bytes that keep a silent answer alive: white space stands between any two elements, and before the first.</summary>
    public static ReadOnlyMemory<byte> KeepAlive => LineFeed;

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

    /// <summary>Ends the array with an error, after whatever the client has been sent.</summary>
    /// <param name="error">What went wrong.</param>
    /// <param name="started">Elements have reached the client; false: the gate let none of them out.</param>
    /// <param name="output">The client's bytes.</param>
    public static void WriteError(GatewayError error, bool started, IBufferWriter<byte> output)
    {
        output.Write(started ? "\r\n,\r\n"u8 : "["u8);
        GeminiErrors.Write(error, output);
        output.Write("\r\n]"u8);
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
