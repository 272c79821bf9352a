using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Sluice.Protocols.Errors;
using Sluice.Protocols.Json;

namespace Sluice.Protocols.Anthropic;

/// <summary>Anthropic's error bodies: <c>{"type":"error","error":{"type":…,"message":…},"request_id":…}</c>.</summary>
internal static partial class AnthropicErrors
{
    private const int MaxKept = 16 * 1024;

    private static readonly JsonReaderOptions Deep = new() { MaxDepth = 512 };

    /// <summary>"messages.1.content.0: Invalid `signature` in `thinking` block", "… Field required" for one without a signature.</summary>
    public static bool RefusesProof(UpstreamError error) =>
        error.Message.Contains("signature", StringComparison.OrdinalIgnoreCase) && error.Message.Contains("thinking", StringComparison.OrdinalIgnoreCase);

    /// <summary>Reads whatever an upstream sent with a failure status: JSON, HTML, text, nothing.</summary>
    public static UpstreamError Read(int status, ReadOnlySpan<byte> body)
    {
        string? type = null;
        string? message = null;
        var isJson = false;
        if (body.Length <= 1024 * 1024)
        {
            isJson = TryReadJson(body, ref type, ref message);
        }

        message ??= PlainText(body, status);
        message = message.Length > MaxKept ? message[..MaxKept] : message;
        return new UpstreamError(Classify(status, type, message), message)
        {
            Status = status == 0 ? null : status,
            Type = type,
            ContextTokens = ContextNumbers(message),
            Body = isJson && body.Length <= MaxKept ? RawJson.Copy(body) : default,
        };
    }

    /// <summary>Reads the data of an in-stream <c>error</c> event.</summary>
    public static UpstreamError ReadEvent(ReadOnlySpan<byte> data)
    {
        var error = Read(0, data);
        return error with { Status = StatusOfType(error.Type) };
    }

    /// <summary>Writes an error body for a client.</summary>
    public static void Write(GatewayError error, IBufferWriter<byte> output)
    {
        using var json = new Utf8JsonWriter(output, AnthropicWords.Relaxed);
        json.WriteStartObject();
        json.WriteString("type"u8, "error"u8);
        json.WriteStartObject("error"u8);
        json.WriteString("type"u8, TypeOf(error));
        json.WriteString("message"u8, MessageOf(error));
        WriteFacts(json, error);
        json.WriteEndObject();
        json.WriteString("request_id"u8, error.RequestId);
        json.WriteEndObject();
    }

    /// <summary>Writes the event that ends a started stream.</summary>
    public static void WriteEvent(GatewayError error, IBufferWriter<byte> output)
    {
        output.Write("event: error\ndata: "u8);
        Write(error, output);
        output.Write("\n\n"u8);
    }

    private static bool TryReadJson(ReadOnlySpan<byte> body, ref string? type, ref string? message)
    {
        try
        {
            var reader = new Utf8JsonReader(body, Deep);
            using var document = JsonDocument.ParseValue(ref reader);
            var root = document.RootElement;

            // Google's hosts wrap errors of streams into a list.
            root = root.ValueKind == JsonValueKind.Array && root.GetArrayLength() > 0 ? root[0] : root;
            if (root.ValueKind != JsonValueKind.Object)
            {
                return false;
            }

            var error = root.TryGetProperty("error"u8, out var inner) ? inner : root;
            if (error.ValueKind == JsonValueKind.String)
            {
                message = LenientText.Read(error);
                return true;
            }

            if (error.ValueKind == JsonValueKind.Object)
            {
                type = error.TryGetProperty("type"u8, out var t) && t.ValueKind == JsonValueKind.String ? LenientText.Read(t) : null;
                message = error.TryGetProperty("message"u8, out var m) && m.ValueKind == JsonValueKind.String ? LenientText.Read(m) : null;
            }

            // Bedrock has "message" alone, proxies written with FastAPI have "detail".
            message ??= (root.TryGetProperty("message"u8, out var outer) || root.TryGetProperty("detail"u8, out outer)) && outer.ValueKind == JsonValueKind.String
                ? LenientText.Read(outer)
                : null;
            return true;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // Not JSON, or a name with half a surrogate pair, on which the document throws the other exception.
            return false;
        }
    }

