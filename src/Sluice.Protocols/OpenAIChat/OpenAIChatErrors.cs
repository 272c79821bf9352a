using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.RegularExpressions;
using Sluice.Protocols.Errors;
using Sluice.Protocols.Formats;
using Sluice.Protocols.Json;

namespace Sluice.Protocols.OpenAIChat;

/// <summary>
/// Errors of Chat upstreams, read whatever their shape (<c>{"error":{…}}</c>, xAI's <c>{"code":…,"error":"text"}</c>, Mistral's
/// <c>{"detail":…}</c> and <c>{"message":…}</c>, arrays, HTML, nothing), and errors written as OpenAI's clients expect them.
/// </summary>
internal static partial class OpenAIChatErrors
{
    // The contract bounds what is kept of an upstream's text.
    private const int MostBytes = 16 * 1024;

    private static readonly JsonWriterOptions Relaxed = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    private static readonly JsonDocumentOptions Deep = new() { MaxDepth = 512 };

    /// <summary>Reads an error body of any shape.</summary>
    public static UpstreamError Read(int status, ReadOnlySpan<byte> body)
    {
        if (body.Length is > 0 and <= 1024 * 1024 && System.Text.Unicode.Utf8.IsValid(body))
        {
            try
            {
                using var document = JsonDocument.Parse(body.ToArray(), Deep);
                return FromJson(status, document.RootElement);
            }
            catch (Exception e) when (e is JsonException or InvalidOperationException)
            {
                // Not JSON, or a member name with half a surrogate pair: an edge server's HTML or plain text, told as text below.
            }
        }

        var text = PlainText(body);
        var message = text.Length > 0 ? text : "The upstream answered " + status.ToString(CultureInfo.InvariantCulture) + " without a body.";
        return Classified(status, new Facts { Message = message }, default);
    }

    /// <summary>Reads the value of an in-stream or in-body <c>error</c> member.</summary>
    public static UpstreamError FromMember(ReadOnlySpan<byte> errorJson, int statusWithout)
    {
        using var document = JsonDocument.Parse(errorJson.ToArray(), Deep);
        var facts = new Facts();
        Collect(document.RootElement, ref facts);
        return Classified(facts.Status ?? statusWithout, facts, Bounded(errorJson));
    }

    /// <summary>An answer that is not of the protocol.</summary>
    public static UpstreamError BadResponse(string message, ReadOnlySpan<byte> body)
    {
        var text = PlainText(body[..Math.Min(body.Length, 512)]);
        return new UpstreamError(ErrorKind.BadResponse, text.Length == 0 ? message : message + " It began: " + text);
    }

    /// <summary>Writes an error body.</summary>
    /// <param name="error">What.</param>
    /// <param name="output">Where to.</param>
    /// <param name="errorType">Stands beside the error, in formats that have it there; null in others.</param>
    public static void Write(GatewayError error, IBufferWriter<byte> output, string? errorType = null)
    {
        using var json = new Utf8JsonWriter(output, Relaxed);
        json.WriteStartObject();
        json.WriteStartObject("error"u8);
        json.WriteString("message"u8, MessageFor(error));
        json.WriteString("type"u8, TypeFor(error));
        if (error.Param is { } param)
        {
            json.WriteString("param"u8, param);
        }
        else
        {
            json.WriteNull("param"u8);
        }

        if (error.AsOpenRouter)
        {
            json.WriteNumber("code"u8, error.Status);
        }
        else
        {
            json.WriteString("code"u8, CodeFor(error));
        }

        // Clients that read the number here find it whatever the code is.
        json.WriteNumber("http_status"u8, error.Status);
        ErrorMetadata.Write(json, error);
        if (error.AsOpenRouter)
        {
            // Beside the error's own code, where readers of `availability` look for it.
            json.WriteString("error_type"u8, OpenRouterErrorType.Of(error));
            ErrorAvailability.Write(json, error);
        }

        json.WriteEndObject();
        if (errorType is not null)
        {
            json.WriteString("error_type"u8, errorType);
        }

        if (error.RequestId is { } id)
        {
            json.WriteString("request_id"u8, id);
        }

        json.WriteEndObject();
    }

    /// <summary>Ends a started stream with an error.</summary>
    public static void WriteToStream(GatewayError error, IBufferWriter<byte> output)
    {
        output.Write("data: "u8);
        Write(error, output);
        output.Write("\n\ndata: [DONE]\n\n"u8);
    }

