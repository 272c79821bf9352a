namespace Sluice.Simulator.Wires;

/// <summary>What the faults need to know of a framing: how to name it, break one frame of it, and write none of it.</summary>
internal abstract class StreamShape
{
    /// <summary>Server-sent events with line feeds.</summary>
    public static readonly StreamShape Sse = new SseShape("\n\n"u8.ToArray(), "text/event-stream; charset=utf-8");

    /// <summary>Server-sent events with CRLF, as Google writes them.</summary>
    public static readonly StreamShape CrlfSse = new SseShape("\r\n\r\n"u8.ToArray(), "text/event-stream");

    /// <summary>One JSON array, sent element by element.</summary>
    public static readonly StreamShape Array = new ArrayShape();

    public abstract string ContentType { get; }

    /// <summary>Bytes under this content type that are no frames.</summary>
    public virtual byte[] Garbage => "\u0000\u0001 this is :: no event\n\ndata\n\ndata: {]\n\nid: x\nretry: soon\n\n"u8.ToArray();

    /// <summary>The frame with its JSON broken and its framing whole.</summary>
    /// <param name="frame">A frame as the wire wrote it.</param>
    /// <param name="variant">Another way to break it; null for the usual one.</param>
    public abstract byte[] Break(ReadOnlySpan<byte> frame, string? variant);

    private sealed class SseShape(byte[] end, string contentType) : StreamShape
    {
        public override string ContentType => contentType;

        public override byte[] Break(ReadOnlySpan<byte> frame, string? variant)
        {
            var line = frame.LastIndexOf("}"u8);
            return line < 0 ? [.. "data: {\"broken"u8, .. end] : [.. frame[..line], .. end];
        }
    }

    private sealed class ArrayShape : StreamShape
    {
        public override string ContentType => "application/json; charset=UTF-8";

        public override byte[] Garbage => "[{]\n,,\u0001 no element\n]"u8.ToArray();

        public override byte[] Break(ReadOnlySpan<byte> frame, string? variant)
        {
            var brace = frame.LastIndexOf("}"u8);
            return brace < 0 ? [.. frame, .. "{\"broken"u8] : frame[..brace].ToArray();
        }
    }
}
