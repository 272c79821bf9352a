using System.Buffers;
using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Sluice.Protocols.Errors;
using Sluice.Protocols.Formats;
using Sluice.Protocols.Json;
using Sluice.Protocols.OpenAIChat;

namespace Sluice.Protocols.Gemini;

/// <summary>Google's error bodies: <c>{"error":{"code":429,"message":…,"status":"RESOURCE_EXHAUSTED","details":[…]}}</c>.</summary>
internal static partial class GeminiErrors
{
    private const int MostBytes = 16 * 1024;

    /// <summary>Reads whatever an upstream sent with a failure status: JSON, a list around it, HTML, text, nothing.</summary>
    public static UpstreamError Read(int status, ReadOnlySpan<byte> body)
    {
        if (body.Length is > 0 and <= 1024 * 1024 && System.Text.Unicode.Utf8.IsValid(body))
        {
            try
            {
                using var document = JsonDocument.Parse(body.ToArray(), GeminiJson.Deep);
                var root = document.RootElement;
                root = root.ValueKind == JsonValueKind.Array && root.GetArrayLength() > 0 ? root[0] : root;
                if (GeminiJson.TryGet(root, "error", out var error) && error.ValueKind == JsonValueKind.Object)
                {
                    return Of(status, error, body.Length <= MostBytes ? RawJson.Copy(body) : default);
                }
            }
            catch (Exception e) when (e is JsonException or InvalidOperationException)
            {
                // Not JSON: an edge server's page, read below.
            }
        }

        // Not Google's own shape: a proxy, an edge server, nothing. The Chat reader knows them all.
        return OpenAIChatErrors.Read(status, body);
    }

    /// <summary>Reads a chunk or an answer that holds an error in spite of its status.</summary>
    public static UpstreamError ReadInside(JsonElement holder)
    {
        var raw = GeminiJson.Raw(holder);
        return Read(200, raw.Utf8.Span);
    }

    /// <summary>The model failed to write a call that its server could read.</summary>
    public static UpstreamError BrokenCall(string finish) =>
        new(ErrorKind.UpstreamError, $"The model's tool call could not be read by its provider (finishReason {finish}).") { Code = finish };

    /// <summary>Writes an error body.</summary>
    public static void Write(GatewayError error, IBufferWriter<byte> output)
    {
        using var json = new Utf8JsonWriter(output, GeminiJson.Relaxed);
        json.WriteStartObject();
        json.WriteStartObject("error"u8);
        json.WriteNumber("code"u8, error.Status);
        json.WriteString("message"u8, MessageFor(error));
        json.WriteString("status"u8, StatusFor(error));
        WriteDetails(json, error);
        json.WriteEndObject();
        json.WriteEndObject();
    }

    /// <summary>
    /// Ends a started stream with an error: an ordinary chunk, since clients know no other events, and the same object once more without <c>data:</c>.
    /// Readers of events skip the second. Google's own JavaScript SDK, and Gemini CLI with it, skips the first and would take the broken answer for a
    /// whole one; what is left over at the end is an error to it, after which it asks again.
    /// </summary>
    public static void WriteToStream(GatewayError error, IBufferWriter<byte> output)
    {
        output.Write("data: "u8);
        Write(error, output);
        output.Write("\r\n\r\n"u8);
        Write(error, output);
        output.Write("\r\n"u8);
    }

    private static UpstreamError Of(int status, JsonElement error, RawJson body)
    {
        var message = GeminiJson.Text(error, "message") ?? "The provider gave no message.";
        message = message.Length > MostBytes ? message[..MostBytes] : message;
        var word = GeminiJson.Text(error, "status");
        var inner = GeminiJson.TryGet(error, "code", out var code) && GeminiJson.Integer(code) is >= 400 and <= 599 and var number ? (int)number : (int?)null;
        var told = status is >= 200 and < 300 || status == 0 ? inner ?? StatusOf(word) : status;
        var details = ReadDetails(error);
        var kind = KindOf(told ?? 500, word, message, details);
        return new UpstreamError(kind, message)
        {
            Status = told,
            Type = word,
            Code = details.Reason ?? word,
            Param = details.Field,
            RetryAfter = kind is ErrorKind.RateLimit or ErrorKind.Overloaded or ErrorKind.QuotaExhausted ? details.Delay ?? DelayIn(message) : null,
            ContextTokens = kind == ErrorKind.ContextLength ? ContextNumbers(message) : null,
            Body = body,
        };
    }

