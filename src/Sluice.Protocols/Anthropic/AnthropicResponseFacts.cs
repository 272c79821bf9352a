using System.Text.Json;
using Sluice.Protocols.Conversation;
using Sluice.Protocols.Native;

namespace Sluice.Protocols.Anthropic;

/// <summary>What a whole Messages answer says of itself, found without building anything from it.</summary>
internal static class AnthropicResponseFacts
{
    /// <summary>Reads one JSON object; throws <see cref="JsonException"/> where it is broken.</summary>
    public static NativeResponseFacts Of(ReadOnlySpan<byte> body, UsageReader readUsage)
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
                usage = JsonText.SpanOfObject(ref reader);
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
