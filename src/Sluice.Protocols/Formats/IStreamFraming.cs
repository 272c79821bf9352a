using System.Buffers;
using Sluice.Protocols.Errors;

namespace Sluice.Protocols.Formats;

/// <summary>How a client's stream stands on the wire where it is no stream of server-sent events. Stateless and shared.</summary>
public interface IStreamFraming
{
    /// <summary>The answer's media type.</summary>
    string MediaType { get; }

    /// <summary>Bytes that keep a silent answer alive and mean nothing.</summary>
    ReadOnlyMemory<byte> KeepAlive { get; }

    /// <summary>The relay of one answer around one that writes the format's events.</summary>
    IStreamRelay Around(IStreamRelay relay);

    /// <summary>Ends the answer with an error, after whatever the client has been sent.</summary>
    /// <param name="error">What went wrong.</param>
    /// <param name="started">Something of an answer has reached the client.</param>
    /// <param name="output">The client's bytes.</param>
    void WriteError(GatewayError error, bool started, IBufferWriter<byte> output);
}
