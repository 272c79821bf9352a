using System.Text.Json;
using Sluice.Protocols.Json;

namespace Sluice.Protocols.OpenAIChat;

/// <summary>Values inside a chunk, read where they stand.</summary>
internal static class StreamValue
{
    /// <summary>A reader on the first token of a value, which is all that it reads.</summary>
    public static Utf8JsonReader At(ReadOnlySpan<byte> value)
    {
        var reader = new Utf8JsonReader(value, new JsonReaderOptions { MaxDepth = 512 });
        reader.Read();
        return reader;
    }

    /// <summary>Text that says something; null for null, empty and other types. The reader moves over the value.</summary>
    public static string? TextOrNull(ref Utf8JsonReader reader)
    {
        if (reader.TokenType == JsonTokenType.String)
        {
            return reader.ValueSpan.IsEmpty ? null : LenientText.Read(ref reader);
        }

        reader.Skip();
        return null;
    }
}