    private static string MessageFor(GatewayError error)
    {
        if (error.Kind != ErrorKind.ContextLength || error.Message.StartsWith("This model's maximum context length", StringComparison.Ordinal))
        {
            return error.Message;
        }

        // Agents compact on OpenAI's own wording, so it comes first; the upstream's text follows whole.
        var head = error.ContextTokens is { } tokens
            ? string.Create(CultureInfo.InvariantCulture, $"This model's maximum context length is {tokens.Allowed} tokens. However, your messages resulted in {tokens.Sent} tokens.")
            : "This model's maximum context length is exceeded by your messages.";
        return head + " " + error.Message;
    }

    private static string TypeFor(GatewayError error) => error.Kind switch
    {
        // Nobody can serve it now, which is not the request's fault.
        ErrorKind.NoEndpoint when error.Status >= 500 => "server_error",
        ErrorKind.InvalidRequest or ErrorKind.ModelNotFound or ErrorKind.ContextLength or ErrorKind.ContentPolicy or ErrorKind.NoEndpoint =>
            "invalid_request_error",
        ErrorKind.Authentication => "authentication_error",
        ErrorKind.Permission => "permission_error",
        ErrorKind.Credits or ErrorKind.QuotaExhausted => "insufficient_quota",
        ErrorKind.RateLimit => "rate_limit_error",
        ErrorKind.Timeout => "timeout_error",
        ErrorKind.Overloaded => "overloaded_error",
        _ => "server_error",
    };

    private static string CodeFor(GatewayError error) => error.Kind switch
    {
        // What clients switch on is fixed by the kind; an upstream's own code would hide it.
        ErrorKind.ContextLength => "context_length_exceeded",
        ErrorKind.ModelNotFound => "model_not_found",
        ErrorKind.QuotaExhausted => "insufficient_quota",
        ErrorKind.RateLimit => "rate_limit_exceeded",
        ErrorKind.Authentication => "invalid_api_key",
        ErrorKind.RegionRestricted => "region_restricted",
        ErrorKind.ContentPolicy => error.Code ?? "content_filter",
        ErrorKind.Credits => error.Code ?? "insufficient_credits",
        _ => error.Code ?? ErrorWords.Of(error.Kind),
    };

    private static UpstreamError FromJson(int status, JsonElement root)
    {
        var body = Bounded(System.Runtime.InteropServices.JsonMarshal.GetRawUtf8Value(root));
        var facts = new Facts();
        Collect(root, ref facts);
        var inner = status is >= 200 and < 300 && facts.Status is { } told ? told : status;
        return Classified(inner, facts, body);
    }

    // Walks the shapes that servers use; the first text found under the most telling name wins.
    private static void Collect(JsonElement node, ref Facts facts)
    {
        switch (node.ValueKind)
        {
            case JsonValueKind.String:
                facts.Message ??= LenientText.Read(node);
                return;
            case JsonValueKind.Array:
                if (node.GetArrayLength() > 0)
                {
                    Collect(node[0], ref facts);
                }

                return;
            case JsonValueKind.Object:
                break;
            default:
                return;
        }

        ReadCode(node, ref facts);
        facts.Type ??= Text(node, "type");
        facts.Param ??= Text(node, "param");
        if (node.TryGetProperty("error", out var error))
        {
            Collect(error, ref facts);
        }

        if (node.TryGetProperty("message", out var message))
        {
            Collect(message, ref facts);
        }

        if (node.TryGetProperty("detail", out var detail))
        {
            Collect(detail, ref facts);
        }

        facts.Message ??= Text(node, "msg");
        if (node.TryGetProperty("innererror", out var inner) && inner.ValueKind == JsonValueKind.Object)
        {
            facts.InnerCode ??= Text(inner, "code");
        }

        if (node.TryGetProperty("metadata", out var metadata) && metadata.ValueKind == JsonValueKind.Object)
        {
            // OpenRouter says "Provider returned error" and keeps what the provider said in metadata.raw.
            facts.Raw ??= metadata.TryGetProperty("raw", out var raw)
                ? raw.ValueKind == JsonValueKind.String ? LenientText.Read(raw) : raw.GetRawText()
                : null;
        }
    }

