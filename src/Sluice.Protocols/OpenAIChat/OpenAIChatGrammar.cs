using System.Text.Json;
using Sluice.Protocols.Formats;
using Sluice.Protocols.Json;
using Sluice.Protocols.Sse;

namespace Sluice.Protocols.OpenAIChat;

/// <summary>
/// The legal Chat stream: a chunk that names the role; chunks with deltas; one chunk with a finish reason; at most one usage chunk
/// (<c>choices:[]</c>); <c>[DONE]</c>. An error event may come instead of any of these and then only <c>[DONE]</c>. Comments anywhere.
/// </summary>
internal sealed class OpenAIChatGrammar : IStreamGrammar
{
    private State _state;
    private int _calls;
    private string? _id;
    private string? _violation;

    private enum State
    {
        Start,
        Body,
        Finished,
        UsageSent,
        Error,
        Done,
    }

    /// <inheritdoc/>
    public string? Accept(in SseFrame frame)
    {
        if (_violation is not null || !frame.HasData)
        {
            return _violation;
        }

        return _violation = Check(frame);
    }

    /// <inheritdoc/>
    public string? Complete() => _violation ?? _state switch
    {
        State.Done or State.Error => null,
        State.Start => "the stream ended before its first chunk",
        State.Body => "the stream ended without a finish_reason",
        _ => "the stream ended without [DONE]",
    };

    private string? Check(in SseFrame frame)
    {
        if (_state == State.Done)
        {
            return "data after [DONE]";
        }

        if (!frame.Event.IsEmpty)
        {
            return "a Chat stream has no event names";
        }

        var data = frame.Data.Span;
        if (data.SequenceEqual("[DONE]"u8))
        {
            if (_state is State.Start or State.Body)
            {
                return "[DONE] before a finish_reason";
            }

            _state = State.Done;
            return null;
        }

        if (_state == State.Error)
        {
            return "data after an error";
        }

        try
        {
            var chunk = Read(data);
            return chunk.IsError ? Fail() : Step(chunk);
        }
        catch (JsonException)
        {
            return "a chunk is not JSON";
        }
    }

    private string? Fail()
    {
        _state = State.Error;
        return null;
    }

    private string? Step(in Chunk chunk)
    {
        if (!chunk.IsChunk)
        {
            return "object is not chat.completion.chunk";
        }

        _id ??= chunk.Id;
        if (chunk.Id is null || chunk.Id != _id)
        {
            return "the id is missing or changed";
        }

        if (chunk.Choices == 0)
        {
            if (_state != State.Finished || !chunk.HasUsage)
            {
                return "a chunk without choices that is not the usage chunk after the finish_reason";
            }

            _state = State.UsageSent;
            return null;
        }

        if (_state is State.Finished or State.UsageSent)
        {
            return "a delta after the finish_reason";
        }

        if (_state == State.Start && !chunk.HasRole)
        {
            return "the first chunk names no role";
        }

        if (CheckCall(chunk) is { } wrong)
        {
            return wrong;
        }

        _state = chunk.HasFinish ? State.Finished : State.Body;
        return null;
    }

    private string? CheckCall(in Chunk chunk)
    {
        if (!chunk.HasCall)
        {
            return null;
        }

        if (chunk.CallIndex == _calls)
        {
            if (!chunk.CallHasId || !chunk.CallHasName)
            {
                return "a tool call starts without id or name";
            }

            _calls++;
            return null;
        }

        if (chunk.CallIndex < 0 || chunk.CallIndex > _calls)
        {
            return "tool call indexes are not dense";
        }

        return chunk.CallHasName ? "a tool call starts twice" : null;
    }

