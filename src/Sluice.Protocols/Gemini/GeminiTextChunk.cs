using System.Text.Json;
using Sluice.Protocols.Conversation;
using Sluice.Protocols.Json;

namespace Sluice.Protocols.Gemini;

/// <summary>
/// A chunk in the middle of a stream: one piece of text or of a thought, and counts. Nearly all chunks are such, and reading them token by token
/// costs a fifth of building a tree. Whatever else a chunk may hold makes it no such chunk: the tree's reader decides on it.
/// </summary>
/// <example><c>{"candidates":[{"content":{"parts":[{"text":"Hi"}],"role":"model"},"index":0}],"usageMetadata":{…},"modelVersion":"…","responseId":"…"}</c></example>
internal ref struct GeminiTextChunk
{
    /// <summary>The piece.</summary>
    public string? Text;

    /// <summary>It is a piece of a thought.</summary>
    public bool IsThought;

    /// <summary>Before: what earlier chunks counted. After: with this chunk's counts.</summary>
    public TokenUsage Usage;

    /// <summary>Reads the chunk; false where it is another one, or broken.</summary>
    public bool TryRead(ReadOnlySpan<byte> json)
    {
        var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = 512 });
        try
        {
            return reader.Read() && reader.TokenType == JsonTokenType.StartObject && ReadChunk(ref reader) && Text is not null && !reader.Read();
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return false;
        }
    }

    private bool ReadChunk(ref Utf8JsonReader reader)
    {
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("candidates"u8))
            {
                if (!ReadCandidates(ref reader))
                {
                    return false;
                }
            }
            else if (reader.ValueTextEquals("usageMetadata"u8))
            {
                reader.Read();
                Usage = GeminiUsage.Read(ref reader, Usage);
            }
            else if (reader.ValueTextEquals("modelVersion"u8) || reader.ValueTextEquals("responseId"u8) || reader.ValueTextEquals("createTime"u8))
            {
                reader.Read();
                reader.Skip();
            }
            else
            {
                return false;
            }
        }

        return true;
    }

    private bool ReadCandidates(ref Utf8JsonReader reader)
    {
        if (!IsNext(ref reader, JsonTokenType.StartArray) || !IsNext(ref reader, JsonTokenType.StartObject))
        {
            return false;
        }

        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("content"u8))
            {
                if (!ReadContent(ref reader))
                {
                    return false;
                }
            }
            else if (reader.ValueTextEquals("index"u8))
            {
                if (!reader.Read() || reader.TokenType != JsonTokenType.Number || !reader.TryGetInt32(out var index) || index != 0)
                {
                    return false;
                }
            }
            else if (reader.ValueTextEquals("safetyRatings"u8))
            {
                reader.Read();
                reader.Skip();
            }
            else
            {
                return false;
            }
        }

        return IsNext(ref reader, JsonTokenType.EndArray);
    }

    private bool ReadContent(ref Utf8JsonReader reader)
    {
        if (!IsNext(ref reader, JsonTokenType.StartObject))
        {
            return false;
        }

        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("role"u8))
            {
                reader.Read();
                reader.Skip();
            }
            else if (Text is not null || !reader.ValueTextEquals("parts"u8) || !ReadParts(ref reader))
            {
                return false;
            }
        }

        return true;
    }

    private bool ReadParts(ref Utf8JsonReader reader)
    {
        if (!IsNext(ref reader, JsonTokenType.StartArray) || !IsNext(ref reader, JsonTokenType.StartObject))
        {
            return false;
        }

        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("text"u8))
            {
                reader.Read();
                Text = reader.TokenType == JsonTokenType.String ? LenientText.Read(ref reader) : null;
                reader.Skip();
            }
            else if (reader.ValueTextEquals("thought"u8))
            {
                reader.Read();
                IsThought = reader.TokenType == JsonTokenType.True;
                reader.Skip();
            }
            else
            {
                return false;
            }
        }

        return IsNext(ref reader, JsonTokenType.EndArray);
    }

    private static bool IsNext(ref Utf8JsonReader reader, JsonTokenType token) => reader.Read() && reader.TokenType == token;
}
