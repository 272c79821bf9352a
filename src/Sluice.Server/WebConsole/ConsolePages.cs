using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace Sluice.Server.WebConsole;

/// <summary>
/// <c>/console</c>: the pages of the console. They are the same for everybody and hold nothing that is worth hiding; what they show they ask
/// of the admin API, with the admin key that the administrator typed in.
/// </summary>
internal static class ConsolePages
{
    // Scripts and styles from these files alone, answers from this Sluice alone, in nobody's frame. Text can become a script in no way: there
    // is no inline script to be added to, and only the template library may make HTML.
    private const string Policy =
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; "
        + "frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types lit-html";

    /// <summary>The path is one of the console's.</summary>
    public static bool Matches(string path) => path is "/console" || path.StartsWith("/console/", StringComparison.Ordinal);

    /// <summary>Answers.</summary>
    public static async Task AnswerAsync(HttpContext http)
    {
        var headers = http.Response.Headers;
        headers.ContentSecurityPolicy = Policy;
        headers.XContentTypeOptions = "nosniff";
        headers.XFrameOptions = "DENY";
        headers["Referrer-Policy"] = "no-referrer";
        headers["Cross-Origin-Opener-Policy"] = "same-origin";
        headers["Cross-Origin-Resource-Policy"] = "same-origin";

        // Asked about each time and answered with 304: a new version of Sluice never meets an old page.
        headers.CacheControl = "no-cache";

        var isHead = HttpMethods.IsHead(http.Request.Method);
        var path = http.Request.Path.Value!;
        if (!isHead && !HttpMethods.IsGet(http.Request.Method))
        {
            headers.Allow = "GET, HEAD";
            await SayAsync(http, StatusCodes.Status405MethodNotAllowed, "The console's pages are read with GET.");
        }
        else if (path is "/console")
        {
            // Relative, so that it holds behind a proxy that puts a path before it.
            headers.Location = "console/";
            http.Response.StatusCode = StatusCodes.Status308PermanentRedirect;
        }
        else if (ConsoleFiles.Find(path is "/console/" ? "index.html" : path["/console/".Length..]) is { } file)
        {
            await SendAsync(http, file, isHead);
        }
        else
        {
            await SayAsync(http, StatusCodes.Status404NotFound, "The console has no such page. It begins at /console/.");
        }
    }

    private static async Task SendAsync(HttpContext http, ConsoleFile file, bool isHead)
    {
        http.Response.Headers.ETag = file.Tag.ToString();
        if (http.Request.GetTypedHeaders().IfNoneMatch.Any(tag => tag.Compare(file.Tag, useStrongComparison: false)))
        {
            http.Response.StatusCode = StatusCodes.Status304NotModified;
            return;
        }

        http.Response.ContentType = file.ContentType;
        http.Response.ContentLength = file.Bytes.Length;
        if (!isHead)
        {
            await http.Response.BodyWriter.WriteAsync(file.Bytes, http.RequestAborted);
        }
    }

    private static Task SayAsync(HttpContext http, int status, string text)
    {
        http.Response.StatusCode = status;
        http.Response.ContentType = "text/plain; charset=utf-8";
        return http.Response.WriteAsync(text + "\n", http.RequestAborted);
    }
}