    private static ErrorKind KindOf(int status, string? word, string message, in Details details)
    {
        if (details.Reason is "API_KEY_INVALID" or "API_KEY_SERVICE_BLOCKED" or "API_KEY_EXPIRED" || (status == 400 && KeyWords().IsMatch(message)))
        {
            return ErrorKind.Authentication;
        }

        if (details.Reason is "BILLING_DISABLED" or "CONSUMER_SUSPENDED")
        {
            return ErrorKind.Credits;
        }

        if (RegionWords.Name(status, details.Reason, message))
        {
            return ErrorKind.RegionRestricted;
        }

        if (status is 400 or 413 or 500 && ContextWords().IsMatch(message))
        {
            return ErrorKind.ContextLength;
        }

        return (word, status) switch
        {
            ("RESOURCE_EXHAUSTED", _) or (_, 429) => IsQuota(message, details) ? ErrorKind.QuotaExhausted : ErrorKind.RateLimit,
            ("UNAUTHENTICATED", _) or (_, 401) => ErrorKind.Authentication,
            ("PERMISSION_DENIED", _) or (_, 403) => ErrorKind.Permission,
            ("NOT_FOUND", _) or (_, 404) => ErrorKind.ModelNotFound,
            ("UNAVAILABLE", _) or (_, 503) => ErrorKind.Overloaded,
            ("DEADLINE_EXCEEDED", _) or (_, 408 or 504) => ErrorKind.Timeout,
            (_, 402) => ErrorKind.Credits,
            ("INVALID_ARGUMENT" or "FAILED_PRECONDITION" or "OUT_OF_RANGE" or "UNIMPLEMENTED", _) => ErrorKind.InvalidRequest,
            (_, >= 400 and < 500) => ErrorKind.InvalidRequest,
            _ => message.Contains("overloaded", StringComparison.OrdinalIgnoreCase) ? ErrorKind.Overloaded : ErrorKind.UpstreamError,
        };
    }

    // A limit per minute passes by itself; one per day, or none at all, does not.
    private static bool IsQuota(string message, in Details details) =>
        details.Delay is null && (details.PerDay || message.Contains("check your plan and billing", StringComparison.OrdinalIgnoreCase));

    private static Details ReadDetails(JsonElement error)
    {
        var found = default(Details);
        if (!GeminiJson.TryGet(error, "details", out var details) || details.ValueKind != JsonValueKind.Array)
        {
            return found;
        }

        foreach (var detail in details.EnumerateArray().Where(d => d.ValueKind == JsonValueKind.Object))
        {
            found.Reason ??= GeminiJson.Text(detail, "reason");
            found.Delay ??= GeminiJson.Text(detail, "retryDelay") is { } delay ? Seconds(delay) : null;
            if (GeminiJson.TryGet(detail, "violations", out var violations) && violations.ValueKind == JsonValueKind.Array)
            {
                found.PerDay |= violations.EnumerateArray().Any(v => GeminiJson.Text(v, "quotaId")?.Contains("PerDay", StringComparison.Ordinal) == true);
            }

            if (GeminiJson.TryGet(detail, "fieldViolations", out var fields) && fields.ValueKind == JsonValueKind.Array && fields.GetArrayLength() > 0)
            {
                found.Field ??= GeminiJson.Text(fields[0], "field");
            }
        }

        return found;
    }

    // "34s", "34.4s"; the protobuf spelling of a duration.
    private static TimeSpan? Seconds(string text) =>
        text.EndsWith('s') && double.TryParse(text.AsSpan(0, text.Length - 1), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var seconds) && seconds is >= 0 and < 86_400 * 30
            ? TimeSpan.FromSeconds(seconds)
            : null;

    private static TimeSpan? DelayIn(string message)
    {
        var match = RetryIn().Match(message);
        return match.Success ? Seconds(match.Groups["delay"].Value) : null;
    }

    private static (long Sent, long Allowed)? ContextNumbers(string message)
    {
        var match = TokenNumbers().Match(message);
        return match.Success
            && long.TryParse(match.Groups["sent"].ValueSpan, NumberStyles.AllowThousands, CultureInfo.InvariantCulture, out var sent)
            && long.TryParse(match.Groups["max"].ValueSpan, NumberStyles.AllowThousands, CultureInfo.InvariantCulture, out var allowed)
            ? (sent, allowed)
            : null;
    }

    private static int? StatusOf(string? word) => word switch
    {
        "INVALID_ARGUMENT" or "FAILED_PRECONDITION" or "OUT_OF_RANGE" => 400,
        "UNAUTHENTICATED" => 401,
        "PERMISSION_DENIED" => 403,
        "NOT_FOUND" => 404,
        "ABORTED" or "ALREADY_EXISTS" => 409,
        "RESOURCE_EXHAUSTED" => 429,
        "CANCELLED" => 499,
        "INTERNAL" or "UNKNOWN" or "DATA_LOSS" => 500,
        "UNIMPLEMENTED" => 501,
        "UNAVAILABLE" => 503,
        "DEADLINE_EXCEEDED" => 504,
        _ => null,
    };

