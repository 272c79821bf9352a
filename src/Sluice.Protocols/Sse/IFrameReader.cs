namespace Sluice.Protocols.Sse;

/// <summary>
/// Cuts an answer's bytes into frames, whatever its framing on the wire: feed it through <see cref="GetMemory"/> and <see cref="Advance"/>,
/// take frames with <see cref="TryRead"/> until it says no. One stream, one thread.
/// </summary>
public interface IFrameReader : IDisposable
{
    /// <summary>A frame grew beyond the limit; nothing more can be read.</summary>
    bool Overflowed { get; }

    /// <summary>Bytes fed and not yet taken as frames.</summary>
    int Buffered { get; }

    /// <summary>Room for at least <paramref name="hint"/> more bytes. Ends the life of the last frame's memory.</summary>
    /// <exception cref="InvalidOperationException">After <see cref="Overflowed"/>.</exception>
    Memory<byte> GetMemory(int hint);

    /// <summary>Says that <paramref name="count"/> bytes were written into the memory from <see cref="GetMemory"/>.</summary>
    void Advance(int count);

    /// <summary>Takes the next whole frame. Its memory is valid until the next call of this, <see cref="GetMemory"/> or <see cref="ReleaseIfEmpty"/>.</summary>
    bool TryRead(out SseFrame frame);

    /// <summary>The upstream closed: takes what is left as the last frame. False when nothing is left.</summary>
    bool TryReadRest(out SseFrame frame);

    /// <summary>Gives the memory back while nothing is buffered.</summary>
    void ReleaseIfEmpty();
}
