using System.Text.Json;
using Sluice.Protocols.Conversation;

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

            return protocol == WireProtocol.AnthropicMessages ? Anthropic(text, readUsage) : Chat(text, readUsage);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return nothing;
        }
    }

    private static NativeResponseFacts Chat(ReadOnlySpan<byte> body, UsageReader readUsage)
    {
        // A whole answer is a chunk whose choices have a message instead of a delta.
        var chunk = new ChatChunk { WantsId = true };
        chunk.Read(body);
        return new NativeResponseFacts
        {
            IsJsonObject = true,
            IsError = chunk.HasError || chunk.FinishIsError,
            HasContent = chunk.HasContent || chunk.FirstTool is not null,
            ContentBytes = chunk.ContentBytes,
            Usage = chunk.Usage is { } usage ? readUsage(body[usage], TokenUsage.Unknown) : TokenUsage.Unknown,
            StopReason = chunk.FirstTool is not null && chunk.StopReason == StopReason.EndTurn ? StopReason.ToolUse : chunk.StopReason,
            Id = chunk.Id,
        };
    }

    private static NativeResponseFacts Anthropic(ReadOnlySpan<byte> body, UsageReader readUsage)
    {
        var isError = false;
        var blocks = default(BlockFacts);
        string? id = null;
        StopReason? stop = null;
        Range? usage = null;
        var reader = new Utf8JsonReader(body);
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("content"u8))
            {
                reader.Read();
                blocks.Read(ref reader);
            }
            else if (reader.ValueTextEquals("usage"u8))
            {
                reader.Read();
                usage = AnthropicEvent.SpanOfObject(ref reader);
            }
            else if (reader.ValueTextEquals("stop_reason"u8))
            {
                reader.Read();
                stop = AnthropicEvent.StopReasonOf(ref reader);
                reader.Skip();
            }
            else if (reader.ValueTextEquals("id"u8))
            {
                reader.Read();
                id = reader.TokenType == JsonTokenType.String ? reader.GetString() : null;
                reader.Skip();
            }
            else if (reader.ValueTextEquals("error"u8))
            {
                reader.Read();
                isError |= reader.TokenType is JsonTokenType.StartObject or JsonTokenType.String;
                reader.Skip();
            }
            else if (reader.ValueTextEquals("type"u8))
            {
                reader.Read();
                isError |= reader.TokenType == JsonTokenType.String && reader.ValueTextEquals("error"u8);
                reader.Skip();
            }
            else
            {
                reader.Read();
                reader.Skip();
            }
        }

        reader.Read();
        return new NativeResponseFacts
        {
            IsJsonObject = true,
            IsError = isError,
            HasContent = blocks.Any,
            ContentBytes = blocks.Bytes,
            Usage = usage is { } span ? readUsage(body[span], TokenUsage.Unknown) : TokenUsage.Unknown,
            StopReason = stop,
            Id = id,
        };
    }

    private struct BlockFacts
    {
        public bool Any;
        public long Bytes;

        public void Read(ref Utf8JsonReader reader)
        {
            if (reader.TokenType != JsonTokenType.StartArray)
            {
                reader.Skip();
                return;
            }

            while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
            {
                if (reader.TokenType == JsonTokenType.StartObject)
                {
                    ReadBlock(ref reader);
                }
                else
                {
                    reader.Skip();
                }
            }
        }

        private void ReadBlock(ref Utf8JsonReader reader)
        {
            var block = AnthropicBlock.Other;
            var bytes = 0L;
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                if (reader.ValueTextEquals("type"u8))
                {
                    reader.Read();
                    block = AnthropicEvent.BlockOf(ref reader);
                    reader.Skip();
                }
                else
                {
                    var counts = reader.ValueTextEquals("text"u8) || reader.ValueTextEquals("thinking"u8) || reader.ValueTextEquals("input"u8);
                    reader.Read();
                    var start = reader.TokenStartIndex;
                    var quotes = reader.TokenType == JsonTokenType.String ? 2 : 0;
                    reader.Skip();
                    bytes += counts ? Math.Max(0, reader.BytesConsumed - start - quotes) : 0;
                }
            }

            Bytes += bytes;
            Any |= block is AnthropicBlock.Tool or AnthropicBlock.Other || (block == AnthropicBlock.Prose && bytes > 0);
        }
    }
}
