using System.Text;
using System.Text.Json;
using Sluice.Protocols.Conversation;
using Sluice.Protocols.Errors;
using Sluice.Protocols.Json;

namespace Sluice.Protocols.OpenAIChat;

/// <summary>
/// Puts the tool calls of a stream together from their pieces: <c>[{"index":0,"id":"call_1","function":{"name":"read","arguments":"{\"pa"}}]</c>,
/// then <c>[{"index":0,"function":{"arguments":"th\":"}}]</c>, …
/// </summary>
internal sealed class OpenAIChatStreamCalls(OpenAIChatStreamParts parts)
{
    // More parallel calls than any model makes; beyond it the stream is garbage.
    private const int MostCalls = 1024;

    private readonly List<ToolCallSlot> _calls = [];

    /// <summary>The answer calls tools.</summary>
    public bool Any => _calls.Count > 0;

    /// <summary>Ends every call.</summary>
    /// <returns>Why the stream is garbage, or null.</returns>
    public UpstreamError? End(List<StreamEvent> events)
    {
        foreach (var slot in _calls)
        {
            if (slot.Part < 0)
            {
                return new UpstreamError(ErrorKind.BadResponse, "The upstream sent a tool call without a name.");
            }

            if (!slot.Ended)
            {
                slot.Ended = true;
                events.Add(new StreamEvent.PartEnded(slot.Part));
            }
        }

        return null;
    }

    /// <summary><c>function_call</c>, from before there were several.</summary>
    public UpstreamError? ReadLegacy(ReadOnlySpan<byte> function, string? answerId, List<StreamEvent> events)
    {
        if (function.IsEmpty || function[0] != (byte)'{')
        {
            return null;
        }

        var reader = StreamValue.At(function);
        var call = default(CallPiece);
        call.Index = 0;
        ReadFunction(ref reader, ref call);
        if (call.Name is { Length: > 0 } || call.Arguments is { Length: > 0 })
        {
            return Apply(call, answerId, events);
        }

        return null;
    }

    /// <summary>Takes the pieces of one <c>tool_calls</c>.</summary>
    /// <returns>Why the stream is garbage, or null.</returns>
    public UpstreamError? Read(ReadOnlySpan<byte> calls, string? answerId, List<StreamEvent> events)
    {
        if (calls.IsEmpty || calls[0] != (byte)'[')
        {
            return null;
        }

        var reader = StreamValue.At(calls);
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (reader.TokenType != JsonTokenType.StartObject)
            {
                reader.Skip();
                continue;
            }

            var call = default(CallPiece);
            call.Index = -1;
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                if (reader.ValueTextEquals("index"u8))
                {
                    reader.Read();
                    call.Index = reader.TokenType == JsonTokenType.Number && reader.TryGetInt32(out var index) ? index : -1;
                    reader.Skip();
                }
                else if (reader.ValueTextEquals("id"u8))
                {
                    reader.Read();
                    call.Id = StreamValue.TextOrNull(ref reader);
                }
                else if (reader.ValueTextEquals("function"u8) || reader.ValueTextEquals("custom"u8))
                {
                    reader.Read();
                    ReadFunction(ref reader, ref call);
                }
                else if (reader.ValueTextEquals("extra_content"u8))
                {
                    reader.Read();
                    call.Extra = Extra(ref reader);
                }
                else
                {
                    reader.Skip();
                }
            }