    private static string PlainText(ReadOnlySpan<byte> body, int status)
    {
        var text = Encoding.UTF8.GetString(body.Length > 2048 ? body[..2048] : body).Trim();
        if (text.StartsWith('<'))
        {
            // An edge server's page: only its heading says anything.
            var heading = Heading().Match(text);
            text = heading.Success ? Tag().Replace(heading.Groups["text"].Value, " ").Trim() : "";
            return text.Length == 0
                ? string.Create(CultureInfo.InvariantCulture, $"The provider answered {status} with an HTML page.")
                : text;
        }

        return text.Length == 0
            ? string.Create(CultureInfo.InvariantCulture, $"The provider answered {status} without saying why.")
            : text;
    }

    // The wording decides before the type, and the type before the status: vendors put key, credit and overflow faults into a plain 400.
    private static ErrorKind Classify(int status, string? type, string message)
    {
        if (status is 0 or 400 or 413 or 422)
        {
            if (message.Contains("prompt is too long", StringComparison.OrdinalIgnoreCase)
                || message.Contains("exceed context limit", StringComparison.OrdinalIgnoreCase)
                || message.Contains("input is too long", StringComparison.OrdinalIgnoreCase))
            {
                return ErrorKind.ContextLength;
            }

            if (message.Contains("content filtering policy", StringComparison.OrdinalIgnoreCase))
            {
                return ErrorKind.ContentPolicy;
            }

            if (message.Contains("credit balance", StringComparison.OrdinalIgnoreCase))
            {
                return ErrorKind.Credits;
            }

            if (message.Contains("invalid x-api-key", StringComparison.OrdinalIgnoreCase) || message.Contains("invalid api key", StringComparison.OrdinalIgnoreCase))
            {
                return ErrorKind.Authentication;
            }

            if (message.Contains("usage limits", StringComparison.OrdinalIgnoreCase))
            {
                return ErrorKind.QuotaExhausted;
            }
        }

        if (RegionWords.Name(status, code: null, message))
        {
            return ErrorKind.RegionRestricted;
        }

        return type switch
        {
            "invalid_request_error" when status is 0 or 400 or 413 or 422 => ErrorKind.InvalidRequest,
            "authentication_error" => ErrorKind.Authentication,
            "permission_error" => ErrorKind.Permission,
            "billing_error" => ErrorKind.Credits,
            "not_found_error" => ErrorKind.ModelNotFound,
            "request_too_large" => ErrorKind.InvalidRequest,
            "rate_limit_error" => ErrorKind.RateLimit,
            "timeout_error" => ErrorKind.Timeout,
            "overloaded_error" => ErrorKind.Overloaded,
            "api_error" when status is 0 or 500 => ErrorKind.UpstreamError,
            _ => OfStatus(status),
        };
    }

    private static ErrorKind OfStatus(int status) => status switch
    {
        400 or 413 or 422 or 405 or 415 => ErrorKind.InvalidRequest,
        401 => ErrorKind.Authentication,
        402 => ErrorKind.Credits,
        403 => ErrorKind.Permission,
        404 => ErrorKind.ModelNotFound,
        408 or 504 => ErrorKind.Timeout,
        429 => ErrorKind.RateLimit,
        503 or 529 => ErrorKind.Overloaded,
        _ => ErrorKind.UpstreamError,
    };

    private static int? StatusOfType(string? type) => type switch
    {
        "invalid_request_error" => 400,
        "authentication_error" => 401,
        "billing_error" => 402,
        "permission_error" => 403,
        "not_found_error" => 404,
        "request_too_large" => 413,
        "rate_limit_error" => 429,
        "api_error" => 500,
        "timeout_error" => 504,
        "overloaded_error" => 529,
        _ => null,
    };

