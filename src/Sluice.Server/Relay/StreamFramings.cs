using System.Buffers;
using Sluice.Protocols.Errors;
using Sluice.Protocols.Formats;
using Sluice.Server.Surfaces;

namespace Sluice.Server.Relay;

/// <summary>How a client's streams stand on the wire: server-sent events in its format's own way, or the format's other framing.</summary>
internal static class StreamFramings
{
    /// <summary>The media type, and the bytes that keep a silent stream alive.</summary>
    public static (string ContentType, ReadOnlyMemory<byte> KeepAlive) Of(Surface surface) => surface.Framing is { } framing
        ? (framing.MediaType, framing.KeepAlive)
        : ("text/event-stream; charset=utf-8", surface.Format.KeepAlive);

    /// <summary>The relay that the client's framing needs around one that writes events.</summary>
    public static IStreamRelay Around(Surface surface, IStreamRelay relay) => surface.Framing?.Around(relay) ?? relay;

    /// <summary>Ends a stream that has been opened.</summary>
    /// <param name="surface">How the client speaks.</param>
    /// <param name="error">What went wrong.</param>
    /// <param name="began">Something of an answer is out.</param>
    /// <param name="output">The client's bytes.</param>
    public static void WriteError(Surface surface, GatewayError error, bool began, IBufferWriter<byte> output)
    {
        if (surface.Framing is { } framing)
        {
            framing.WriteError(error, began, output);
        }
        else
        {
            surface.Format.WriteStreamError(error with { AsOpenRouter = surface.IsOpenRouters }, output);
        }
    }
}
