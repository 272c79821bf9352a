using System.Buffers;
using Sluice.Protocols.Conversation;
using Sluice.Protocols.Errors;
using Sluice.Protocols.Formats;
using Sluice.Protocols.OpenAIChat;
using Sluice.Protocols.Sse;

namespace Sluice.Protocols.Native;

/// <summary>Reads one usage object of a vendor's answer.</summary>
/// <param name="usageObject">The JSON object's bytes.</param>
/// <param name="previous">What earlier events of the same answer reported.</param>
/// <returns>The counts so far.</returns>
public delegate TokenUsage UsageReader(ReadOnlySpan<byte> usageObject, TokenUsage previous);

/// <summary>What a native relay must be told.</summary>
public sealed record NativeStreamOptions
{
    /// <summary>Reads an in-stream error event's data in the upstream's format.</summary>
    public required Func<ReadOnlyMemory<byte>, UpstreamError> ReadError { get; init; }

    /// <summary>Reads usage objects in the upstream's format.</summary>
    public required UsageReader ReadUsage { get; init; }

    /// <summary>The Chat client did not ask for the usage chunk, Sluice did: it is metered and dropped.</summary>
    public bool DropUsageChunk { get; init; }

    /// <summary>The Chat client is OpenRouter's, which takes no chunk whose <c>usage</c> or <c>system_fingerprint</c> is null: such members are left out.</summary>
    public bool DropNullMembers { get; init; }

    /// <summary>The options of one format: its own reading of errors (inside an answer with status 200) and of usage.</summary>
    public static NativeStreamOptions For(WireProtocol protocol, ChatDialect dialect, bool dropUsageChunk = false)
    {
        var format = WireFormats.Upstream(protocol);
        return new NativeStreamOptions
        {
            ReadError = data => format.ReadError(200, data.Span),
            ReadUsage = (usage, previous) => format.ReadUsage(usage, previous, dialect),
            DropUsageChunk = dropUsageChunk,
        };
    }
}

/// <summary>Relays for streams whose client and upstream speak the same format: bytes pass as they are.</summary>
public static class NativeRelays
{
    /// <summary>Makes the relay of one answer.</summary>
    public static IStreamRelay CreateStream(WireProtocol protocol, NativeStreamOptions options) => WireFormats.Of(protocol).CreateNativeRelay(options);

    /// <summary>Passes a frame on as it came. Where the upstream closed without the blank line that ends an event, it is added: what follows would else become part of it.</summary>
    internal static void Pass(in SseFrame frame, SegmentRole role, StreamSegments output, bool withoutNulls = false)
    {
        var raw = frame.Raw.Span;
        if (withoutNulls)
        {
            NullMembers.WriteWithout(raw, output);
        }
        else
        {
            output.Write(raw);
        }

        if (!EndsWithBlankLine(raw))
        {
            output.Write(raw[^1] is (byte)'\n' or (byte)'\r' ? "\n"u8 : "\n\n"u8);
        }

        output.Mark(role);
    }

    /// <summary>An upstream answer that its protocol does not allow.</summary>
    internal static UpstreamError BadResponse(string message) => new(ErrorKind.BadResponse, message);

    /// <summary>A frame without data whose bytes are a JSON document or a page: the upstream wrote an error into the stream without framing it.</summary>
    internal static UpstreamError? Unframed(in SseFrame frame, Func<ReadOnlyMemory<byte>, UpstreamError> readError)
    {
        var text = frame.Raw.Span.TrimStart(" \n\r\t"u8);
        if (text.IsEmpty)
        {
            return null;
        }

        return text[0] switch
        {
            (byte)'{' when text.IndexOf("\"error\""u8) >= 0 => readError(frame.Raw.Trim(" \n\r\t"u8)),
            (byte)'{' or (byte)'[' or (byte)'<' => BadResponse("The upstream answered with something other than server-sent events."),
            _ => null,
        };
    }

    private static bool EndsWithBlankLine(ReadOnlySpan<byte> raw)
    {
        if (raw.EndsWith("\n\n"u8) || raw.EndsWith("\n\r\n"u8) || raw.EndsWith("\r\r"u8) || raw.EndsWith("\n\r"u8))
        {
            return true;
        }

        // A lone blank line is a frame of its own.
        return raw.Length <= 2 && raw.IndexOfAnyExcept((byte)'\n', (byte)'\r') < 0;
    }
}
