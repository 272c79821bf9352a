using System.Globalization;
using Microsoft.AspNetCore.Http;
using Sluice.Protocols;
using Sluice.Protocols.Errors;
using Sluice.Protocols.Formats;
using Sluice.Server.Hosting;
using Sluice.Server.Surfaces;

namespace Sluice.Server.Errors;

/// <summary>Writes an error as a whole HTTP answer in the client's own shape.</summary>
internal static class ErrorAnswer
{
    // Codex fails at once without any hint.
    private static readonly TimeSpan Unsaid = TimeSpan.FromSeconds(5);

    /// <summary>As the other; a client that waits for a stream in another framing than events gets the error alone in that.</summary>
    public static async Task WriteAsync(HttpContext http, Surface surface, GatewayError error)
    {
        if (surface.Framing is not { } framing)
        {
            await WriteAsync(http, surface.Format, error);
            return;
        }

        error = ForClient(error, surface.Format.Protocol, http.Request) with { AsOpenRouter = surface.IsOpenRouters };
        WriteHeaders(http.Response, error);
        http.Response.ContentType = framing.MediaType;
        framing.WriteError(error, started: false, http.Response.BodyWriter);
        await http.Response.BodyWriter.FlushAsync(http.RequestAborted);
    }

    /// <summary>Sends status, headers and body. The response must not have started.</summary>
    public static async Task WriteAsync(HttpContext http, IClientFormat format, GatewayError error)
    {
        error = ForClient(error, format.Protocol, http.Request) with { AsOpenRouter = PathRules.IsOpenRouterPath(http.Request.Path.Value ?? "") };
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

    /// <summary>Overload has a status of its own in some formats; a remedy and the address of its page has every error.</summary>
    public static GatewayError ForClient(GatewayError error, WireProtocol client, HttpRequest request) => error with
    {
        Status = error is { Kind: ErrorKind.Overloaded, Source: not ErrorSource.Gateway } ? WireFormats.Client(client).OverloadedStatus : error.Status,
        Remedy = error.Remedy ?? Remedies.Of(error.Kind),
        DocsUrl = error.DocsUrl ?? ErrorPageAddress.Of(request, error.Kind),
    };

    /// <summary>The header's value, 1 to 55; every 429 and 503 has one, and a 402 where money is only held.</summary>
    public static int? RetryAfterSeconds(GatewayError error)
    {
        if (error.Status is not (429 or 503 or 529) && error is not { Status: 402, RetryAfter: not null })
        {
            return null;
        }

        return ErrorWords.RetryAfterSeconds(error.RetryAfter ?? Unsaid);
    }
}
