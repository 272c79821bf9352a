using System.Text.Json;
using Sluice.Protocols.Conversation;
using Sluice.Protocols.Formats;

namespace Sluice.Protocols.Native;

/// <summary>What a whole answer says, as far as the gateway must know before it passes the bytes on.</summary>
public readonly record struct NativeResponseFacts
{
    /// <summary>The bytes are one JSON object and nothing else.</summary>
    public bool IsJsonObject { get; init; }

    /// <summary>The object is an error in spite of its status.</summary>
    public bool IsError { get; init; }

    /// <summary>Text, thinking, a tool call, a refusal or another block is in it.</summary>
    public bool HasContent { get; init; }

    /// <summary>Bytes of text, thinking and tool arguments.</summary>
    public long ContentBytes { get; init; }

    /// <summary>Counts, converted.</summary>
    public TokenUsage Usage { get; init; }

    /// <summary>Why it ended; null where the answer does not say.</summary>
    public StopReason? StopReason { get; init; }

    /// <summary>The upstream's id of the answer.</summary>
    public string? Id { get; init; }
}

/// <summary>Looks into whole answers that pass natively, without building anything from them. Never throws.</summary>
public static class NativeResponses
{
    /// <summary>Inspects one answer.</summary>
    /// <param name="protocol">The answer's format.</param>
    /// <param name="body">The whole body.</param>
    /// <param name="readUsage">Reads usage objects of that format.</param>
    public static NativeResponseFacts Inspect(WireProtocol protocol, ReadOnlySpan<byte> body, UsageReader readUsage)
    {
        var nothing = new NativeResponseFacts { Usage = TokenUsage.Unknown };
        try
        {
            var text = body.StartsWith("\uFEFF"u8) ? body[3..] : body;
            var first = new Utf8JsonReader(text);
            if (!first.Read() || first.TokenType != JsonTokenType.StartObject)
            {
                return nothing;
            }

            return WireFormats.Upstream(protocol).Inspect(text, readUsage);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return nothing;
        }
    }
}
