using System.Text.Json;
using Sluice.Protocols.Conversation;
using Sluice.Protocols.Native;

namespace Sluice.Protocols.Gemini;

/// <summary>What one chunk, or one whole answer, says of itself, read token by token without building anything from it.</summary>
internal ref struct GeminiChunk
{
    /// <summary>The chunk's <c>responseId</c> is of interest.</summary>
    public bool WantsId;

    /// <summary>It has an <c>error</c>.</summary>
    public bool HasError;

    /// <summary><c>responseId</c>.</summary>
    public string? Id;

    /// <summary>Where <c>usageMetadata</c> stands.</summary>
    public Range? Usage;

    /// <summary>The word of <c>finishReason</c>.</summary>
    public string? Finish;

    /// <summary>The prompt was blocked.</summary>
    public bool Blocked;

    /// <summary>Bytes of text, thinking and arguments.</summary>
    public long ContentBytes;

    /// <summary>Text or thinking that is not empty, or a part of another kind.</summary>
    public bool HasContent;

    /// <summary>A call is in it, whole or in part.</summary>
    public bool HasCall;

    /// <summary>The last call goes on in the next chunk.</summary>
    public bool CallContinues;

    /// <summary>Queries that the model searched the web for, as far as this chunk names them.</summary>
    public int Queries;

    /// <summary><c>modelVersion</c>, where queries are named.</summary>
    public string? Model;

    /// <summary>Reads one JSON object; throws <see cref="JsonException"/> where it is broken.</summary>
    public void Read(ReadOnlySpan<byte> json)
    {
        var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = 512 });
        reader.Read();
        ReadObject(ref reader);
        while (reader.Read())
        {
            // Bytes behind the object are no chunk: the reader throws on them.
        }
    }

    private void ReadObject(ref Utf8JsonReader reader)
    {
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("candidates"u8))
            {
                reader.Read();
                ReadCandidates(ref reader);
            }
            else if (reader.ValueTextEquals("usageMetadata"u8) || reader.ValueTextEquals("usage_metadata"u8))
            {
                reader.Read();
                Usage = JsonText.SpanOfObject(ref reader) ?? Usage;
            }
            else if (WantsId && (reader.ValueTextEquals("responseId"u8) || reader.ValueTextEquals("response_id"u8)))
            {
                reader.Read();
                Id = reader.TokenType == JsonTokenType.String && reader.GetString() is { Length: > 0 } id ? id : Id;
                reader.Skip();
            }
            else if (reader.ValueTextEquals("modelVersion"u8) || reader.ValueTextEquals("model_version"u8))
            {
                reader.Read();
                Model = Queries > 0 && reader.TokenType == JsonTokenType.String ? reader.GetString() : Model;
                reader.Skip();
            }
            else if (reader.ValueTextEquals("promptFeedback"u8) || reader.ValueTextEquals("prompt_feedback"u8))
            {
                reader.Read();
                ReadFeedback(ref reader);
            }
            else if (reader.ValueTextEquals("error"u8))
            {
                reader.Read();
                HasError |= reader.TokenType != JsonTokenType.Null;
                reader.Skip();
            }
            else
            {
                reader.Read();
                reader.Skip();
            }
        }
    }

    private void ReadFeedback(ref Utf8JsonReader reader)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            reader.Skip();
            return;
        }

        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var reason = reader.ValueTextEquals("blockReason"u8) || reader.ValueTextEquals("block_reason"u8);
            reader.Read();
            Blocked |= reason && (reader.TokenType == JsonTokenType.String
                ? !reader.ValueTextEquals("BLOCK_REASON_UNSPECIFIED"u8) && !reader.ValueTextEquals(""u8)
                : reader.TokenType == JsonTokenType.Number && reader.TryGetInt32(out var number) && number > 0);
            reader.Skip();
        }
    }

    private void ReadCandidates(ref Utf8JsonReader reader)
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
                ReadCandidate(ref reader);
            }
            else
            {
                reader.Skip();
            }
        }
    }

    private void ReadCandidate(ref Utf8JsonReader reader)
    {
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("content"u8))
            {
                reader.Read();
                ReadContent(ref reader);
            }
            else if (reader.ValueTextEquals("finishReason"u8) || reader.ValueTextEquals("finish_reason"u8))
            {
                reader.Read();
                var word = reader.TokenType == JsonTokenType.Number && reader.TryGetInt32(out var number) ? GeminiWords.FinishWord(number)
                    : reader.TokenType == JsonTokenType.String ? reader.GetString() : null;
                Finish = word is null or "" or "FINISH_REASON_UNSPECIFIED" ? Finish : word;
                reader.Skip();
            }
            else if (reader.ValueTextEquals("groundingMetadata"u8) || reader.ValueTextEquals("grounding_metadata"u8))
            {
                reader.Read();
                ReadGrounding(ref reader);
            }
            else
            {
                reader.Read();
                reader.Skip();
            }
        }
    }

    private void ReadGrounding(ref Utf8JsonReader reader)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            reader.Skip();
            return;
        }

        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var isQueries = reader.ValueTextEquals("webSearchQueries"u8) || reader.ValueTextEquals("web_search_queries"u8);
            reader.Read();
            if (!isQueries || reader.TokenType != JsonTokenType.StartArray)
            {
                reader.Skip();
                continue;
            }

            while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
            {
                Queries++;
                reader.Skip();
            }
        }
    }

    private void ReadContent(ref Utf8JsonReader reader)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            reader.Skip();
            return;
        }

        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var isParts = reader.ValueTextEquals("parts"u8);
            reader.Read();
            if (!isParts || reader.TokenType != JsonTokenType.StartArray)
            {
                reader.Skip();
                continue;
            }

            while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
            {
                if (reader.TokenType == JsonTokenType.StartObject)
                {
                    ReadPart(ref reader);
                }
                else
                {
                    reader.Skip();
                }
            }
        }
    }

    private void ReadPart(ref Utf8JsonReader reader)
    {
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("text"u8))
            {
                reader.Read();
                var bytes = reader.TokenType == JsonTokenType.String ? reader.ValueSpan.Length : 0;
                ContentBytes += bytes;
                HasContent |= bytes > 0;
            }
            else if (reader.ValueTextEquals("functionCall"u8) || reader.ValueTextEquals("function_call"u8))
            {
                reader.Read();
                ReadCall(ref reader);
            }
            else if (reader.ValueTextEquals("thought"u8) || reader.ValueTextEquals("thoughtSignature"u8) || reader.ValueTextEquals("thought_signature"u8)
                || reader.ValueTextEquals("partMetadata"u8))
            {
                reader.Read();
                reader.Skip();
            }
            else
            {
                // executableCode, codeExecutionResult, inlineData, toolCall, …
                reader.Read();
                HasContent |= reader.TokenType == JsonTokenType.StartObject;
                reader.Skip();
            }
        }
    }

    private void ReadCall(ref Utf8JsonReader reader)
    {
        HasCall = true;
        CallContinues = false;
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            reader.Skip();
            return;
        }

        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var goesOn = reader.ValueTextEquals("willContinue"u8) || reader.ValueTextEquals("will_continue"u8);
            var counts = reader.ValueTextEquals("args"u8) || reader.ValueTextEquals("partialArgs"u8);
            reader.Read();
            CallContinues |= goesOn && reader.TokenType == JsonTokenType.True;
            var start = reader.TokenStartIndex;
            reader.Skip();
            ContentBytes += counts ? reader.BytesConsumed - start : 0;
        }
    }
}
