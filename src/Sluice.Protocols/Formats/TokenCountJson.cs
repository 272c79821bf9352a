using System.Buffers;
using System.Text.Json;
using Sluice.Protocols.Conversation;
using Sluice.Protocols.Degradations;
using Sluice.Protocols.Errors;

namespace Sluice.Protocols.Formats;

/// <summary>What the formats' token counts have in common: a generation request with fewer members, and an object with one number.</summary>
internal static class TokenCountJson
{
    /// <summary>Writes what <paramref name="format"/> would be sent for an answer, with only those top-level members that its count takes: strict vendors refuse all others.</summary>
    public static GatewayError? WriteRequest(
        IUpstreamFormat format, ConversationRequest request, UpstreamTarget target, DegradationLog degradations, HashSet<string> taken, IBufferWriter<byte> output)
    {
        var whole = new ArrayBufferWriter<byte>();
        if (format.WriteRequest(request, target, degradations, whole) is { } refusal)
        {
            return refusal;
        }

        var body = whole.WrittenSpan;
        var reader = new Utf8JsonReader(body, new JsonReaderOptions { MaxDepth = 1024 });
        using var json = new Utf8JsonWriter(output, new JsonWriterOptions { SkipValidation = true });
        reader.Read();
        json.WriteStartObject();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var name = reader.GetString()!;
            reader.Read();
            var start = (int)reader.TokenStartIndex;
            reader.Skip();
            if (taken.Contains(name))
            {
                json.WritePropertyName(name);
                json.WriteRawValue(body[start..(int)reader.BytesConsumed], skipInputValidation: true);
            }
        }

        json.WriteEndObject();
        return null;
    }

    /// <summary>Writes <c>{"NAME":N}</c>.</summary>
    public static void Write(ReadOnlySpan<byte> name, long tokens, IBufferWriter<byte> output)
    {
        using var json = new Utf8JsonWriter(output);
        json.WriteStartObject();
        json.WriteNumber(name, tokens);
        json.WriteEndObject();
    }

    /// <summary>The top-level number <paramref name="name"/>; null where there is none, whatever the bytes are.</summary>
    public static long? Read(ReadOnlySpan<byte> body, ReadOnlySpan<byte> name)
    {
        try
        {
            var reader = new Utf8JsonReader(body);
            while (reader.Read())
            {
                if (reader.TokenType == JsonTokenType.PropertyName && reader.CurrentDepth == 1 && reader.ValueTextEquals(name))
                {
                    return reader.Read() && reader.TokenType == JsonTokenType.Number && reader.TryGetInt64(out var count) && count >= 0 ? count : null;
                }
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // Not JSON, or a member name with half a surrogate pair: no count.
        }

        return null;
    }
}
