using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Sluice.Core.Identity;
using Sluice.Server.Explain;
using Sluice.Server.Surfaces;
using Sluice.Storage.Identity;

namespace Sluice.Server.Admin;

/// <summary><c>POST /what-if?model=…&amp;key=…&amp;format=…</c>: the plan of the request in the body, as <c>x-sluice-explain</c> answers it. An empty body is a short question.</summary>
internal static class WhatIfApi
{
    private const int MaxBody = 32 * 1024 * 1024;

    private static readonly Caller Anyone = new("anonymous", "anonymous", Team: null, Project: null);

    public static async Task AskAsync(HttpContext http)
    {
        var caller = await CallerAsync(http);
        if (caller is null)
        {
            await AdminAnswer.ErrorAsync(http, StatusCodes.Status404NotFound, $"There is no key {http.Request.Query["key"]}. 'sluice keys list' shows the ids.");
            return;
        }

        var body = await BodyAsync(http);
        var surface = SurfaceTable.Find(Path(http.Request.Query["format"].ToString(), body), http.Request)!;
        var model = http.Request.Query["model"].ToString();
        var (explained, error) = http.RequestServices.GetRequiredService<WhatIf>().Explain(caller, surface, model.Length == 0 ? null : model, body);
        if (explained is null)
        {
            throw new BadInputException(error!);
        }

        http.Response.ContentType = "application/json";
        await using (var json = new Utf8JsonWriter(http.Response.BodyWriter))
        {
            PlanJson.Write(json, explained);
        }

        await http.Response.BodyWriter.FlushAsync(http.RequestAborted);
    }

    private static async Task<Caller?> CallerAsync(HttpContext http)
    {
        var id = http.Request.Query["key"].ToString();
        if (id.Length == 0)
        {
            return Anyone;
        }

        var keys = await http.RequestServices.GetRequiredService<IdentityDirectory>().ListKeysAsync(http.RequestAborted);
        return keys.FirstOrDefault(key => key.Id == id) is { } found
            ? new Caller(found.Id, found.User, found.Team, found.Project) { AllowedModels = found.AllowedModels }
            : null;
    }

    private static async Task<ReadOnlyMemory<byte>> BodyAsync(HttpContext http)
    {
        using var body = new MemoryStream();
        var piece = new byte[64 * 1024];
        int read;
        while ((read = await http.Request.Body.ReadAsync(piece, http.RequestAborted)) > 0)
        {
            if (body.Length + read > MaxBody)
            {
                throw new BadInputException($"The body is longer than {MaxBody} bytes.");
            }

            await body.WriteAsync(piece.AsMemory(0, read), http.RequestAborted);
        }

        return body.Length == 0 ? """{"messages":[{"role":"user","content":"?"}]}"""u8.ToArray() : body.ToArray();
    }

    // By the member that only one format has; Chat and Anthropic without system text look alike, and plans alike.
    private static string Path(string format, ReadOnlyMemory<byte> body) => format switch
    {
        "anthropic" => "/v1/messages",
        "chat" => "/v1/chat/completions",
        "responses" => "/v1/responses",
        "gemini" => "/v1beta/models/any:generateContent",
        "" => Path(Has(body, "contents") ? "gemini" : Has(body, "input") ? "responses" : Has(body, "system") ? "anthropic" : "chat", body),
        _ => throw new BadInputException($"'{format}' is no format. Write anthropic, chat, responses or gemini."),
    };

    private static bool Has(ReadOnlyMemory<byte> body, string member)
    {
        try
        {
            var reader = new Utf8JsonReader(body.Span, new JsonReaderOptions { MaxDepth = 512 });
            while (reader.Read())
            {
                if (reader.TokenType == JsonTokenType.PropertyName && reader.CurrentDepth == 1)
                {
                    if (reader.ValueTextEquals(member))
                    {
                        return true;
                    }

                    reader.Skip();
                }
            }
        }
        catch (JsonException)
        {
            // The scan says what is wrong.
        }

        return false;
    }
}
