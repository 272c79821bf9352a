using System.Buffers;
using Sluice.Protocols.Conversation;
using Sluice.Protocols.Degradations;
using Sluice.Protocols.Errors;

namespace Sluice.Protocols.Formats;

/// <summary>
/// An upstream format with an operation that counts a request's tokens, so that clients of other formats can be told an exact count as well.
/// A format without it is never asked.
/// </summary>
public interface ITokenCountFormat : IUpstreamFormat
{
    /// <summary>Writes the request whose tokens are to be counted. Returns what cannot be carried and must be refused, or null.</summary>
    GatewayError? WriteCountRequest(ConversationRequest request, UpstreamTarget target, DegradationLog degradations, IBufferWriter<byte> output);

    /// <summary>Reads the count of an answer with a success status; null when the bytes hold none.</summary>
    long? ReadTokenCount(ReadOnlySpan<byte> body);
}
