using System.Buffers;
using Sluice.Protocols.Errors;
using Sluice.Protocols.Formats;

namespace Sluice.Protocols.Gemini;

/// <summary>
/// streamGenerateContent without <c>alt=sse</c>: the same chunks as one JSON array that is sent piece by piece, <c>[{…}\r\n,\r\n{…}\r\n]</c>.
/// Keep-alives are white space, which stands between any two elements and before the first; an error is the last element.
/// </summary>
internal sealed class GeminiArrayFraming : IStreamFraming
{
    private static readonly byte[] LineFeed = "\n"u8.ToArray();

    private GeminiArrayFraming()
    {
    }

    /// <summary>The one instance.</summary>
    public static GeminiArrayFraming Instance { get; } = new();

    /// <inheritdoc/>
    public string MediaType => "application/json; charset=UTF-8";

    /// <inheritdoc/>
    public ReadOnlyMemory<byte> KeepAlive => LineFeed;

    /// <inheritdoc/>
    public IStreamRelay Around(IStreamRelay relay) => new GeminiArrayRelay(relay);

    /// <inheritdoc/>
    public void WriteError(GatewayError error, bool started, IBufferWriter<byte> output)
    {
        output.Write(started ? "\r\n,\r\n"u8 : "["u8);
        GeminiErrors.Write(error, output);
        output.Write("\r\n]"u8);
    }
}
