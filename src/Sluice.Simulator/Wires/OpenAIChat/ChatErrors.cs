namespace Sluice.Simulator.Wires.OpenAIChat;

/// <summary>OpenAI's error bodies: <c>{"error":{"message":"…","type":"…","param":null,"code":null}}</c></summary>
internal static class ChatErrors
{
    public static byte[] Body(WireRefusal error)
    {
        var (type, code, param, message) = Usual(error);
        return Json.Bytes(w =>
        {
            w.WriteStartObject();
            w.WriteStartObject("error"u8);
            w.WriteString("message"u8, error.Message ?? message);
            w.WriteString("type"u8, type);
            w.WriteString("param"u8, error.Param ?? (error.Message is null ? param : null));
            w.WriteString("code"u8, error.Code ?? code);
            w.WriteEndObject();
            w.WriteEndObject();
        });
    }

    public static (string Type, string? Code, string? Param, string Message) Usual(WireRefusal error) => (error.Status, error.Variant) switch
    {
        (400, "context") => ("invalid_request_error", "context_length_exceeded", "messages", FormattableString.Invariant($"This model's maximum context length is {error.MostTokens} tokens. However, your messages resulted in {error.Tokens} tokens. Please reduce the length of the messages.")),
        (400, _) => ("invalid_request_error", null, "messages", "Invalid 'messages': empty array. Expected an array with minimum length 1, but got an empty array instead."),
        (401, _) => ("invalid_request_error", "invalid_api_key", null, "Incorrect API key provided. You can find your API key at https://platform.openai.com/account/api-keys."),
        (402, _) => ("insufficient_quota", "insufficient_credits", null, "Insufficient credits."),
        (403, _) => ("invalid_request_error", "unsupported_country_region_territory", null, "You are not allowed to use this resource."),
        (404, _) => ("invalid_request_error", "model_not_found", null, "The model does not exist or you do not have access to it."),
        (408, _) => ("server_error", null, null, "Request timed out."),
        (413, _) => ("invalid_request_error", null, null, "Request body is too large."),
        (429, "quota") => ("insufficient_quota", "insufficient_quota", null, "You exceeded your current quota, please check your plan and billing details."),
        (429, _) => ("requests", "rate_limit_exceeded", null, "Rate limit reached. Please try again in 1s."),
        (500 or 502, _) => ("server_error", null, null, "The server had an error while processing your request. Sorry about that!"),
        (503 or 529, _) => ("service_unavailable_error", "server_is_overloaded", null, "The engine is currently overloaded, please try again later."),
        _ => (error.Status < 500 ? "invalid_request_error" : "server_error", null, null, "Simulated error"),
    };
}
