using System.Buffers;
using System.Text.Json;
using Sluice.Protocols.Conversation;
using Sluice.Protocols.Errors;
using Sluice.Protocols.Formats;

namespace Sluice.Protocols.Gemini;

/// <summary>
/// <c>:countTokens</c>. The body has the members of a generateContent request at its top (Vertex; the Gemini API takes <c>contents</c> alone
/// there) or inside <c>generateContentRequest</c>.
/// </summary>
public static class GeminiCountTokens
{
    /// <summary>The generateContent request whose tokens are asked for, as bytes of the body: what the scanner estimates from and a provider is asked with.</summary>
    /// <param name="body">The client's body.</param>
    /// <returns>The inner request, the body itself where it has none, or what was wrong.</returns>
    public static (ReadOnlyMemory<byte> Request, UpstreamError? Error) RequestOf(ReadOnlyMemory<byte> body)
    {
        try
        {
            var reader = new Utf8JsonReader(body.Span, new JsonReaderOptions { MaxDepth = 512 });
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
            {
                return (default, Invalid("The request body must be a JSON object."));
            }

            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                var isInner = reader.ValueTextEquals("generateContentRequest"u8) || reader.ValueTextEquals("generate_content_request"u8);
                reader.Read();
                var start = (int)reader.TokenStartIndex;
                var isObject = reader.TokenType == JsonTokenType.StartObject;
                reader.Skip();
                if (isInner && isObject)
                {
                    return (body[start..(int)reader.BytesConsumed], null);
                }
            }

            return (body, null);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return (default, Invalid("The request body is not valid JSON."));
        }
    }

    /// <summary>Reads the request, in neutral terms.</summary>
    public static Parsed<ConversationRequest> ReadRequest(ReadOnlyMemory<byte> body)
    {
        var (request, error) = RequestOf(body);
        return error is null ? GeminiRequestReader.Read(request) : error;
    }

    /// <summary>Writes a request for the Gemini API's own countTokens: tools and instructions count only inside <c>generateContentRequest</c>, which names its model.</summary>
    /// <param name="request">A generateContent body as it would be sent.</param>
    /// <param name="model">The upstream's model name.</param>
    /// <param name="output">The body.</param>
    public static void WriteRequest(ReadOnlySpan<byte> request, string model, IBufferWriter<byte> output)
    {
        using var document = JsonDocument.Parse(request.ToArray(), GeminiJson.Deep);
        using var json = new Utf8JsonWriter(output, GeminiJson.Relaxed);
        json.WriteStartObject();
        json.WriteStartObject("generateContentRequest"u8);
        json.WriteString("model"u8, model.Contains('/', StringComparison.Ordinal) ? model : "models/" + model);
        foreach (var member in document.RootElement.EnumerateObject())
        {
            if (member.Name != "model")
            {
                json.WritePropertyName(member.Name);
                GeminiJson.Write(json, member.Value);
            }
        }

        json.WriteEndObject();
        json.WriteEndObject();
    }

    /// <summary>Writes the answer, <c>{"totalTokens":N}</c>.</summary>
    public static void WriteAnswer(long tokens, IBufferWriter<byte> output)
    {
        using var json = new Utf8JsonWriter(output);
        json.WriteStartObject();
        json.WriteNumber("totalTokens"u8, tokens);
        json.WriteEndObject();
    }

    /// <summary>Reads a provider's answer; null where it holds no count.</summary>
    public static long? ReadAnswer(ReadOnlySpan<byte> body)
    {
        try
        {
            var reader = new Utf8JsonReader(body, new JsonReaderOptions { MaxDepth = 512 });
            using var document = JsonDocument.ParseValue(ref reader);
            return GeminiJson.TryGet(document.RootElement, "totalTokens", out var total) ? GeminiJson.Integer(total) : null;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return null;
        }
    }

    private static UpstreamError Invalid(string message) => new(ErrorKind.InvalidRequest, message) { Status = 400 };
}
