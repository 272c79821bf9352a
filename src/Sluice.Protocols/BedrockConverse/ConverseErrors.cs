using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Sluice.Protocols.Errors;
using Sluice.Protocols.Json;

namespace Sluice.Protocols.BedrockConverse;

/// <summary>
/// Bedrock's error bodies, <c>{"message":…}</c> and at times <c>__type</c>. The type otherwise stands in a header alone, so the status and the
/// words decide.
/// </summary>
internal static partial class ConverseErrors
{
    private const int MaxKept = 16 * 1024;

    /// <summary>Reads whatever came with a failure status: JSON, HTML, text, nothing.</summary>
    public static UpstreamError Read(int status, ReadOnlySpan<byte> body) => Read(status, type: null, body);

    /// <summary>Reads the payload of an exception frame.</summary>
    /// <param name="type">Its <c>:exception-type</c> or <c>:error-code</c>.</param>
    /// <param name="payload">Its JSON.</param>
    public static UpstreamError ReadFrame(string type, ReadOnlySpan<byte> payload)
    {
        var error = Read(0, type, payload);
        return error with { Status = StatusOf(Normal(type)) };
    }

    private static UpstreamError Read(int status, string? type, ReadOnlySpan<byte> body)
    {
        string? message = null;
        var isJson = body.Length <= 1024 * 1024 && TryReadJson(body, ref type, ref message);
        message = string.IsNullOrWhiteSpace(message) ? PlainText(isJson ? default : body, status, type) : message;
        message = message.Length > MaxKept ? message[..MaxKept] : message;
        return new UpstreamError(Classify(status, Normal(type), message), message)
        {
            Status = status == 0 ? null : status,
            Type = type is { Length: > 200 } ? type[..200] : type,
            ContextTokens = ContextNumbers(message),
            Body = isJson && body.Length <= MaxKept ? RawJson.Copy(body) : default,
        };
    }

    private static bool TryReadJson(ReadOnlySpan<byte> body, ref string? type, ref string? message)
    {
        try
        {
            var reader = new Utf8JsonReader(body, new JsonReaderOptions { MaxDepth = 512 });
            using var document = JsonDocument.ParseValue(ref reader);
            var root = document.RootElement;
            if (root.ValueKind != JsonValueKind.Object)
            {
                return false;
            }

            // {"Output":{"__type":"…#UnknownOperationException"},"Version":"1.0"} is how the service says that it does not know a path.
            var named = ConverseWords.TryObject(root, "Output"u8, out var output) ? output : root;
            type ??= ConverseWords.Text(named, "__type"u8) ?? ConverseWords.Text(named, "code"u8);
            message = ConverseWords.Text(root, "message"u8) ?? ConverseWords.Text(root, "Message"u8) ?? ConverseWords.Text(root, "errorMessage"u8);

            // A model's own words, where it failed inside a stream.
            message = string.IsNullOrWhiteSpace(message) ? ConverseWords.Text(root, "originalMessage"u8) : message;
            return true;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return false;
        }
    }

    private static string PlainText(ReadOnlySpan<byte> body, int status, string? type)
    {
        var text = Encoding.UTF8.GetString(body.Length > 2048 ? body[..2048] : body).Trim();
        return text.StartsWith('<') ? string.Create(CultureInfo.InvariantCulture, $"The provider answered {status} with an HTML page.")
            : text.Length > 0 ? text
            : type is not null ? $"The provider reported {type} without saying why."
            : string.Create(CultureInfo.InvariantCulture, $"The provider answered {status} without saying why.");
    }

    // com.amazon.coral.service#ThrottlingException, throttlingException and ThrottlingException:http://… are one.
    private static string? Normal(string? type)
    {
        if (string.IsNullOrEmpty(type))
        {
            return null;
        }

        var name = type[(type.LastIndexOf('#') + 1)..];
        var colon = name.IndexOf(':', StringComparison.Ordinal);
        return (colon < 0 ? name : name[..colon]).ToUpperInvariant();
    }