    private static void ReadCode(JsonElement node, ref Facts facts)
    {
        foreach (var name in (ReadOnlySpan<string>)["code", "status_code", "status", "http_code"])
        {
            if (!node.TryGetProperty(name, out var code))
            {
                continue;
            }

            if (code.ValueKind == JsonValueKind.Number && code.TryGetInt32(out var number))
            {
                facts.Status ??= number is >= 400 and <= 599 ? number : null;
                facts.Code ??= name == "code" ? number.ToString(CultureInfo.InvariantCulture) : null;
            }
            else if (code.ValueKind == JsonValueKind.String)
            {
                var word = LenientText.Read(code);
                if (int.TryParse(word, NumberStyles.None, CultureInfo.InvariantCulture, out var numeric) && numeric is >= 400 and <= 599)
                {
                    facts.Status ??= numeric;
                }

                facts.Code ??= name == "code" ? word : null;
            }
        }
    }

    private static UpstreamError Classified(int status, in Facts facts, RawJson body)
    {
        var message = facts.Message ?? "The upstream gave no message.";
        if (facts.Raw is { Length: > 0 } raw && !message.Contains(raw, StringComparison.Ordinal))
        {
            message = message + ": " + raw;
        }

        if (message.Length > MostBytes)
        {
            message = message[..MostBytes];
        }

        var kind = KindOf(status, facts, message);
        return new UpstreamError(kind, message)
        {
            Status = status is >= 200 and < 300 ? facts.Status : status,
            Type = facts.Type,
            Code = facts.Code,
            Param = facts.Param,
            RetryAfter = kind is ErrorKind.RateLimit or ErrorKind.Overloaded ? Delay(message) : null,
            ContextTokens = kind == ErrorKind.ContextLength ? ContextNumbers(message) : null,
            Body = body,
        };
    }

    private static ErrorKind KindOf(int status, in Facts facts, string message)
    {
        var code = facts.Code ?? string.Empty;
        var type = facts.Type ?? string.Empty;
        if (code is "context_length_exceeded" or "string_above_max_length" || (status is 400 or 413 or 422 or 500 && ContextWords().IsMatch(message)))
        {
            return ErrorKind.ContextLength;
        }

        if (code is "content_filter" or "content_policy_violation" || facts.InnerCode == "ResponsibleAIPolicyViolation"
            || (status is 400 or 403 && PolicyWords().IsMatch(message)))
        {
            return ErrorKind.ContentPolicy;
        }

        if (RegionWords.Name(status, facts.Code, message))
        {
            return ErrorKind.RegionRestricted;
        }

        if (code is "insufficient_quota" or "billing_hard_limit_reached" || type == "insufficient_quota")
        {
            return ErrorKind.QuotaExhausted;
        }

        if (code == "rate_limit_exceeded" && status is 400 or 429)
        {
            return ErrorKind.RateLimit;
        }

        if (code == "invalid_api_key" || type is "authentication_error" or "invalid_api_key")
        {
            return ErrorKind.Authentication;
        }

        if (code is "model_not_found" or "model_decommissioned" or "DeploymentNotFound" or "deployment_not_found")
        {
            return ErrorKind.ModelNotFound;
        }

        return ByStatus(status, message);
    }

    private static ErrorKind ByStatus(int status, string message) => status switch
    {
        400 or 422 when KeyWords().IsMatch(message) => ErrorKind.Authentication,
        400 when CreditWords().IsMatch(message) => ErrorKind.Credits,
        400 or 413 or 422 => ErrorKind.InvalidRequest,
        401 => ErrorKind.Authentication,
        402 => ErrorKind.Credits,
        403 => CreditWords().IsMatch(message) ? ErrorKind.Credits : ErrorKind.Permission,
        404 => message.StartsWith("No endpoints found", StringComparison.Ordinal) && !message.StartsWith("No endpoints found for", StringComparison.Ordinal)
            ? ErrorKind.NoEndpoint
            : ErrorKind.ModelNotFound,
        408 or 504 or 524 => ErrorKind.Timeout,
        429 => QuotaWords().IsMatch(message) ? ErrorKind.QuotaExhausted : ErrorKind.RateLimit,
        503 or 529 => ErrorKind.Overloaded,
        >= 500 => OverloadWords().IsMatch(message) ? ErrorKind.Overloaded : ErrorKind.UpstreamError,
        >= 400 => ErrorKind.InvalidRequest,
        _ => OverloadWords().IsMatch(message) ? ErrorKind.Overloaded : ErrorKind.UpstreamError,
    };

    private static (long Sent, long Allowed)? ContextNumbers(string message)
    {
        foreach (var pattern in (ReadOnlySpan<Regex>)[OpenAINumbers(), AnthropicNumbers(), GoogleNumbers()])
        {
            var match = pattern.Match(message);
            if (match.Success
                && long.TryParse(match.Groups["sent"].Value.Replace(",", string.Empty, StringComparison.Ordinal), NumberStyles.None, CultureInfo.InvariantCulture, out var sent)
                && long.TryParse(match.Groups["max"].Value.Replace(",", string.Empty, StringComparison.Ordinal), NumberStyles.None, CultureInfo.InvariantCulture, out var allowed))
            {
                return (sent, allowed);
            }
        }

        return null;
    }

