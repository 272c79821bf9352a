using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Sluice.Protocols.Errors;
using Sluice.Protocols.Formats;
using Sluice.Server.Detached;
using Sluice.Server.Errors;
using Sluice.Server.Media;
using Sluice.Server.Operations;
using Sluice.Server.Surfaces;
using Sluice.Server.Surfaces.Models;
using Sluice.Server.WebConsole;

namespace Sluice.Server.Hosting;

/// <summary>
/// The first thing that sees a request: operations, admin and console paths as they are, everything else by the prefix rules. Inference does not pass
/// through endpoint routing: a table of a few paths is quicker and has no templates that a slash in a model's name could break.
/// </summary>
internal sealed class RequestEntry(InferencePipeline pipeline, ModelsApi models, OperationsApi operations, DetachedApi detached, JobsApi jobs, Drain drain)
{
    /// <summary>Answers, or hands an admin path on.</summary>
    public Task InvokeAsync(HttpContext http, RequestDelegate admin)
    {
        var path = http.Request.Path.Value ?? "/";
        if (path.StartsWith("/admin", StringComparison.Ordinal))
        {
            return admin(http);
        }

        if (ErrorPages.Matches(http.Request))
        {
            return ErrorPages.AnswerAsync(http);
        }

        if (ConsolePages.Matches(path))
        {
            return ConsolePages.AnswerAsync(http);
        }

        var normalised = PathRules.Normalise(path);
        if (drain.Begun && !OperationsApi.Matches(path))
        {
            return RefuseAsync(http, SurfaceTable.Find(normalised, http.Request)?.Format ?? SurfaceTable.FormatFor(http.Request, normalised));
        }

        if (SurfaceTable.Find(normalised, http.Request) is { } surface)
        {
            return HttpMethods.IsPost(http.Request.Method)
                ? RunAsync(http, surface)
                : NotAllowedAsync(http, surface);
        }

        return JobPath.Of(normalised) is { } job ? jobs.AnswerAsync(http, job) : OtherAsync(http, normalised);
    }

    private Task RunAsync(HttpContext http, Surface surface)
    {
        // The body's limit is the configuration's, which can change while the server runs; Kestrel's own is fixed at start.
        var limit = http.Features.Get<IHttpMaxRequestBodySizeFeature>();
        if (limit is { IsReadOnly: false })
        {
            limit.MaxRequestBodySize = null;
        }

        return pipeline.RunAsync(http, surface);
    }

    // The connection is closed with it: the client's next try must not land on this process again.
    private static Task RefuseAsync(HttpContext http, IClientFormat format)
    {
        http.Response.Headers.Connection = "close";
        return ErrorAnswer.WriteAsync(http, format, Drain.Refusal());
    }

    private static Task NotAllowedAsync(HttpContext http, Surface surface)
    {
        if (http.Request.Headers.Upgrade.ToString().Equals("websocket", StringComparison.OrdinalIgnoreCase))
        {
            // Codex tries a WebSocket first and falls back to POST the moment it hears this status.
            http.Response.Headers.Connection = "close";
            return ErrorAnswer.WriteAsync(http, surface, new GatewayError(ErrorKind.InvalidRequest, ErrorSource.Client,
                StatusCodes.Status426UpgradeRequired, "Sluice speaks this protocol over plain HTTP, not over a WebSocket. Send a POST.") { Remedy = "Send a POST." });
        }

        http.Response.Headers.Allow = HttpMethods.Post;
        return ErrorAnswer.WriteAsync(http, surface, new GatewayError(ErrorKind.InvalidRequest, ErrorSource.Client,
            StatusCodes.Status405MethodNotAllowed, $"{http.Request.Method} is not allowed here. Send a POST.") { Remedy = "Send a POST." });
    }

    private async Task OtherAsync(HttpContext http, string path)
    {
        if (await operations.TryAnswerAsync(http))
        {
            return;
        }

        var isGet = HttpMethods.IsGet(http.Request.Method);
        if (isGet && ModelsApi.Matches(path))
        {
            await models.AnswerAsync(http, path);
            return;
        }

        if (isGet && DetachedApi.Matches(path))
        {
            await detached.AnswerAsync(http, path);
            return;
        }

        // Claude Code asks HEAD / or HEAD /api/hello at its start; "yes, here" is all it wants to hear.
        if (path is "/" or "/hello" && (isGet || HttpMethods.IsHead(http.Request.Method)))
        {
            http.Response.StatusCode = StatusCodes.Status200OK;
            return;
        }

        await ErrorAnswer.WriteAsync(http, SurfaceTable.FormatFor(http.Request, path), new GatewayError(ErrorKind.InvalidRequest, ErrorSource.Client,
            StatusCodes.Status404NotFound, $"Sluice has nothing at {http.Request.Method} {(path.Length > 200 ? path[..200] : path)}. "
            + SurfaceTable.Served) { Remedy = SurfaceTable.Served });
    }
}
