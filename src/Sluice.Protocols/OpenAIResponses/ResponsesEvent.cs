using System.Text.Json;
using Sluice.Protocols.Conversation;
using Sluice.Protocols.Native;

namespace Sluice.Protocols.OpenAIResponses;

/// <summary>What one event of a stream, or one whole answer, says of itself. Read token by token; allocates nothing but short words.</summary>
internal ref struct ResponsesEvent
{
    /// <summary>The event's type; for a whole answer null.</summary>
    public string? Type;

    /// <summary>Of the item that the event belongs to.</summary>
    public long OutputIndex;

    /// <summary>Bytes of text in <c>delta</c>, <c>text</c>, <c>refusal</c>, <c>arguments</c> or <c>input</c> at the top.</summary>
    public long TextBytes;

    /// <summary>The item's type.</summary>
    public string? ItemType;

    /// <summary>Bytes of text in the item, or in all items of the response.</summary>
    public long ItemTextBytes;

    /// <summary>The response asks for tool results.</summary>
    public bool HasCall;

    /// <summary>An item of the response is neither a message nor reasoning.</summary>
    public bool HasOther;

    /// <summary>A part of the response is a refusal.</summary>
    public bool HasRefusal;

    /// <summary>The response's id.</summary>
    public string? Id;

    /// <summary>The response's status.</summary>
    public string? Status;

    /// <summary>Why it is incomplete.</summary>
    public string? IncompleteReason;

    /// <summary>The tier it was served in.</summary>
    public string? ServiceTier;

    /// <summary>Where its usage object stands.</summary>
    public Range? Usage;

    /// <summary>An error object or text stands at the top or in the response.</summary>
    public bool HasError;

    /// <summary>Reads an event.</summary>
    /// <exception cref="JsonException">It is not JSON.</exception>
    public static ResponsesEvent OfEvent(ReadOnlySpan<byte> data)
    {
        var read = new ResponsesEvent { OutputIndex = -1 };
        var reader = new Utf8JsonReader(data, new JsonReaderOptions { MaxDepth = 512 });
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("type"u8))
            {
                read.Type = Word(ref reader);
            }
            else if (reader.ValueTextEquals("output_index"u8))
            {
                reader.Read();
                read.OutputIndex = reader.TokenType == JsonTokenType.Number && reader.TryGetInt64(out var index) ? index : -1;
                reader.Skip();
            }
            else if (reader.ValueTextEquals("delta"u8) || reader.ValueTextEquals("text"u8) || reader.ValueTextEquals("refusal"u8) || reader.ValueTextEquals("arguments"u8) || reader.ValueTextEquals("input"u8))
            {
                reader.Read();
                read.TextBytes += reader.TokenType == JsonTokenType.String ? reader.ValueSpan.Length : 0;
                reader.Skip();
            }
            else if (reader.ValueTextEquals("item"u8))
            {
                reader.Read();
                read.Item(ref reader);
            }
            else if (reader.ValueTextEquals("response"u8))
            {
                reader.Read();
                read.Response(ref reader);
            }
            else if (reader.ValueTextEquals("error"u8))
            {
                read.Error(ref reader);
            }
            else
            {
                reader.Read();
                reader.Skip();
            }
        }

        reader.Read();
        return read;
    }

    /// <summary>Reads a whole answer.</summary>
    /// <exception cref="JsonException">It is not JSON.</exception>
    public static ResponsesEvent OfAnswer(ReadOnlySpan<byte> body)
    {
        var read = new ResponsesEvent { OutputIndex = -1 };
        var reader = new Utf8JsonReader(body, new JsonReaderOptions { MaxDepth = 512 });
        reader.Read();
        read.Response(ref reader);
        reader.Read();
        return read;
    }

    /// <summary>Why the answer ended.</summary>
    public readonly StopReason Stop(bool called, bool refused) => Status == "incomplete"
        ? IncompleteReason == "content_filter" ? StopReason.Refusal : StopReason.MaxTokens
        : called || HasCall ? StopReason.ToolUse
        : refused || HasRefusal ? StopReason.Refusal
        : StopReason.EndTurn;

    private void Response(ref Utf8JsonReader reader)
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
                Id = Word(ref reader);
            }
            else if (reader.ValueTextEquals("status"u8))
            {
                Status = Word(ref reader);
            }
            else if (reader.ValueTextEquals("service_tier"u8))
            {
                ServiceTier = Word(ref reader);
            }
            else if (reader.ValueTextEquals("usage"u8))
            {
                reader.Read();
                Usage = JsonText.SpanOfObject(ref reader) ?? Usage;
            }
            else if (reader.ValueTextEquals("error"u8))
            {
                Error(ref reader);
            }
            else if (reader.ValueTextEquals("incomplete_details"u8))
            {
                reader.Read();
                Incomplete(ref reader);
            }
            else if (reader.ValueTextEquals("output"u8))
            {
                reader.Read();
                Output(ref reader);
            }
            else
            {
                reader.Read();
                reader.Skip();
            }
        }
    }

    private void Output(ref Utf8JsonReader reader)
    {
        if (reader.TokenType != JsonTokenType.StartArray)
        {
            reader.Skip();
            return;
        }

        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            Item(ref reader);
        }
    }

    private void Incomplete(ref Utf8JsonReader reader)
    {
        var depth = reader.CurrentDepth;
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            reader.Skip();
            return;
        }

        while (reader.Read() && reader.CurrentDepth > depth)
        {
            if (reader.TokenType == JsonTokenType.PropertyName && reader.ValueTextEquals("reason"u8))
            {
                IncompleteReason = Word(ref reader);
            }
        }
    }

    // Any text inside counts, at whatever depth; ids, proofs and annotations do not.
    private void Item(ref Utf8JsonReader reader)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            reader.Skip();
            return;
        }

        var depth = reader.CurrentDepth;
        var vendor = false;
        string? type = null;
        while (reader.Read() && reader.CurrentDepth > depth)
        {
            if (reader.TokenType != JsonTokenType.PropertyName)
            {
                continue;
            }

            if (reader.CurrentDepth == depth + 1 && reader.ValueTextEquals("type"u8))
            {
                type = Word(ref reader);
            }
            else if (reader.CurrentDepth == depth + 1 && reader.ValueTextEquals("call_id"u8))
            {
                reader.Read();
                vendor = reader.TokenType == JsonTokenType.String && reader.ValueSpan.StartsWith("xs_call"u8);
                reader.Skip();
            }
            else if (reader.ValueTextEquals("annotations"u8) || reader.ValueTextEquals("logprobs"u8))
            {
                reader.Read();
                reader.Skip();
            }
            else if (reader.ValueTextEquals("text"u8) || reader.ValueTextEquals("refusal"u8) || reader.ValueTextEquals("arguments"u8) || reader.ValueTextEquals("input"u8))
            {
                HasRefusal |= reader.ValueTextEquals("refusal"u8);
                reader.Read();
                ItemTextBytes += reader.TokenType == JsonTokenType.String ? reader.ValueSpan.Length : 0;
                reader.Skip();
            }
        }

        ItemType = type;
        var call = type == "function_call" || (type == "custom_tool_call" && !vendor);
        HasCall |= call;
        HasOther |= !call && type is not ("message" or "reasoning");
        ItemType = type == "custom_tool_call" && vendor ? "vendor_call" : type;
    }

    private void Error(ref Utf8JsonReader reader)
    {
        reader.Read();
        HasError |= reader.TokenType is JsonTokenType.StartObject or JsonTokenType.String;
        reader.Skip();
    }

    private static string? Word(ref Utf8JsonReader reader)
    {
        reader.Read();
        if (reader.TokenType == JsonTokenType.String && reader.ValueSpan.Length <= 256)
        {
            return reader.GetString();
        }

        reader.Skip();
        return null;
    }
}
