using System.Globalization;
using Sluice.Simulator.Replies;

namespace Sluice.Simulator.Wires.Bedrock;

/// <summary>Bedrock's errors: a message for a body, the kind in <c>x-amzn-errortype</c>; in a stream the kind is the frame's <c>:exception-type</c>.</summary>
internal static class BedrockErrors
{
    public static byte[] Body(WireRefusal error) => Json.Bytes(w =>
    {
        w.WriteStartObject();
        w.WriteString("message"u8, error.Message ?? Usual(error).Message);
        w.WriteEndObject();
    });

    public static IEnumerable<KeyValuePair<string, string>> Headers(WireRefusal error)
    {
        yield return new("x-amzn-errortype", Usual(error).Type + ":http://internal.amazon.com/coral/com.amazon.bedrock/");
        if (error.RetryAfter is { } wait)
        {
            yield return new("retry-after", wait.ToString(CultureInfo.InvariantCulture));
        }
    }

    /// <summary>Only these five kinds exist inside a stream.</summary>
    public static Frame Frame(WireRefusal error) => new(FrameKind.Error, EventStreamFrame.Exception(error.Status switch
    {
        429 => "throttlingException",
        503 or 529 => "serviceUnavailableException",
        424 => "modelStreamErrorException",
        < 500 => "validationException",
        _ => "internalServerException",
    }, Body(error)));

    private static (string Type, string Message) Usual(WireRefusal error) => (error.Status, error.Variant) switch
    {
        (400, "context") => ("ValidationException", "The model returned the following errors: Input is too long for requested model."),
        (400, _) => ("ValidationException", "Malformed input request, please reformat your input and try again."),
        (403, "missing") => ("MissingAuthenticationTokenException", "Missing Authentication Token"),
        (403, "signature") => ("InvalidSignatureException", "The request signature we calculated does not match the signature you provided."),
        (401, _) or (403, "token") => ("UnrecognizedClientException", "The security token included in the request is invalid."),
        (403, _) => ("AccessDeniedException", "You don't have access to the model with the specified model ID."),
        (404, _) => ("ResourceNotFoundException", "Could not resolve the foundation model from the provided model identifier."),
        (408, _) => ("ModelTimeoutException", "Model has timed out in processing the request. Try your request again."),
        (424, _) => ("ModelErrorException", "The system encountered an unexpected error during processing. Try your request again."),
        (429, "quota") => ("ThrottlingException", "Too many tokens per day, please wait before trying again."),
        (429, _) => ("ThrottlingException", "Too many requests, please wait before trying again."),
        (503 or 529, _) => ("ServiceUnavailableException", "Bedrock is unable to process your request."),
        _ => (error.Status < 500 ? "ValidationException" : "InternalServerException", "The system encountered an unexpected error during processing. Try your request again."),
    };
}
