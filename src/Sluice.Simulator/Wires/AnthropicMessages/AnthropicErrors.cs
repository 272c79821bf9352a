namespace Sluice.Simulator.Wires.AnthropicMessages;

/// <summary>Anthropic's error bodies: <c>{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"},"request_id":"req_…"}</c></summary>
internal static class AnthropicErrors
{
    public static byte[] Body(WireRefusal error)
    {
        var (type, message) = Usual(error);
        return Json.Bytes(w =>
        {
            w.WriteStartObject();
            w.WriteString("type"u8, "error"u8);
            w.WriteStartObject("error"u8);
            w.WriteString("type"u8, type);
            w.WriteString("message"u8, error.Message ?? message);
            w.WriteEndObject();
            w.WriteString("request_id"u8, "req_sim_error"u8);
            w.WriteEndObject();
        });
    }

    public static IEnumerable<KeyValuePair<string, string>> Headers(WireRefusal error) =>
        error.RetryAfter is { } wait ? [new("retry-after", wait.ToString(System.Globalization.CultureInfo.InvariantCulture))] : [];

    private static (string Type, string Message) Usual(WireRefusal error) => (error.Status, error.Variant) switch
    {
        (400, "context") => ("invalid_request_error", FormattableString.Invariant($"prompt is too long: {error.Tokens} tokens > {error.MostTokens} maximum")),
        (400, "credit") => ("invalid_request_error", "Your credit balance is too low to access the Anthropic API. Please go to Plans & Billing to upgrade or purchase credits."),
        (400, _) => ("invalid_request_error", "messages: at least one message is required"),
        (401, _) => ("authentication_error", "invalid x-api-key"),
        (402, _) => ("billing_error", "There is a problem with the billing of this account."),
        (403, _) => ("permission_error", "Your API key does not have permission to use the specified resource."),
        (404, _) => ("not_found_error", "model: unknown"),
        (408, _) => ("timeout_error", "Request timed out"),
        (413, _) => ("request_too_large", "Request exceeds the maximum size"),
        (429, _) => ("rate_limit_error", "This request would exceed the rate limit of your organization."),
        (500, _) => ("api_error", "Internal server error"),
        (502 or 503, _) => ("api_error", "Service temporarily unavailable"),
        (504, _) => ("timeout_error", "Request timed out"),
        (529, _) => ("overloaded_error", "Overloaded"),
        _ => (error.Status < 500 ? "invalid_request_error" : "api_error", "Simulated error"),
    };
}
