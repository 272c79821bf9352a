using System.Buffers;
using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Sluice.Protocols.Conversation;

namespace Sluice.Core.Reasoning;

/// <summary>
/// Names a turn by what every client brings back of it. Ids alone would not do: some clients strip their punctuation (<c>call_1d</c> → <c>call1d</c>),
/// and some providers count them from 0 in every answer; so name and arguments count too, in a spelling that survives being parsed and written anew.
/// </summary>
public static class TurnKey
{
    private static readonly JsonDocumentOptions Deep = new() { MaxDepth = 512 };
    private static readonly JsonWriterOptions Plain = new() { SkipValidation = true, MaxDepth = 512 };

    /// <summary>The key of one call.</summary>
    public static UInt128 Of(ToolCallPart call)
    {
        var text = new ArrayBufferWriter<byte>(call.Id.Length + call.Name.Length + call.Arguments.Utf8.Length + 16);
        text.Write("call\n"u8);
        foreach (var c in call.Id)
        {
            if (char.IsAsciiLetterOrDigit(c))
            {
                text.Write([(byte)c]);
            }
        }

        text.Write("\n"u8);
        Encoding.UTF8.GetBytes(call.Name, text);
        text.Write("\n"u8);
        WriteArguments(call, text);
        return Hash(text.WrittenSpan);
    }

    /// <summary>The key of a turn that called nothing.</summary>
    /// <param name="session">Whose turn: short texts are alike everywhere.</param>
    /// <param name="text">All of its text.</param>
    public static UInt128 Of(string session, string text) => Hash(Encoding.UTF8.GetBytes($"text\n{session}\n{text}"));

    private static UInt128 Hash(ReadOnlySpan<byte> text)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(text, hash);
        return BinaryPrimitives.ReadUInt128BigEndian(hash);
    }

    private static void WriteArguments(ToolCallPart call, ArrayBufferWriter<byte> text)
    {
        var arguments = call.Arguments.Utf8;
        if (call.IsCustom || !call.ArgumentsAreJson || arguments.Span.Trim(" \t\r\n"u8).IsEmpty)
        {
            text.Write(call.IsCustom || !call.ArgumentsAreJson ? arguments.Span : "{}"u8);
            return;
        }

        try
        {
            using var document = JsonDocument.Parse(arguments, Deep);
            using var json = new Utf8JsonWriter(text, Plain);
            Write(document.RootElement, json);
        }
        catch (JsonException)
        {
            text.Write(arguments.Span);
        }
    }

    private static void Write(JsonElement value, Utf8JsonWriter json)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.Object:
                json.WriteStartObject();
                foreach (var member in value.EnumerateObject().OrderBy(m => m.Name, StringComparer.Ordinal))
                {
                    json.WritePropertyName(member.Name);
                    Write(member.Value, json);
                }

                json.WriteEndObject();
                break;
            case JsonValueKind.Array:
                json.WriteStartArray();
                foreach (var item in value.EnumerateArray())
                {
                    Write(item, json);
                }

                json.WriteEndArray();
                break;
            case JsonValueKind.Number when value.TryGetDouble(out var number) && double.IsFinite(number):
                // 1.0, 1e0 and 1 are one number to a client that parses.
                json.WriteNumberValue(number == 0 ? 0 : number);
                break;
            case JsonValueKind.String:
                WriteText(value, json);
                break;
            default:
                value.WriteTo(json);
                break;
        }
    }

    private static void WriteText(JsonElement value, Utf8JsonWriter json)
    {
        try
        {
            json.WriteStringValue(value.GetString());
        }
        catch (InvalidOperationException)
        {
            // Half a surrogate pair: it stays as it was written.
            json.WriteStringValue(value.GetRawText());
        }
    }
}