    // Google's clients look at the number first and at this word second: both must say the same.
    private static string StatusFor(GatewayError error) => error.Status switch
    {
        400 or 413 or 422 => error.Kind == ErrorKind.Authentication ? "UNAUTHENTICATED" : "INVALID_ARGUMENT",
        401 => "UNAUTHENTICATED",
        402 or 403 => "PERMISSION_DENIED",
        404 => "NOT_FOUND",
        408 or 504 => "DEADLINE_EXCEEDED",
        409 => "ABORTED",
        429 => "RESOURCE_EXHAUSTED",
        499 => "CANCELLED",
        501 => "UNIMPLEMENTED",
        503 or 529 or 502 => "UNAVAILABLE",
        >= 500 => "INTERNAL",
        _ => "INVALID_ARGUMENT",
    };

    private static string MessageFor(GatewayError error)
    {
        if (error.Kind != ErrorKind.ContextLength || error.Message.Contains("input token count", StringComparison.Ordinal))
        {
            return error.Message;
        }

        // Google's own wording first, since agents look for it; the provider's text follows whole.
        var head = error.ContextTokens is { } tokens
            ? string.Create(CultureInfo.InvariantCulture, $"The input token count ({tokens.Sent}) exceeds the maximum number of tokens allowed ({tokens.Allowed}).")
            : "The input token count exceeds the maximum number of tokens allowed.";
        return head + " " + error.Message;
    }

    private static void WriteDetails(Utf8JsonWriter json, GatewayError error)
    {
        json.WriteStartArray("details"u8);
        json.WriteStartObject();
        json.WriteString("@type"u8, "type.googleapis.com/google.rpc.ErrorInfo"u8);
        json.WriteString("reason"u8, error.Kind == ErrorKind.Authentication && error.Status < 500 ? "API_KEY_INVALID" : ErrorWords.Of(error.Kind).ToUpperInvariant());
        json.WriteString("domain"u8, "sluice"u8);
        json.WriteStartObject("metadata"u8);
        json.WriteString("source"u8, ErrorWords.Of(error.Source));
        json.WriteString("kind"u8, ErrorWords.Of(error.Kind));
        Write(json, "cause"u8, error.Reason);
        Write(json, "provider"u8, error.Provider);
        Write(json, "limit"u8, error.Limit);
        ErrorWords.WriteHelp(json, error);
        Write(json, "request_id"u8, error.RequestId);
        if (error.ShouldRetry is { } retry)
        {
            // Values of this map are strings.
            json.WriteString("retryable"u8, retry ? "true"u8 : "false"u8);
        }

        json.WriteEndObject();
        ErrorWords.WriteAttempts(json, error.Attempts);
        json.WriteEndObject();
        if (error.Param is { } param)
        {
            json.WriteStartObject();
            json.WriteString("@type"u8, "type.googleapis.com/google.rpc.BadRequest"u8);
            json.WriteStartArray("fieldViolations"u8);
            json.WriteStartObject();
            json.WriteString("field"u8, param);
            json.WriteString("description"u8, error.Message);
            json.WriteEndObject();
            json.WriteEndArray();
            json.WriteEndObject();
        }

        if (error.RetryAfter is { } after)
        {
            json.WriteStartObject();
            json.WriteString("@type"u8, "type.googleapis.com/google.rpc.RetryInfo"u8);
            json.WriteString("retryDelay"u8, ((long)Math.Ceiling(after.TotalSeconds)).ToString(CultureInfo.InvariantCulture) + "s");
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void Write(Utf8JsonWriter json, ReadOnlySpan<byte> name, string? value)
    {
        if (value is not null)
        {
            json.WriteString(name, value);
        }
    }

    // "The input token count (1048604) exceeds the maximum number of tokens allowed (1048575)."
    [GeneratedRegex(@"input token count.{0,40}exceeds|exceeds the maximum number of (input )?tokens|prompt (is )?too long|context window", RegexOptions.IgnoreCase | RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex ContextWords();

    [GeneratedRegex(@"token count \(?(?<sent>[\d,]+)\)? exceeds.{0,60}?\(?(?<max>[\d,]+)", RegexOptions.IgnoreCase | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 2000)]
    private static partial Regex TokenNumbers();

    [GeneratedRegex(@"api[ _-]?key (not valid|expired|not found|is invalid)", RegexOptions.IgnoreCase | RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex KeyWords();

    [GeneratedRegex(@"retry in (?<delay>[\d.]{1,12}s)", RegexOptions.IgnoreCase | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 2000)]
    private static partial Regex RetryIn();

    private struct Details
    {
        public string? Reason;
        public string? Field;
        public TimeSpan? Delay;
        public bool PerDay;
    }
}