    // "Please try again in 494ms", "in 6.2s", "in 1m30s".
    private static TimeSpan? Delay(string message)
    {
        var match = TryAgain().Match(message);
        if (!match.Success)
        {
            return null;
        }

        var seconds = Part(match, "m") * 60 + Part(match, "s") + Part(match, "ms") / 1000;
        return seconds is > 0 and < 86_400 ? TimeSpan.FromSeconds(seconds) : null;

        static double Part(Match match, string group) =>
            double.TryParse(match.Groups[group].ValueSpan, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) ? value : 0;
    }

    private static string? Text(JsonElement node, string name) =>
        node.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? LenientText.Read(value) : null;

    private static RawJson Bounded(ReadOnlySpan<byte> json) => json.Length <= MostBytes ? RawJson.Copy(json) : default;

    private static string PlainText(ReadOnlySpan<byte> body)
    {
        var text = Encoding.UTF8.GetString(body[..Math.Min(body.Length, MostBytes)]);
        if (text.Contains('<', StringComparison.Ordinal))
        {
            text = Tags().Replace(text, " ");
        }

        return Blanks().Replace(text, " ").Trim();
    }

    [GeneratedRegex(@"maximum context length|context.length.exceeded|context window|exceeded max context|prompt (is )?too long|exceeds? the (model's )?(maximum )?context|input token count.{0,40}exceeds|too many tokens|reduce the length of|longer than the model's context|maximum prompt length", RegexOptions.IgnoreCase | RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex ContextWords();

    [GeneratedRegex(@"content management policy|usage guidelines|content policy|content_filter|safety_check", RegexOptions.IgnoreCase | RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex PolicyWords();

    [GeneratedRegex(@"(invalid|incorrect|wrong|missing|no|valid|expired).{0,12}api[ _-]?key|api[ _-]?key.{0,20}(invalid|incorrect|not valid|expired|required|missing)", RegexOptions.IgnoreCase | RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex KeyWords();

    [GeneratedRegex(@"insufficient (balance|credit|fund)|credit balance|used all available credits|out of credit|requires more credits", RegexOptions.IgnoreCase | RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex CreditWords();

    [GeneratedRegex(@"exceeded your current quota|insufficient.quota|billing details|quota (is )?exhausted|insufficient (balance|credit)|monthly (limit|quota)", RegexOptions.IgnoreCase | RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex QuotaWords();

    [GeneratedRegex(@"overloaded|over capacity|no capacity|at capacity", RegexOptions.IgnoreCase | RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex OverloadWords();

    [GeneratedRegex(@"context length (is|of) (?<max>[\d,]+) tokens?.{0,80}?(resulted in|requested( about)?|contains?( at least)?|has|is|have) (?<sent>[\d,]+)", RegexOptions.IgnoreCase | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 2000)]
    private static partial Regex OpenAINumbers();

    [GeneratedRegex(@"(?<sent>[\d,]+) tokens? (>|exceeds?|is greater than) (the )?(maximum |model's |context |limit |of |window )*(?<max>[\d,]+)", RegexOptions.IgnoreCase | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 2000)]
    private static partial Regex AnthropicNumbers();

    [GeneratedRegex(@"token count \(?(?<sent>[\d,]+)\)? exceeds.{0,60}?\(?(?<max>[\d,]+)", RegexOptions.IgnoreCase | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 2000)]
    private static partial Regex GoogleNumbers();

    [GeneratedRegex(@"try again in ((?<m>\d+)m(?!s))?((?<s>[\d.]+)s)?((?<ms>[\d.]+)ms)?", RegexOptions.IgnoreCase | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 2000)]
    private static partial Regex TryAgain();

    [GeneratedRegex(@"<(script|style)[^>]*>.*?</(script|style)>|<[^>]*>", RegexOptions.IgnoreCase | RegexOptions.Singleline | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 2000)]
    private static partial Regex Tags();

    [GeneratedRegex(@"\s+", RegexOptions.NonBacktracking)]
    private static partial Regex Blanks();

    private struct Facts
    {
        public string? Message;
        public string? Raw;
        public string? Type;
        public string? Code;
        public string? InnerCode;
        public string? Param;
        public int? Status;
    }
}
