using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Sluice.Core.Identity;
using Sluice.Protocols.Errors;
using Sluice.Server.Errors;
using Sluice.Server.Identity;
using Sluice.Server.Relay;
using Sluice.Server.Surfaces;

namespace Sluice.Server.Detached;

/// <summary>
/// <c>GET /v1/generations</c>: the caller's calls that run on without their client or ended so, since a client that left early never saw their ids.
/// <c>GET /v1/generations/{id}/answer</c>: the answer of one, as its client would have got it; 202 while it runs.
/// </summary>
internal sealed class DetachedApi(DetachedAnswers answers, IKeyRing keys, Func<bool> open)
{
    private const string List = "/v1/generations";
    private const string Prefix = List + "/";
    private const string Suffix = "/answer";

    /// <summary>The path is one of these.</summary>
    /// <param name="path">Normalised.</param>
    public static bool Matches(string path) =>
        path == List || (path.Length > Prefix.Length + Suffix.Length && path.StartsWith(Prefix, StringComparison.Ordinal) && path.EndsWith(Suffix, StringComparison.Ordinal));

    /// <summary>Answers it.</summary>
    public Task AnswerAsync(HttpContext http, string path)
    {
        var (caller, refused) = PresentedKeys.Identify(http.Request, keys, open());
        if (caller is null)
        {
            return ErrorAnswer.WriteAsync(http, SurfaceTable.FormatFor(http.Request, path), refused!);
        }

        http.Response.Headers.CacheControl = "no-store";
        return path == List ? ListAsync(http.Response, caller) : FetchAsync(http, path, caller);
    }

    private async Task ListAsync(HttpResponse response, Caller caller)
    {
        response.ContentType = "application/json";
        await using (var json = new Utf8JsonWriter(response.BodyWriter))
        {
            json.WriteStartObject();
            json.WriteStartArray("data"u8);
            foreach (var call in answers.Of(caller.User))
            {
                Write(json, call);
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        await response.BodyWriter.FlushAsync(response.HttpContext.RequestAborted);
    }

    private async Task FetchAsync(HttpContext http, string path, Caller caller)
    {
        var id = path[Prefix.Length..^Suffix.Length];
        if (answers.Find(id, caller.User) is not { } answer)
        {
            await ErrorAnswer.WriteAsync(http, SurfaceTable.FormatFor(http.Request, path), new GatewayError(ErrorKind.InvalidRequest, ErrorSource.Client, StatusCodes.Status404NotFound,
                $"Nothing is kept under this id for you. Answers of calls sent with {DetachedCall.Header}: 1 are kept for an hour, unless they are too large or too many.")
            {
                Remedy = "'sluice explain' says what became of a request.",
            });
            return;
        }

        var response = http.Response;
        AnswerHeaders.WriteIds(response, id);
        if (answer.Status is { } status)
        {
            response.StatusCode = status;
            response.ContentType = answer.ContentType;
            response.ContentLength = answer.Bytes.Length;
            await response.BodyWriter.WriteAsync(answer.Bytes, http.RequestAborted);
            return;
        }

        response.StatusCode = StatusCodes.Status202Accepted;
        response.ContentType = "application/json";
        response.Headers.RetryAfter = "5";
        await using (var json = new Utf8JsonWriter(response.BodyWriter))
        {
            Write(json, answer);
        }

        await response.BodyWriter.FlushAsync(http.RequestAborted);
    }

    private static void Write(Utf8JsonWriter json, DetachedAnswer call)
    {
        json.WriteStartObject();
        json.WriteString("id"u8, call.Id);
        json.WriteString("state"u8, call.Status is null ? "running"u8 : "ended"u8);
        json.WriteString("model"u8, call.Model);
        json.WriteString("started_at"u8, call.StartedAt.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ss.fffZ", CultureInfo.InvariantCulture));
        if (call.Status is { } status)
        {
            json.WriteNumber("status"u8, status);
        }

        json.WriteEndObject();
    }
}
