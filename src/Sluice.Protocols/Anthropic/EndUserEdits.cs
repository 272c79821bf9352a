using System.Text.Json;
using Sluice.Protocols.Formats;
using Sluice.Protocols.Native;

namespace Sluice.Protocols.Anthropic;

/// <summary>Replaces <c>metadata.user_id</c> in a Messages body by its hash: servers that speak like Anthropic refuse the JSON that agents put there.</summary>
public static class EndUserEdits
{
    /// <summary>The edit; none where the body names no end user.</summary>
    public static IReadOnlyList<BodyEdit> Of(ReadOnlySpan<byte> body)
    {
        var offset = body.StartsWith("\uFEFF"u8) ? 3 : 0;
        try
        {
            var reader = new Utf8JsonReader(body[offset..], new JsonReaderOptions { MaxDepth = 512 });
            reader.Read();
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                var isMetadata = reader.ValueTextEquals("metadata"u8);
                reader.Read();
                if (isMetadata && reader.TokenType == JsonTokenType.StartObject)
                {
                    return Inside(ref reader, offset);
                }

                reader.Skip();
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // Broken: the upstream says so in its own words.
        }

        return [];
    }

    private static IReadOnlyList<BodyEdit> Inside(ref Utf8JsonReader reader, int offset)
    {
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var isUser = reader.ValueTextEquals("user_id"u8);
            reader.Read();
            if (isUser && reader.TokenType == JsonTokenType.String)
            {
                var start = (int)reader.TokenStartIndex;
                byte[] hash = [(byte)'"', .. System.Text.Encoding.ASCII.GetBytes(EndUserId.Hash(reader.GetString()!)), (byte)'"'];
                return [new BodyEdit(new BodySpan(offset + start, (int)reader.BytesConsumed - start), hash)];
            }

            reader.Skip();
        }

        return [];
    }
}
