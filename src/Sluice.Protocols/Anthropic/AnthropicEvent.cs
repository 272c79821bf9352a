using System.Text.Json;
using Sluice.Protocols.Conversation;
using Sluice.Protocols.Native;

namespace Sluice.Protocols.Anthropic;

internal enum AnthropicEventType
{
    /// <summary><c>ping</c>, and kinds that the API may add.</summary>
    Other,
    MessageStart,
    BlockStart,
    BlockDelta,
    BlockStop,
    MessageDelta,
    MessageStop,
    Error,
}

internal enum AnthropicBlock
{
    /// <summary>Results of server tools and kinds that the API may add: a client may show them.</summary>
    Other,

    /// <summary><c>text</c> and <c>thinking</c>: opens empty.</summary>
    Prose,

    /// <summary><c>redacted_thinking</c>.</summary>
    Redacted,

    /// <summary><c>tool_use</c>, <c>server_tool_use</c>, <c>mcp_tool_use</c>.</summary>
    Tool,
}

internal enum AnthropicDelta
{
    /// <summary>Citations and kinds that the API may add.</summary>
    Other,

    /// <summary><c>text_delta</c> and <c>thinking_delta</c>.</summary>
    Prose,
    Json,
    Signature,
}

/// <summary>What one stream event says of itself, whatever the order of its members. Allocates nothing but the message's id.</summary>
internal ref struct AnthropicEvent
{
    public AnthropicEventType Type;
    public AnthropicBlock Block;
    public AnthropicDelta Delta;
    public long Index;
    public string? Id;
    public StopReason? StopReason;

    /// <summary>An <c>error</c> member is there; proxies send it without the event's type.</summary>
    public bool HasError;

    /// <summary>The usage object's bytes within the event.</summary>
    public Range? Usage;

    /// <summary>Bytes of text, thinking and tool arguments in the event.</summary>
    public long ContentBytes;

    /// <exception cref="JsonException">The event is not JSON.</exception>
    public static AnthropicEvent Read(ReadOnlySpan<byte> data)
    {
        var facts = default(AnthropicEvent);
        var reader = new Utf8JsonReader(data);
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("type"u8))
            {
                reader.Read();
                facts.Type = TypeOf(ref reader);
            }
            else if (reader.ValueTextEquals("index"u8))
            {
                reader.Read();
                facts.Index = reader.TokenType == JsonTokenType.Number && reader.TryGetInt64(out var index) ? index : 0;
            }
            else if (reader.ValueTextEquals("message"u8))
            {
                reader.Read();
                facts.ReadMessage(ref reader);
            }
            else if (reader.ValueTextEquals("content_block"u8))
            {
                reader.Read();
                facts.ReadBlock(ref reader);
            }
            else if (reader.ValueTextEquals("delta"u8))
            {
                reader.Read();
                facts.ReadDelta(ref reader);
            }
            else if (reader.ValueTextEquals("usage"u8))
            {
                reader.Read();
                facts.Usage = JsonText.SpanOfObject(ref reader) ?? facts.Usage;
            }
            else if (reader.ValueTextEquals("error"u8))
            {
                reader.Read();
                facts.HasError = reader.TokenType is JsonTokenType.StartObject or JsonTokenType.String;
                reader.Skip();
            }
            else
            {
                reader.Read();
                reader.Skip();
            }
        }

        // Nothing may follow the object; the reader throws where it does.
        reader.Read();
        return facts;
    }

    /// <summary>The stop reason behind Anthropic's word.</summary>
    public static StopReason? StopReasonOf(ref Utf8JsonReader reader)
    {
        if (reader.TokenType != JsonTokenType.String)
        {
            return null;
        }

        return true switch
        {
            _ when reader.ValueTextEquals("tool_use"u8) => Conversation.StopReason.ToolUse,
            _ when reader.ValueTextEquals("max_tokens"u8) => Conversation.StopReason.MaxTokens,
            _ when reader.ValueTextEquals("stop_sequence"u8) => Conversation.StopReason.StopSequence,
            _ when reader.ValueTextEquals("model_context_window_exceeded"u8) => Conversation.StopReason.ContextFull,
            _ when reader.ValueTextEquals("refusal"u8) => Conversation.StopReason.Refusal,
            _ when reader.ValueTextEquals("pause_turn"u8) => Conversation.StopReason.Pause,
            _ => Conversation.StopReason.EndTurn,
        };
    }

    /// <summary>The block kind behind Anthropic's word.</summary>
    public static AnthropicBlock BlockOf(ref Utf8JsonReader reader)
    {
        if (reader.TokenType != JsonTokenType.String)
        {
            return AnthropicBlock.Other;
        }

        return true switch
        {
            _ when reader.ValueTextEquals("text"u8) || reader.ValueTextEquals("thinking"u8) => AnthropicBlock.Prose,
            _ when reader.ValueTextEquals("tool_use"u8) || reader.ValueTextEquals("server_tool_use"u8) || reader.ValueTextEquals("mcp_tool_use"u8) => AnthropicBlock.Tool,
            _ when reader.ValueTextEquals("redacted_thinking"u8) => AnthropicBlock.Redacted,
            _ => AnthropicBlock.Other,
        };
    }

    private static AnthropicEventType TypeOf(ref Utf8JsonReader reader)
    {
        if (reader.TokenType != JsonTokenType.String)
        {
            reader.Skip();
            return AnthropicEventType.Other;
        }

        return true switch
        {
            _ when reader.ValueTextEquals("content_block_delta"u8) => AnthropicEventType.BlockDelta,
            _ when reader.ValueTextEquals("content_block_start"u8) => AnthropicEventType.BlockStart,
            _ when reader.ValueTextEquals("content_block_stop"u8) => AnthropicEventType.BlockStop,
            _ when reader.ValueTextEquals("message_start"u8) => AnthropicEventType.MessageStart,
            _ when reader.ValueTextEquals("message_delta"u8) => AnthropicEventType.MessageDelta,
            _ when reader.ValueTextEquals("message_stop"u8) => AnthropicEventType.MessageStop,
            _ when reader.ValueTextEquals("error"u8) => AnthropicEventType.Error,
            _ => AnthropicEventType.Other,
        };
    }

    private void ReadMessage(ref Utf8JsonReader reader)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            reader.Skip();
            return;
        }

        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("id"u8))
            {
                reader.Read();
                Id = reader.TokenType == JsonTokenType.String ? reader.GetString() : null;
                reader.Skip();
            }
            else if (reader.ValueTextEquals("usage"u8))
            {
                reader.Read();
                Usage = JsonText.SpanOfObject(ref reader);
            }
            else
            {
                reader.Read();
                reader.Skip();
            }
        }
    }

    private void ReadBlock(ref Utf8JsonReader reader)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            reader.Skip();
            return;
        }

        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("type"u8))
            {
                reader.Read();
                Block = BlockOf(ref reader);
                reader.Skip();
            }
            else
            {
                var counts = reader.ValueTextEquals("text"u8) || reader.ValueTextEquals("thinking"u8);
                reader.Read();
                Count(ref reader, counts);
            }
        }
    }

    private void ReadDelta(ref Utf8JsonReader reader)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            reader.Skip();
            return;
        }

        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("type"u8))
            {
                reader.Read();
                Delta = DeltaOf(ref reader);
                reader.Skip();
            }
            else if (reader.ValueTextEquals("stop_reason"u8))
            {
                reader.Read();
                StopReason = StopReasonOf(ref reader);
                reader.Skip();
            }
            else
            {
                var counts = reader.ValueTextEquals("text"u8) || reader.ValueTextEquals("thinking"u8) || reader.ValueTextEquals("partial_json"u8);
                reader.Read();
                Count(ref reader, counts);
            }
        }
    }

    private static AnthropicDelta DeltaOf(ref Utf8JsonReader reader)
    {
        if (reader.TokenType != JsonTokenType.String)
        {
            return AnthropicDelta.Other;
        }

        return true switch
        {
            _ when reader.ValueTextEquals("text_delta"u8) || reader.ValueTextEquals("thinking_delta"u8) => AnthropicDelta.Prose,
            _ when reader.ValueTextEquals("input_json_delta"u8) => AnthropicDelta.Json,
            _ when reader.ValueTextEquals("signature_delta"u8) => AnthropicDelta.Signature,
            _ => AnthropicDelta.Other,
        };
    }

    private void Count(ref Utf8JsonReader reader, bool counts)
    {
        if (counts && reader.TokenType == JsonTokenType.String)
        {
            ContentBytes += reader.ValueSpan.Length;
        }

        reader.Skip();
    }
}
