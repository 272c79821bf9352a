using System.Buffers;
using System.Text.Json;
using Sluice.Protocols.Errors;
using Sluice.Protocols.Formats;
using Sluice.Protocols.OpenAIChat;

namespace Sluice.Protocols.OpenAIResponses;

/// <summary>
/// Errors of Responses servers. Bodies are those of Chat; inside a stream they stand in <c>error</c> events, of which there are two shapes, and in
/// <c>response.failed</c>, where a code is all that tells what happened.
/// </summary>
internal static class OpenAIResponsesErrors
{
    // A client stream is numbered, but its last event is written by who knows nothing of the ones before it. Larger than any real number.
    private const long LastSequenceNumber = 1_000_000_000;

    /// <summary>Reads an error body of any shape, or the data of an error event.</summary>
    /// <param name="status">The HTTP status; 0 or a success where the error came inside an answer.</param>
    /// <param name="body">Any bytes.</param>
    public static UpstreamError Read(int status, ReadOnlySpan<byte> body)
    {
        if (body.Length is 0 or > 1024 * 1024 || !System.Text.Unicode.Utf8.IsValid(body))
        {
            return OpenAIChatErrors.Read(status, body);
        }

        try
        {
            using var document = JsonDocument.Parse(body.ToArray(), ResponsesJson.Deep);
            var root = document.RootElement;
            if (root.ValueKind != JsonValueKind.Object)
            {
                return OpenAIChatErrors.Read(status, body);
            }

            // {"type":"response.failed","response":{"error":{…}}}
            var holder = ResponsesJson.Object(root, "response", out var response) ? response : root;
            if (ResponsesJson.Object(holder, "error", out var error) && status is < 400)
            {
                return FromMember(error);
            }

            // {"type":"error","code":"…","message":"…","param":null}
            return status is < 400 && ResponsesJson.Text(root, "type") == "error" && ResponsesJson.Text(root, "message") is not null
                ? FromMember(root)
                : OpenAIChatErrors.Read(status, body);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return OpenAIChatErrors.Read(status, body);
        }
    }

    /// <summary>Reads an error object that came without an HTTP status of its own.</summary>
    public static UpstreamError FromMember(JsonElement error)
    {
        var code = ResponsesJson.Text(error, "code") ?? ResponsesJson.Text(error, "type");
        var read = OpenAIChatErrors.FromMember(System.Runtime.InteropServices.JsonMarshal.GetRawUtf8Value(error), StatusOf(code));
        return read with
        {
            Kind = code switch
            {
                "server_is_overloaded" or "slow_down" => ErrorKind.Overloaded,
                "invalid_prompt" when read.Kind == ErrorKind.InvalidRequest => ErrorKind.ContentPolicy,
                _ => read.Kind,
            },
            Type = read.Type is "error" ? null : read.Type,
        };
    }

    /// <summary>Writes an error body: Chat's, which OpenAI's clients read for both, without the codes on which Codex acts at once. The code is a word on every path.</summary>
    public static void Write(GatewayError error, IBufferWriter<byte> output) =>
        OpenAIChatErrors.Write(WithoutCapacityCode(error) with { AsOpenRouter = false }, output, error.AsOpenRouter ? OpenRouterErrorType.Of(error) : null);

    /// <summary>
    /// Ends a started stream with an error, as OpenAI does: an <c>error</c> event, on which its own libraries throw, and <c>response.failed</c>, on
    /// whose code Codex decides (a full context is compacted, a used-up quota is shown, all but a few are tried again).
    /// </summary>
    public static void WriteToStream(GatewayError error, IBufferWriter<byte> output)
    {
        var body = new ArrayBufferWriter<byte>();
        Write(error, body);
        using var document = JsonDocument.Parse(body.WrittenMemory);
        var inner = document.RootElement.GetProperty("error");
        var message = inner.GetProperty("message").GetString();
        var code = inner.GetProperty("code").GetString();

        output.Write("event: error\ndata: "u8);
        using var json = new Utf8JsonWriter(output, ResponsesJson.Options);
        json.WriteStartObject();
        json.WriteString("type"u8, "error"u8);
        json.WriteNumber("sequence_number"u8, LastSequenceNumber - 1);
        json.WritePropertyName("error"u8);
        json.WriteRawValue(System.Runtime.InteropServices.JsonMarshal.GetRawUtf8Value(inner), skipInputValidation: true);
        json.WriteEndObject();
        json.Flush();

        output.Write("\n\nevent: response.failed\ndata: "u8);
        json.Reset(output);
        json.WriteStartObject();
        json.WriteString("type"u8, "response.failed"u8);
        json.WriteNumber("sequence_number"u8, LastSequenceNumber);
        json.WriteStartObject("response"u8);
        json.WriteString("id"u8, ResponsesJson.ResponseId(null, error.RequestId ?? "failed"));
        json.WriteString("object"u8, "response"u8);
        json.WriteString("status"u8, "failed"u8);
        json.WriteStartObject("error"u8);
        json.WriteString("code"u8, code);
        json.WriteString("message"u8, message);
        json.WriteEndObject();
        if (error.AsOpenRouter)
        {
            json.WriteString("error_type"u8, OpenRouterErrorType.Of(error));
        }

        json.WriteNull("incomplete_details"u8);
        json.WriteStartArray("output"u8);
        json.WriteEndArray();
        json.WriteNull("usage"u8);
        json.WriteEndObject();
        json.WriteEndObject();
        json.Flush();
        output.Write("\n\n"u8);
    }

    // On OpenAI's own codes for an overload Codex puts "Selected model is at capacity" in place of the provider's words, and inside a stream it gives the turn
    // up: its next try would have been served by another provider. Any other code is shown as it is and tried again.
    private static GatewayError WithoutCapacityCode(GatewayError error) =>
        error.Kind == ErrorKind.Overloaded || error.Code is "server_is_overloaded" or "slow_down" ? error with { Code = null } : error;

    private static int StatusOf(string? code) => code switch
    {
        "rate_limit_exceeded" or "insufficient_quota" or "tokens" or "requests" or "usage_limit_reached" => 429,
        "server_is_overloaded" or "slow_down" or "overloaded_error" => 503,
        "invalid_api_key" or "authentication_error" => 401,
        "context_length_exceeded" or "invalid_prompt" or "invalid_request_error" or "invalid_value" or "content_filter" => 400,
        "vector_store_timeout" or "timeout" => 504,
        _ when code?.StartsWith("invalid_", StringComparison.Ordinal) == true || code?.StartsWith("image_", StringComparison.Ordinal) == true => 400,
        _ => 500,
    };
}
