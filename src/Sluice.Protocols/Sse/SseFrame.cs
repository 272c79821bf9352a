namespace Sluice.Protocols.Sse;

/// <summary>One server-sent event as it stood on the wire. Its memory is valid until the reader is fed or read again.</summary>
/// <param name="Raw">All its bytes, from the first line to the blank line that ends it, whatever the line ends were.</param>
/// <param name="Event">The <c>event:</c> field's value; empty where there was none.</param>
/// <param name="Data">The <c>data:</c> lines joined by a line feed; empty for comments and blank lines.</param>
public readonly record struct SseFrame(ReadOnlyMemory<byte> Raw, ReadOnlyMemory<byte> Event, ReadOnlyMemory<byte> Data)
{
    /// <summary>The frame carries data; otherwise it is a comment, a lone blank line or a field that is not data.</summary>
    public bool HasData => !Data.IsEmpty;
}
