using System.Text;
using Microsoft.AspNetCore.Http;
using Sluice.Protocols.Errors;

namespace Sluice.Server.Errors;

/// <summary>
/// <c>/docs/errors</c> and <c>/docs/errors/KIND</c>: what the errors mean and what to do, as plain text, for anybody who may reach the port: whoever
/// has no key yet needs them most. The catalogue is the page of the documents, which is itself made from the code.
/// </summary>
internal static class ErrorPages
{
    /// <summary>Where they are.</summary>
    public const string Root = "/docs/errors";

    private static readonly Lazy<ErrorCatalogue> Catalogue = new(ErrorCatalogue.Read);

    /// <summary>The path is one of these; matched before any prefix rule.</summary>
    public static bool Matches(HttpRequest request) =>
        request.Path.Value is { } path
        && (path == Root || path.StartsWith(Root + "/", StringComparison.Ordinal))
        && (HttpMethods.IsGet(request.Method) || HttpMethods.IsHead(request.Method));

    /// <summary>Sends the page; 404 with the list of kinds where there is none.</summary>
    public static async Task AnswerAsync(HttpContext http)
    {
        var name = http.Request.Path.Value![Root.Length..].Trim('/');
        var page = name.Length == 0 ? Catalogue.Value.Whole : Catalogue.Value.PageOf(name);
        http.Response.StatusCode = page is null ? StatusCodes.Status404NotFound : StatusCodes.Status200OK;
        http.Response.ContentType = "text/plain; charset=utf-8";
        http.Response.Headers.XContentTypeOptions = "nosniff";
        var text = Encoding.UTF8.GetBytes(page ?? $"There is no such kind of error. There are: {string.Join(", ", Enum.GetValues<ErrorKind>().Select(ErrorWords.Of))}.\n");
        http.Response.ContentLength = text.Length;
        if (!HttpMethods.IsHead(http.Request.Method))
        {
            await http.Response.BodyWriter.WriteAsync(text, http.RequestAborted);
        }
    }
}