    private static Chunk Read(ReadOnlySpan<byte> data)
    {
        var chunk = new Chunk { CallIndex = -1 };
        var reader = new Utf8JsonReader(data, new JsonReaderOptions { MaxDepth = 512 });
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
        {
            throw new JsonException("Not an object.");
        }

        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("id"u8))
            {
                reader.Read();
                chunk.Id = reader.TokenType == JsonTokenType.String ? LenientText.Read(ref reader) : null;
                reader.Skip();
            }
            else if (reader.ValueTextEquals("object"u8))
            {
                reader.Read();
                chunk.IsChunk = reader.TokenType == JsonTokenType.String && reader.ValueTextEquals("chat.completion.chunk"u8);
                reader.Skip();
            }
            else if (reader.ValueTextEquals("error"u8))
            {
                reader.Read();
                chunk.IsError = reader.TokenType == JsonTokenType.StartObject;
                reader.Skip();
            }
            else if (reader.ValueTextEquals("usage"u8))
            {
                reader.Read();
                chunk.HasUsage = reader.TokenType == JsonTokenType.StartObject;
                reader.Skip();
            }
            else if (reader.ValueTextEquals("choices"u8))
            {
                reader.Read();
                ReadChoices(ref reader, ref chunk);
            }
            else
            {
                reader.Skip();
            }
        }

        return chunk;
    }

    private static void ReadChoices(ref Utf8JsonReader reader, ref Chunk chunk)
    {
        if (reader.TokenType != JsonTokenType.StartArray)
        {
            throw new JsonException("choices is not an array.");
        }

        while (reader.Read() && reader.TokenType == JsonTokenType.StartObject)
        {
            chunk.Choices++;
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                if (reader.ValueTextEquals("delta"u8))
                {
                    reader.Read();
                    ReadDelta(ref reader, ref chunk);
                }
                else if (reader.ValueTextEquals("finish_reason"u8))
                {
                    reader.Read();
                    chunk.HasFinish |= reader.TokenType == JsonTokenType.String;
                    reader.Skip();
                }
                else
                {
                    reader.Skip();
                }
            }
        }
    }

    private static void ReadDelta(ref Utf8JsonReader reader, ref Chunk chunk)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            throw new JsonException("delta is not an object.");
        }

        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("role"u8))
            {
                reader.Read();
                chunk.HasRole |= reader.TokenType == JsonTokenType.String;
                reader.Skip();
            }
            else if (reader.ValueTextEquals("tool_calls"u8))
            {
                reader.Read();
                ReadCalls(ref reader, ref chunk);
            }
            else
            {
                reader.Skip();
            }
        }
    }

    private static void ReadCalls(ref Utf8JsonReader reader, ref Chunk chunk)
    {
        if (reader.TokenType != JsonTokenType.StartArray)
        {
            throw new JsonException("tool_calls is not an array.");
        }

        while (reader.Read() && reader.TokenType == JsonTokenType.StartObject)
        {
            chunk.HasCall = true;
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                if (reader.ValueTextEquals("index"u8))
                {
                    reader.Read();
                    chunk.CallIndex = reader.TokenType == JsonTokenType.Number && reader.TryGetInt32(out var index) ? index : -1;
                    reader.Skip();
                }
                else if (reader.ValueTextEquals("id"u8))
                {
                    reader.Read();
                    chunk.CallHasId = reader.TokenType == JsonTokenType.String && !reader.ValueSpan.IsEmpty;
                    reader.Skip();
                }
                else if (reader.ValueTextEquals("function"u8))
                {
                    reader.Read();
                    chunk.CallHasName |= HasName(ref reader);
                }
                else
                {
                    reader.Skip();
                }
            }
        }
    }

    private static bool HasName(ref Utf8JsonReader reader)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            throw new JsonException("function is not an object.");
        }

        var named = false;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var isName = reader.ValueTextEquals("name"u8);
            reader.Read();
            named |= isName && reader.TokenType == JsonTokenType.String && !reader.ValueSpan.IsEmpty;
            reader.Skip();
        }

        return named;
    }

    private struct Chunk
    {
        public string? Id;
        public bool IsChunk;
        public bool IsError;
        public bool HasUsage;
        public int Choices;
        public bool HasRole;
        public bool HasFinish;
        public bool HasCall;
        public int CallIndex;
        public bool CallHasId;
        public bool CallHasName;
    }
}