    private static (long Sent, long Allowed)? ContextNumbers(string message)
    {
        var match = TooLong().Match(message);
        match = match.Success ? match : OverLimit().Match(message);
        if (!match.Success
            || !long.TryParse(match.Groups["sent"].ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture, out var sent)
            || !long.TryParse(match.Groups["allowed"].ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture, out var allowed))
        {
            return null;
        }

        // "exceed context limit" counts the room that the answer asked for.
        return match.Groups["output"].Success && long.TryParse(match.Groups["output"].ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture, out var output)
            && output <= long.MaxValue - sent
            ? (sent + output, allowed)
            : (sent, allowed);
    }

    private static string TypeOf(GatewayError error) => error.Kind switch
    {
        // A provider's trouble with its own account is not the client's: its status is 502, and the type must not tell it to log in or pay.
        ErrorKind.Authentication or ErrorKind.Permission or ErrorKind.Credits when error.Status >= 500 => "api_error",
        ErrorKind.InvalidRequest when error.Status == 413 => "request_too_large",
        ErrorKind.InvalidRequest or ErrorKind.ContextLength or ErrorKind.ContentPolicy => "invalid_request_error",
        ErrorKind.Authentication or ErrorKind.Credits when error.Status == 403 => "permission_error",
        ErrorKind.Authentication => "authentication_error",
        ErrorKind.Permission => "permission_error",
        ErrorKind.Credits => "billing_error",
        ErrorKind.ModelNotFound => "not_found_error",
        ErrorKind.NoEndpoint when error.Status == 404 => "not_found_error",
        ErrorKind.RateLimit or ErrorKind.QuotaExhausted => "rate_limit_error",
        ErrorKind.Overloaded or ErrorKind.NoEndpoint => "overloaded_error",
        ErrorKind.Timeout => "timeout_error",
        _ => "api_error",
    };

    // Claude Code compacts on exactly this beginning.
    private static string MessageOf(GatewayError error)
    {
        if (error.Kind != ErrorKind.ContextLength || error.Message.StartsWith("prompt is too long", StringComparison.Ordinal))
        {
            return error.Message;
        }

        return error.ContextTokens is var (sent, allowed)
            ? string.Create(CultureInfo.InvariantCulture, $"prompt is too long: {sent} tokens > {allowed} maximum. {error.Message}")
            : "prompt is too long. " + error.Message;
    }

    private static void WriteFacts(Utf8JsonWriter json, GatewayError error)
    {
        json.WriteString("source"u8, ErrorWords.Of(error.Source));
        json.WriteString("kind"u8, ErrorWords.Of(error.Kind));
        json.WriteString("error_type"u8, OpenRouterErrorType.Of(error));
        if (error.Reason is not null)
        {
            json.WriteString("reason"u8, error.Reason);
        }

        if (error.ShouldRetry is { } retry)
        {
            json.WriteBoolean("retryable"u8, retry);
        }

        if (error.Param is not null)
        {
            json.WriteString("param"u8, error.Param);
        }

        if (error.Provider is not null)
        {
            json.WriteString("provider"u8, error.Provider);
        }

        if (error.Limit is not null)
        {
            json.WriteString("limit"u8, error.Limit);
        }

        ErrorWords.WriteHelp(json, error);
        ErrorWords.WriteAttempts(json, error.Attempts);
    }

    // input length and `max_tokens` exceed context limit: 190000 + 20000 > 200000
    [GeneratedRegex(@"context limit: (?<sent>\d+) \+ (?<output>\d+) > (?<allowed>\d+)", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 2000)]
    private static partial Regex OverLimit();

    [GeneratedRegex("<(title|h1)[^>]*>(?<text>.{1,200}?)</(title|h1)>", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture | RegexOptions.IgnoreCase | RegexOptions.Singleline, matchTimeoutMilliseconds: 2000)]
    private static partial Regex Heading();

    [GeneratedRegex("<[^>]*>?", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 2000)]
    private static partial Regex Tag();

    [GeneratedRegex(@"(?<sent>\d+) tokens > (?<allowed>\d+)", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 2000)]
    private static partial Regex TooLong();
}
