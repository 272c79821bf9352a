using System.Text;
using System.Text.Json;
using Sluice.Protocols.Conversation;
using Sluice.Protocols.Native;

namespace Sluice.Protocols.OpenAIChat;

/// <summary>What one chunk of a Chat stream says of itself, whatever the server that wrote it. Allocates nothing but the answer's id.</summary>
internal ref struct ChatChunk
{
    /// <summary>The answer's id is still wanted.</summary>
    public bool WantsId;

    public string? Id;
    public int Choices;
    public bool HasError;

    /// <summary>Text, thinking, a refusal, sound, an image or a citation is in it.</summary>
    public bool HasContent;

    /// <summary>Where the text stands, between its quotes, when the chunk holds one text and nothing else.</summary>
    public Range? Text;

    /// <summary>Where a piece of a tool's arguments stands, between its quotes, when the chunk holds one and nothing else.</summary>
    public Range? Arguments;

    /// <summary>Bytes of text, thinking and tool arguments.</summary>
    public long ContentBytes;

    public (long Choice, long Tool)? FirstTool;
    public (long Choice, long Tool)? LastTool;
    public bool FinishSeen;
    public bool FinishIsError;
    public StopReason? StopReason;

    /// <summary>The usage object's bytes within the chunk; Groq's stands in <c>x_groq</c>.</summary>
    public Range? Usage;

    /// <summary>Where the service tier stands, between its quotes: OpenAI says it beside the usage, and it decides the price.</summary>
    public Range? ServiceTier;

    private const int LongestTier = 64;

    private int _texts;
    private int _arguments;
    private long _choice;

    /// <exception cref="JsonException">The chunk is not JSON.</exception>
    public void Read(ReadOnlySpan<byte> data)
    {
        var reader = new Utf8JsonReader(data);
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("choices"u8))
            {
                reader.Read();
                ReadChoices(ref reader);
            }
            else if (reader.ValueTextEquals("id"u8))
            {
                reader.Read();
                Id = WantsId && reader.TokenType == JsonTokenType.String && reader.ValueSpan.Length > 0 ? reader.GetString() : null;
                reader.Skip();
            }
            else if (reader.ValueTextEquals("usage"u8))
            {
                reader.Read();
                Usage = JsonText.SpanOfObject(ref reader) ?? Usage;
            }
            else if (reader.ValueTextEquals("service_tier"u8))
            {
                reader.Read();
                ServiceTier = reader.TokenType == JsonTokenType.String && reader.ValueSpan.Length > 0 ? ((int)reader.TokenStartIndex + 1)..((int)reader.BytesConsumed - 1) : ServiceTier;
                reader.Skip();
            }
            else if (reader.ValueTextEquals("x_groq"u8))
            {
                reader.Read();
                ReadGroq(ref reader);
            }
            else if (reader.ValueTextEquals("error"u8))
            {
                reader.Read();
                HasError |= reader.TokenType is JsonTokenType.StartObject or JsonTokenType.String;
                reader.Skip();
            }
            else if (reader.ValueTextEquals("object"u8))
            {
                reader.Read();
                HasError |= reader.TokenType == JsonTokenType.String && reader.ValueTextEquals("error"u8);
                reader.Skip();
            }
            else
            {
                reader.Read();
                reader.Skip();
            }
        }

        reader.Read();
        Text = _texts == 1 && _arguments == 0 ? Text : null;
        Arguments = _texts == 0 && _arguments == 1 ? Arguments : null;
    }

    /// <summary>The stop reason behind the word; null for <c>null</c> and the empty text, which mean "not yet".</summary>
    public static StopReason? StopReasonOf(ref Utf8JsonReader reader)
    {
        if (reader.TokenType != JsonTokenType.String || reader.ValueSpan.IsEmpty)
        {
            return null;
        }

        return true switch
        {
            _ when reader.ValueTextEquals("tool_calls"u8) || reader.ValueTextEquals("tool_call"u8) || reader.ValueTextEquals("function_call"u8) => Conversation.StopReason.ToolUse,
            _ when reader.ValueTextEquals("length"u8) => Conversation.StopReason.MaxTokens,
            _ when reader.ValueTextEquals("content_filter"u8) => Conversation.StopReason.Refusal,
            _ => Conversation.StopReason.EndTurn,
        };
    }

    /// <summary>The usage with the tier that was said beside it; one that the usage itself has wins.</summary>
    public static TokenUsage WithTier(TokenUsage usage, ReadOnlySpan<byte> tier) => usage.ServiceTier is not null ? usage : TierOf(tier) is { } name ? usage with { ServiceTier = name } : usage;

    // Every chunk repeats the word: those that vendors use cost nothing.
    private static string? TierOf(ReadOnlySpan<byte> tier) => true switch
    {
        _ when tier.IsEmpty || tier.Length > LongestTier || !Ascii.IsValid(tier) => null,
        _ when tier.SequenceEqual("default"u8) => "default",
        _ when tier.SequenceEqual("flex"u8) => "flex",
        _ when tier.SequenceEqual("priority"u8) => "priority",
        _ => Encoding.ASCII.GetString(tier),
    };

    private void ReadGroq(ref Utf8JsonReader reader)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            reader.Skip();
            return;
        }

        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("usage"u8))
            {
                reader.Read();
                Usage ??= JsonText.SpanOfObject(ref reader);
            }
            else if (reader.ValueTextEquals("error"u8))
            {
                reader.Read();
                HasError |= reader.TokenType is JsonTokenType.StartObject or JsonTokenType.String;
                reader.Skip();
            }
            else
            {
                reader.Read();
                reader.Skip();
            }
        }
    }

    private void ReadChoices(ref Utf8JsonReader reader)
    {
        if (reader.TokenType != JsonTokenType.StartArray)
        {
            reader.Skip();
            return;
        }

        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            Choices++;
            _choice = Choices - 1;
            if (reader.TokenType == JsonTokenType.StartObject)
            {
                ReadChoice(ref reader);
            }
            else
            {
                reader.Skip();
            }
        }
    }

    private void ReadChoice(ref Utf8JsonReader reader)
    {
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("delta"u8) || reader.ValueTextEquals("message"u8))
            {
                reader.Read();
                ReadDelta(ref reader);
            }
            else if (reader.ValueTextEquals("finish_reason"u8))
            {
                reader.Read();
                var reason = StopReasonOf(ref reader);
                FinishIsError |= reason is not null && reader.ValueTextEquals("error"u8);
                FinishSeen |= reason is not null;
                StopReason = reason ?? StopReason;
                reader.Skip();
            }
            else if (reader.ValueTextEquals("index"u8))
            {
                reader.Read();
                _choice = reader.TokenType == JsonTokenType.Number && reader.TryGetInt64(out var index) ? index : _choice;
                reader.Skip();
            }
            else if (reader.ValueTextEquals("error"u8))
            {
                reader.Read();
                HasError |= reader.TokenType is JsonTokenType.StartObject or JsonTokenType.String;
                reader.Skip();
            }
            else if (reader.ValueTextEquals("text"u8))
            {
                reader.Read();
                ReadText(ref reader);
            }
            else
            {
                reader.Read();
                reader.Skip();
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
            if (reader.ValueTextEquals("content"u8) || reader.ValueTextEquals("reasoning_content"u8) || reader.ValueTextEquals("reasoning"u8) || reader.ValueTextEquals("refusal"u8))
            {
                reader.Read();
                ReadText(ref reader);
            }
            else if (reader.ValueTextEquals("tool_calls"u8))
            {
                reader.Read();
                ReadToolCalls(ref reader);
            }
            else if (reader.ValueTextEquals("function_call"u8))
            {
                reader.Read();
                if (reader.TokenType == JsonTokenType.StartObject)
                {
                    AddTool(-1);
                    CountTexts(ref reader);
                }

                reader.Skip();
            }
            else if (reader.ValueTextEquals("reasoning_details"u8))
            {
                reader.Read();
                ReadParts(ref reader);
            }
            else if (reader.ValueTextEquals("audio"u8) || reader.ValueTextEquals("images"u8) || reader.ValueTextEquals("annotations"u8))
            {
                reader.Read();
                ReadAttachment(ref reader);
            }
            else
            {
                // "role" and what vendors add.
                reader.Read();
                reader.Skip();
            }
        }
    }

    private void ReadText(ref Utf8JsonReader reader)
    {
        switch (reader.TokenType)
        {
            case JsonTokenType.String when reader.ValueSpan.Length > 0:
                HasContent = true;
                ContentBytes += reader.ValueSpan.Length;
                _texts++;
                Text = ((int)reader.TokenStartIndex + 1)..((int)reader.BytesConsumed - 1);
                break;
            case JsonTokenType.StartArray:
                // Mistral: [{"type":"thinking","thinking":[{"type":"text","text":"…"}]}]
                ReadParts(ref reader);
                break;
            default:
                reader.Skip();
                break;
        }
    }

    // Any text inside counts; signatures and encrypted thinking do not.
    private void ReadParts(ref Utf8JsonReader reader)
    {
        var depth = reader.CurrentDepth;
        if (reader.TokenType is not (JsonTokenType.StartArray or JsonTokenType.StartObject))
        {
            reader.Skip();
            return;
        }

        while (reader.Read() && reader.CurrentDepth > depth)
        {
            if (reader.TokenType == JsonTokenType.PropertyName && (reader.ValueTextEquals("text"u8) || reader.ValueTextEquals("summary"u8)))
            {
                reader.Read();
                if (reader.TokenType == JsonTokenType.String && reader.ValueSpan.Length > 0)
                {
                    HasContent = true;
                    ContentBytes += reader.ValueSpan.Length;
                    _texts += 2;
                }
            }
        }
    }

    private void ReadAttachment(ref Utf8JsonReader reader)
    {
        var start = reader.TokenStartIndex;
        var holds = reader.TokenType is JsonTokenType.StartArray or JsonTokenType.StartObject;
        reader.Skip();
        if (holds && reader.BytesConsumed - start > 2)
        {
            HasContent = true;
            _texts += 2;
        }
    }

    private void ReadToolCalls(ref Utf8JsonReader reader)
    {
        if (reader.TokenType != JsonTokenType.StartArray)
        {
            reader.Skip();
            return;
        }

        var position = 0;
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (reader.TokenType == JsonTokenType.StartObject)
            {
                ReadToolCall(ref reader, position);
            }
            else
            {
                reader.Skip();
            }

            position++;
        }
    }

    private void ReadToolCall(ref Utf8JsonReader reader, int position)
    {
        long tool = position;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("index"u8))
            {
                reader.Read();
                tool = reader.TokenType == JsonTokenType.Number && reader.TryGetInt64(out var index) ? index : tool;
                reader.Skip();
            }
            else if (reader.ValueTextEquals("function"u8) || reader.ValueTextEquals("custom"u8))
            {
                reader.Read();
                CountTexts(ref reader);
            }
            else
            {
                reader.Read();
                reader.Skip();
            }
        }

        AddTool(tool);
    }

    private void AddTool(long tool)
    {
        FirstTool ??= (_choice, tool);
        LastTool = (_choice, tool);
    }

    private void CountTexts(ref Utf8JsonReader reader)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            reader.Skip();
            return;
        }

        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var counts = reader.ValueTextEquals("arguments"u8) || reader.ValueTextEquals("input"u8);
            reader.Read();
            var start = reader.TokenStartIndex;
            var isText = reader.TokenType == JsonTokenType.String;
            reader.Skip();
            if (counts)
            {
                ContentBytes += Math.Max(0, reader.BytesConsumed - start - (isText ? 2 : 0));
                Arguments = isText ? ((int)start + 1)..((int)reader.BytesConsumed - 1) : null;
                _arguments++;
            }
        }
    }
}
