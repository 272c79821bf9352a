using System.Buffers;
using System.Buffers.Text;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Sluice.Protocols.Sse;

namespace Sluice.Protocols.EventStream;

/// <summary>
/// Makes server-sent events, as Anthropic itself sends them, of what InvokeModelWithResponseStream sends for Claude: <c>{"bytes":"…"}</c> with one
/// event's JSON in base64, and exceptions as frames of their own.
/// </summary>
internal static class ClaudeChunks
{
    private static readonly JsonWriterOptions Relaxed = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    private static readonly JsonReaderOptions Deep = new() { MaxDepth = 512 };

    /// <summary>The event of one chunk; null where it holds none.</summary>
    public static SseFrame? Event(ReadOnlySpan<byte> payload, EventStreamText text)
    {
        byte[]? rented = null;
        try
        {
            if (!FindBytes(payload, out var base64))
            {
                return null;
            }

            rented = ArrayPool<byte>.Shared.Rent(Base64.GetMaxDecodedFromUtf8Length(base64.Length));
            if (Base64.DecodeFromUtf8(base64, rented, out _, out var length) != OperationStatus.Done || length == 0)
            {
                return null;
            }

            var json = rented.AsSpan(0, length);

            // Between JSON's tokens a line end means nothing; in a server-sent event it would end the data.
            json.Replace((byte)'\n', (byte)' ');
            json.Replace((byte)'\r', (byte)' ');
            return Compose(TypeOf(json), json, text);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return null;
        }
        finally
        {
            if (rented is not null)
            {
                ArrayPool<byte>.Shared.Return(rented);
            }
        }
    }

    /// <summary>The <c>error</c> event for an exception frame.</summary>
    public static SseFrame? Failure(ReadOnlySpan<byte> frame, in EventStreamMessage message, EventStreamText text)
    {
        var words = Encoding.UTF8.GetString(frame[message.ErrorMessage]);
        try
        {
            var reader = new Utf8JsonReader(frame[message.Payload], Deep);
            if (reader.Read() && reader.TokenType == JsonTokenType.StartObject)
            {
                while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
                {
                    var isMessage = reader.ValueTextEquals("message"u8) || reader.ValueTextEquals("Message"u8);
                    reader.Read();
                    words = isMessage && reader.TokenType == JsonTokenType.String ? Json.LenientText.Read(ref reader) : words;
                    reader.Skip();
                }
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // An exception without readable words is still one: its name says what it is.
        }

        var name = Encoding.UTF8.GetString(frame[message.Name]);
        var error = new ArrayBufferWriter<byte>(256);
        using (var json = new Utf8JsonWriter(error, Relaxed))
        {
            json.WriteStartObject();
            json.WriteString("type"u8, "error"u8);
            json.WriteStartObject("error"u8);
            json.WriteString("type"u8, AnthropicTypeOf(name));
            json.WriteString("message"u8, words.Length > 0 ? words : name);
            json.WriteEndObject();
            json.WriteEndObject();
        }

        return Compose("error"u8, error.WrittenSpan, text);
    }

    /// <summary>Appends <c>{"message":…}</c>.</summary>
    public static void WriteMessage(ReadOnlySpan<byte> words, IBufferWriter<byte> output)
    {
        using var json = new Utf8JsonWriter(output, Relaxed);
        json.WriteStartObject();
        json.WriteString("message"u8, Encoding.UTF8.GetString(words));
        json.WriteEndObject();
    }

    private static SseFrame Compose(ReadOnlySpan<byte> type, ReadOnlySpan<byte> json, EventStreamText text)
    {
        text.Clear();
        var name = 0..0;
        if (!type.IsEmpty)
        {
            text.Write("event: "u8);
            var start = text.Length;
            text.Write(type);
            name = start..text.Length;
            text.Write("\n"u8);
        }

        text.Write("data: "u8);
        var data = text.Length;
        text.Write(json);
        var end = text.Length;
        text.Write("\n\n"u8);
        return new SseFrame(text.Written, text.Written[name], text.Written[data..end]);
    }

    private static bool FindBytes(ReadOnlySpan<byte> payload, out ReadOnlySpan<byte> base64)
    {
        base64 = default;
        var found = false;
        var reader = new Utf8JsonReader(payload, Deep);
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
        {
            return false;
        }

        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var isBytes = reader.ValueTextEquals("bytes"u8);
            reader.Read();
            if (isBytes && reader.TokenType == JsonTokenType.String)
            {
                // Some writers escape the slash.
                base64 = reader.ValueIsEscaped ? Encoding.ASCII.GetBytes(reader.GetString()!) : reader.ValueSpan;
                found = true;
            }

            reader.Skip();
        }

        return found;
    }

    private static ReadOnlySpan<byte> TypeOf(ReadOnlySpan<byte> json)
    {
        ReadOnlySpan<byte> type = default;
        var reader = new Utf8JsonReader(json, Deep);
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
        {
            throw new JsonException("The chunk is no object.");
        }

        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var isType = reader.ValueTextEquals("type"u8);
            reader.Read();
            type = isType && reader.TokenType == JsonTokenType.String && !reader.ValueIsEscaped ? reader.ValueSpan : type;
            reader.Skip();
        }

        return type;
    }

    private static string AnthropicTypeOf(string exception) => exception switch
    {
        "validationException" => "invalid_request_error",
        "throttlingException" => "rate_limit_error",
        "serviceUnavailableException" => "overloaded_error",
        "modelTimeoutException" => "timeout_error",
        _ => "api_error",
    };
}