    // The wording decides before the type, and the type before the status: one ValidationException stands for a dozen faults.
    private static ErrorKind Classify(int status, string? type, string message)
    {
        bool Says(string words) => message.Contains(words, StringComparison.OrdinalIgnoreCase);
        if (status is 0 or 400 or 413 or 424)
        {
            if (Says("input is too long") || Says("input tokens exceeded") || Says("prompt is too long") || Says("exceed context limit")
                || Says("maximum context length") || Says("exceeds the maximum number of input tokens"))
            {
                return ErrorKind.ContextLength;
            }

            if (Says("model identifier is invalid") || Says("on-demand throughput isn") || Says("end of its life"))
            {
                return ErrorKind.ModelNotFound;
            }

            if (Says("content filtering policy"))
            {
                return ErrorKind.ContentPolicy;
            }
        }

        if (Says("getting throttled"))
        {
            return ErrorKind.RateLimit;
        }

        if (status is 0 or 400 or 403 && (Says("security token") || Says("request signature") || Says("API Key") && Says("not valid")))
        {
            return ErrorKind.Authentication;
        }

        if (Says("tokens per day"))
        {
            return ErrorKind.QuotaExhausted;
        }

        return type switch
        {
            "VALIDATIONEXCEPTION" or "SERIALIZATIONEXCEPTION" => ErrorKind.InvalidRequest,
            "ACCESSDENIEDEXCEPTION" => ErrorKind.Permission,
            "UNRECOGNIZEDCLIENTEXCEPTION" or "EXPIREDTOKENEXCEPTION" or "INVALIDSIGNATUREEXCEPTION" or "INCOMPLETESIGNATUREEXCEPTION" or "MISSINGAUTHENTICATIONTOKENEXCEPTION" => ErrorKind.Authentication,
            "RESOURCENOTFOUNDEXCEPTION" or "UNKNOWNOPERATIONEXCEPTION" => ErrorKind.ModelNotFound,
            "THROTTLINGEXCEPTION" => ErrorKind.RateLimit,
            "SERVICEQUOTAEXCEEDEDEXCEPTION" => ErrorKind.QuotaExhausted,
            "MODELNOTREADYEXCEPTION" or "SERVICEUNAVAILABLEEXCEPTION" => ErrorKind.Overloaded,
            "MODELTIMEOUTEXCEPTION" => ErrorKind.Timeout,
            "MODELERROREXCEPTION" or "MODELSTREAMERROREXCEPTION" or "INTERNALSERVEREXCEPTION" => ErrorKind.UpstreamError,
            _ => OfStatus(status),
        };
    }

    private static ErrorKind OfStatus(int status) => status switch
    {
        400 or 405 or 413 or 415 or 422 => ErrorKind.InvalidRequest,
        401 => ErrorKind.Authentication,
        402 => ErrorKind.Credits,
        403 => ErrorKind.Permission,
        404 => ErrorKind.ModelNotFound,
        408 or 504 => ErrorKind.Timeout,
        429 => ErrorKind.RateLimit,
        503 => ErrorKind.Overloaded,
        _ => ErrorKind.UpstreamError,
    };

    private static int? StatusOf(string? type) => type switch
    {
        "VALIDATIONEXCEPTION" or "SERVICEQUOTAEXCEEDEDEXCEPTION" => 400,
        "ACCESSDENIEDEXCEPTION" => 403,
        "RESOURCENOTFOUNDEXCEPTION" => 404,
        "MODELTIMEOUTEXCEPTION" => 408,
        "MODELERROREXCEPTION" or "MODELSTREAMERROREXCEPTION" => 424,
        "THROTTLINGEXCEPTION" or "MODELNOTREADYEXCEPTION" => 429,
        "INTERNALSERVEREXCEPTION" => 500,
        "SERVICEUNAVAILABLEEXCEPTION" => 503,
        _ => null,
    };

    private static (long Sent, long Allowed)? ContextNumbers(string message)
    {
        var match = TooLong().Match(message);
        return match.Success
            && long.TryParse(match.Groups["sent"].ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture, out var sent)
            && long.TryParse(match.Groups["allowed"].ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture, out var allowed)
            ? (sent, allowed)
            : null;
    }

    // Claude's own words come through: "prompt is too long: 210000 tokens > 200000 maximum".
    [GeneratedRegex(@"(?<sent>\d+) tokens > (?<allowed>\d+)", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 2000)]
    private static partial Regex TooLong();
}
