using System.Text.Json;
using Sluice.Protocols.Native;

namespace Sluice.Protocols.Gemini;

/// <summary>
/// Replaces the model in each request of a <c>batchEmbedContents</c> body, <c>{"requests":[{"model":"models/…","content":…}]}</c>: Google refuses a batch
/// whose requests name another model than the path.
/// </summary>
public static class GeminiBatchModels
{
    /// <summary>The edits; a name that is not the path's own stays as the client wrote it, for Google to refuse.</summary>
    /// <param name="body">A body that <see cref="EnvelopeScanner"/> accepted.</param>
    /// <param name="asked">The model as the path names it.</param>
    /// <param name="upstreamModel">The provider's own name of it.</param>
    public static IReadOnlyList<BodyEdit> Of(ReadOnlySpan<byte> body, string asked, string upstreamModel)
    {
        var offset = body.StartsWith("\uFEFF"u8) ? 3 : 0;
        var edits = new List<BodyEdit>();
        var name = BodyEdits.Quoted(upstreamModel.StartsWith("models/", StringComparison.Ordinal) ? upstreamModel : "models/" + upstreamModel);
        try
        {
            var reader = new Utf8JsonReader(body[offset..], new JsonReaderOptions { MaxDepth = 512 });
            reader.Read();
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                var isRequests = reader.ValueTextEquals("requests"u8);
                reader.Read();
                if (!isRequests || reader.TokenType != JsonTokenType.StartArray)
                {
                    reader.Skip();
                    continue;
                }

                while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
                {
                    Request(ref reader, offset, "models/" + asked, name, edits);
                }
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // Broken: the upstream says so in its own words.
            return [];
        }

        return edits;
    }

    private static void Request(ref Utf8JsonReader reader, int offset, string asked, byte[] name, List<BodyEdit> edits)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            reader.Skip();
            return;
        }

        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var isModel = reader.ValueTextEquals("model"u8);
            reader.Read();
            if (isModel && reader.TokenType == JsonTokenType.String && reader.ValueTextEquals(asked))
            {
                edits.Add(new BodyEdit(new BodySpan(offset + (int)reader.TokenStartIndex, (int)(reader.BytesConsumed - reader.TokenStartIndex)), name));
            }

            reader.Skip();
        }
    }
}
