using System.Globalization;
using Microsoft.AspNetCore.Http;
using Sluice.Protocols;
using Sluice.Protocols.Errors;
using Sluice.Protocols.Formats;
using Sluice.Protocols.Gemini;
using Sluice.Server.Surfaces;

namespace Sluice.Server.Errors;

/// <summary>Writes an error as a whole HTTP answer in the client's own shape.</summary>
internal static class ErrorAnswer
{
    // Codex fails at once without any hint.
    private static readonly TimeSpan Unsaid = TimeSpan.FromSeconds(5);

    /// <summary>As the other; a client that waits for a JSON array gets one with the error alone in it, as at Google.</summary>
    public static async Task WriteAsync(HttpContext http, Surface surface, GatewayError error)
    {
        if (!surface.SendsArray)
        {
            await WriteAsync(http, surface.Format, error);
            return;
        }

        error = ForClient(error, surface.Format.Protocol);
        WriteHeaders(http.Response, error);
        http.Response.ContentType = GeminiArrayFraming.MediaType;
        GeminiArrayFraming.WriteError(error, started: false, http.Response.BodyWriter);
        await http.Response.BodyWriter.FlushAsync(http.RequestAborted);
    }

    /// <summary>Sends status, headers and body. The response must not have started.</summary>
    public static async Task WriteAsync(HttpContext http, IClientFormat format, GatewayError error)
    {
        error = ForClient(error, format.Protocol);
        WriteHeaders(http.Response, error);
        http.Response.ContentType = "application/json";
        format.WriteError(error, http.Response.BodyWriter);
        await http.Response.BodyWriter.FlushAsync(http.RequestAborted);
    }

    /// <summary>Status, source, hint: what every error answer carries besides its body.</summary>
    public static void WriteHeaders(HttpResponse response, GatewayError error)
    {
        response.StatusCode = error.Status;
        response.Headers["x-sluice-error-source"] = ErrorWords.Of(error.Source);
        if (RetryAfterSeconds(error) is { } seconds)
        {
            response.Headers.RetryAfter = seconds.ToString(CultureInfo.InvariantCulture);
        }

        if (error.ShouldRetry is { } shouldRetry)
        {
            response.Headers["x-should-retry"] = shouldRetry ? "true" : "false";
        }
    }

    /// <summary>Overload is 529 to Anthropic clients and 503 to the others.</summary>
    public static GatewayError ForClient(GatewayError error, WireProtocol client) => error switch
    {
        { Kind: ErrorKind.Overloaded, Source: not ErrorSource.Gateway } =>
            error with { Status = client == WireProtocol.AnthropicMessages ? 529 : 503 },
        _ => error,
    };

    /// <summary>The header's value, 1 to 55; every 429 and 503 has one.</summary>
    public static int? RetryAfterSeconds(GatewayError error)
    {
        if (error.Status is not (429 or 503 or 529))
        {
            return null;
        }

        return ErrorWords.RetryAfterSeconds(error.RetryAfter ?? Unsaid);
    }
}
