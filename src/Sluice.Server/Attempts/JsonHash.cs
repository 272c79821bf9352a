using System.Text.Json;

namespace Sluice.Server.Attempts;

/// <summary>
/// A hash of a JSON text that is the same in whichever order its objects' members stand. A client that builds a request again from the same
/// parts may write them in another order: Codex does so with its <c>client_metadata</c> when it tries a turn again.
/// </summary>
internal static class JsonHash
{
    // As deep as ingress lets a body be.
    private static readonly JsonReaderOptions Options = new() { MaxDepth = 512 };

    /// <summary>The hash; of a text that is no JSON after all, that of its bytes. Differs from process to process.</summary>
    public static int Of(ReadOnlySpan<byte> json)
    {
        try
        {
            var reader = new Utf8JsonReader(json, Options);
            return reader.Read() ? OfValue(ref reader) : 0;
        }
        catch (JsonException)
        {
            return OfBytes(json);
        }
    }

    private static int OfValue(ref Utf8JsonReader reader) => reader.TokenType switch
    {
        JsonTokenType.StartObject => OfObject(ref reader),
        JsonTokenType.StartArray => OfArray(ref reader),
        var scalar => HashCode.Combine(scalar, OfBytes(reader.ValueSpan)),
    };

    // A sum does not know in which order it was added up.
    private static int OfObject(ref Utf8JsonReader reader)
    {
        var sum = 0;
        while (reader.Read() && reader.TokenType != JsonTokenType.EndObject)
        {
            var name = OfBytes(reader.ValueSpan);
            reader.Read();
            sum = unchecked(sum + HashCode.Combine(name, OfValue(ref reader)));
        }

        return HashCode.Combine(JsonTokenType.StartObject, sum);
    }

    private static int OfArray(ref Utf8JsonReader reader)
    {
        var hash = HashCode.Combine(JsonTokenType.StartArray);
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            hash = HashCode.Combine(hash, OfValue(ref reader));
        }

        return hash;
    }

    private static int OfBytes(ReadOnlySpan<byte> bytes)
    {
        var hash = default(HashCode);
        hash.AddBytes(bytes);
        return hash.ToHashCode();
    }
}