            if (Apply(call, answerId, events) is { } error)
            {
                return error;
            }
        }

        return null;
    }

    private static RawJson Extra(ref Utf8JsonReader reader)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            reader.Skip();
            return default;
        }

        using var value = JsonDocument.ParseValue(ref reader);
        return new RawJson((byte[])[.. "{\"extra_content\":"u8, .. System.Runtime.InteropServices.JsonMarshal.GetRawUtf8Value(value.RootElement), (byte)'}']);
    }

    private static void ReadFunction(ref Utf8JsonReader reader, ref CallPiece call)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            reader.Skip();
            return;
        }

        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("name"u8))
            {
                reader.Read();
                call.Name = StreamValue.TextOrNull(ref reader);
            }
            else if (reader.ValueTextEquals("arguments"u8) || reader.ValueTextEquals("input"u8))
            {
                reader.Read();
                if (reader.TokenType == JsonTokenType.StartObject)
                {
                    using var value = JsonDocument.ParseValue(ref reader);
                    call.Arguments = value.RootElement.GetRawText();
                }
                else
                {
                    call.Arguments = StreamValue.TextOrNull(ref reader);
                }
            }
            else
            {
                reader.Skip();
            }
        }
    }

    private UpstreamError? Apply(in CallPiece piece, string? answerId, List<StreamEvent> events)
    {
        var slot = SlotFor(piece);
        if (slot is null)
        {
            if (_calls.Count >= MostCalls)
            {
                return new UpstreamError(ErrorKind.BadResponse, "The upstream's answer has more than 1024 tool calls.");
            }

            slot = new ToolCallSlot { Index = piece.Index, Id = piece.Id is { Length: > 0 } ? piece.Id : null };
            EndWhole(events);
            _calls.Add(slot);
        }

        slot.Id ??= piece.Id is { Length: > 0 } ? piece.Id : null;
        slot.Name ??= piece.Name is { Length: > 0 } ? piece.Name : null;
        if (slot.Ended)
        {
            return null;
        }

        if (slot.Part < 0 && slot.Name is not null)
        {
            slot.Part = parts.Take(events);
            events.Add(new StreamEvent.PartStarted(slot.Part, PartShape.ToolCall)
            {
                Id = slot.Id ??= OpenAIChatResponseReader.InventedId(answerId, _calls.IndexOf(slot), slot.Name),
                Name = slot.Name,
                Json = piece.Extra,
            });
            if (slot.Early is { } early)
            {
                events.Add(new StreamEvent.ArgumentsDelta(slot.Part, early.ToString()));
                slot.Early = null;
            }
        }

        if (piece.Arguments is { Length: > 0 } json)
        {
            slot.Track(json);
            if (slot.Part < 0)
            {
                (slot.Early ??= new StringBuilder()).Append(json);
            }
            else
            {
                events.Add(new StreamEvent.ArgumentsDelta(slot.Part, json));
            }
        }

        return null;
    }

    // Which call a piece belongs to; null for a new one. Servers number calls, or not, or number them all 0; they repeat ids and names in every
    // piece, or send neither. A new name with another id, or after whole arguments, is a new call.
    private ToolCallSlot? SlotFor(in CallPiece piece)
    {
        var named = piece.Name is { Length: > 0 };
        var id = piece.Id is { Length: > 0 } given ? given : null;
        for (var i = _calls.Count - 1; i >= 0; i--)
        {
            var slot = _calls[i];
            if (piece.Index >= 0 && slot.Index >= 0)
            {
                if (slot.Index != piece.Index)
                {
                    continue;
                }

                if (!named || slot.Name is null)
                {
                    return slot;
                }

                if (id is not null && slot.Id is not null)
                {
                    if (id == slot.Id)
                    {
                        return slot;
                    }

                    continue;
                }

                return slot.IsWhole || slot.Name != piece.Name ? null : slot;
            }

            if (id is not null)
            {
                if (slot.Id == id)
                {
                    return slot;
                }

                continue;
            }

            return named && slot.Name is not null && (slot.IsWhole || slot.Name != piece.Name) ? null : slot;
        }

        return null;
    }

    /// <summary>Ends the calls whose arguments are whole.</summary>
    public void EndWhole(List<StreamEvent> events)
    {
        foreach (var slot in _calls)
        {
            if (slot is { Ended: false, Part: >= 0, IsWhole: true })
            {
                slot.Ended = true;
                events.Add(new StreamEvent.PartEnded(slot.Part));
            }
        }
    }

    private struct CallPiece
    {
        public int Index;
        public string? Id;
        public string? Name;
        public string? Arguments;
        public RawJson Extra;
    }
}
