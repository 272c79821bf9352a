using System.Globalization;

namespace Sluice.Simulator.Wires.Gemini;

/// <summary>Google's error bodies: <c>{"error":{"code":429,"message":"…","status":"RESOURCE_EXHAUSTED","details":[…]}}</c>; the wait is in the details, not in a header.</summary>
internal static class GeminiErrors
{
    public static byte[] Body(WireRefusal error)
    {
        var (status, message) = Usual(error);
        return Json.Bytes(w =>
        {
            w.WriteStartObject();
            w.WriteStartObject("error"u8);
            w.WriteNumber("code"u8, error.Status);
            w.WriteString("message"u8, error.Message ?? message);
            w.WriteString("status"u8, status);
            if (error.Status == 429 || error.RetryAfter is not null || error is { Status: 400, Variant: "key" })
            {
                w.WriteStartArray("details"u8);
                if (error.Variant == "key")
                {
                    w.WriteStartObject();
                    w.WriteString("@type"u8, "type.googleapis.com/google.rpc.ErrorInfo"u8);
                    w.WriteString("reason"u8, "API_KEY_INVALID"u8);
                    w.WriteString("domain"u8, "googleapis.com"u8);
                    w.WriteEndObject();
                }

                if (error.Status == 429)
                {
                    w.WriteStartObject();
                    w.WriteString("@type"u8, "type.googleapis.com/google.rpc.QuotaFailure"u8);
                    w.WriteStartArray("violations"u8);
                    w.WriteStartObject();
                    w.WriteString("quotaId"u8, error.Variant == "quota" ? "GenerateRequestsPerDayPerProjectPerModel"u8 : "GenerateRequestsPerMinutePerProjectPerModel"u8);
                    w.WriteEndObject();
                    w.WriteEndArray();
                    w.WriteEndObject();
                }

                if (error.RetryAfter is { } wait)
                {
                    w.WriteStartObject();
                    w.WriteString("@type"u8, "type.googleapis.com/google.rpc.RetryInfo"u8);
                    w.WriteString("retryDelay"u8, wait.ToString(CultureInfo.InvariantCulture) + "s");
                    w.WriteEndObject();
                }

                w.WriteEndArray();
            }

            w.WriteEndObject();
            w.WriteEndObject();
        });
    }

    private static (string Status, string Message) Usual(WireRefusal error) => (error.Status, error.Variant) switch
    {
        (400, "context") => ("INVALID_ARGUMENT", FormattableString.Invariant($"The input token count ({error.Tokens}) exceeds the maximum number of tokens allowed ({error.MostTokens}).")),
        (400, "key") => ("INVALID_ARGUMENT", "API key not valid. Please pass a valid API key."),
        (400, _) => ("INVALID_ARGUMENT", "Request contains an invalid argument."),
        (401, _) => ("UNAUTHENTICATED", "Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other valid authentication credential."),
        (403, "key") => ("PERMISSION_DENIED", "Method doesn't allow unregistered callers (callers without established identity). Please use API Key or other form of API consumer identity to call this API."),
        (403, _) => ("PERMISSION_DENIED", "The caller does not have permission"),
        (404, _) => ("NOT_FOUND", "The model is not found for API version v1beta, or is not supported for generateContent."),
        (408 or 504, _) => ("DEADLINE_EXCEEDED", "Deadline expired before operation could complete."),
        (413, _) => ("INVALID_ARGUMENT", "Request payload size exceeds the limit."),
        (429, _) => ("RESOURCE_EXHAUSTED", "Resource has been exhausted (e.g. check quota)."),
        (499, _) => ("CANCELLED", "The operation was cancelled."),
        (500, _) => ("INTERNAL", "An internal error has occurred."),
        (502 or 503 or 529, _) => ("UNAVAILABLE", "The model is overloaded. Please try again later."),
        _ => (error.Status < 500 ? "INVALID_ARGUMENT" : "INTERNAL", "Simulated error"),
    };
}
