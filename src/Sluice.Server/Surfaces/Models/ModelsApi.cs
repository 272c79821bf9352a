using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Sluice.Core.Catalogue;
using Sluice.Core.Configuration;
using Sluice.Core.Identity;
using Sluice.Core.Routing;
using Sluice.Protocols;
using Sluice.Protocols.Errors;
using Sluice.Protocols.Formats;
using Sluice.Server.Errors;
using Sluice.Server.Identity;

namespace Sluice.Server.Surfaces.Models;

/// <summary><c>GET /v1/models</c>, <c>/v1/models/{id}</c> and OpenRouter's <c>/v1/model/{author}/{slug}</c>: what can be served now, in the shape that the client's own vendor has.</summary>
internal sealed class ModelsApi(Func<ConfigSnapshot> snapshot, IKeyRing keys, TimeProvider time)
{
    // Clients whose base URL ends without a version ask for the second; the others are Gemini's.
    private static readonly string[] Prefixes = ["/v1/models", "/models", "/v1beta/models", "/v1beta1/publishers/google/models", OpenRoutersOne];

    // OpenRouter's path of one model, in the singular, with the model inside "data".
    private const string OpenRoutersOne = "/v1/model";

    // Anthropic's own page size is 20 and its limit 1000; agents ask for 1000.
    private const int LargestPage = 1000;

    private static readonly AnthropicModels Anthropic = new();
    private static readonly OpenAIModels OpenAI = new(forCodex: false);
    private static readonly OpenAIModels Codex = new(forCodex: true);
    private static readonly GeminiModels Gemini = new();

    /// <summary>True when the normalised path is of this surface.</summary>
    public static bool Matches(string path) => PrefixOf(path) is { } prefix && (prefix != OpenRoutersOne || path.Length > prefix.Length + 1);

    /// <summary>Answers; the path has been normalised.</summary>
    public async Task AnswerAsync(HttpContext http, string path)
    {
        var format = SurfaceTable.FormatFor(http.Request, path);
        var current = snapshot();
        var (caller, refused) = PresentedKeys.Identify(http.Request, keys, current.Auth.Open);
        if (caller is null)
        {
            await ErrorAnswer.WriteAsync(http, format, refused!);
            return;
        }

        var prefix = PrefixOf(path)!;
        var id = path.Length > prefix.Length + 1 ? Uri.UnescapeDataString(path[(prefix.Length + 1)..]) : null;
        var shape = ShapeFor(http.Request, format.Protocol);
        if (id is null)
        {
            var allowed = AllowedTo(caller, current, DateOnly.FromDateTime(time.GetUtcNow().UtcDateTime));
            var page = shape is OpenAIModels
                ? Page(http.Request, ModelFilters.Apply(http.Request.Query, allowed)) with { Filters = ModelFilters.WithoutPaging(http.Request.Query) }
                : Page(http.Request, [.. allowed.Where(resolved => Writes(resolved.Model))]);
            await SendAsync(http, json => shape.WritePage(json, page));
            return;
        }

        var found = current.Catalogue.Resolve(id);
        if ((current.Auto.Find(found) ?? found) is not { Endpoints.Count: > 0 } resolved
            || !ModelPermission.Allows(caller.AllowedModels, id, resolved, current.Catalogue))
        {
            await ErrorAnswer.WriteAsync(http, format, Unknown(current, id));
            return;
        }

        await SendAsync(http, prefix == OpenRoutersOne ? json => WriteForOpenRouter(json, resolved.Model) : json => shape.WriteOne(json, resolved.Model));
    }

    /// <summary>The model writes text, as far as anybody knows: agents that list models want no others.</summary>
    internal static bool Writes(Model model) => ((model.Traits.Makes ?? Products.Text) & Products.Text) != Products.None;

    private static void WriteForOpenRouter(Utf8JsonWriter json, Model model)
    {
        json.WriteStartObject();
        json.WritePropertyName("data"u8);
        OpenAI.WriteOne(json, model);
        json.WriteEndObject();
    }

    private static async Task SendAsync(HttpContext http, Action<Utf8JsonWriter> write)
    {
        http.Response.ContentType = "application/json";
        using (var json = new Utf8JsonWriter(http.Response.BodyWriter))
        {
            write(json);
        }

        await http.Response.BodyWriter.FlushAsync(http.RequestAborted);
    }

    private static IModelShape ShapeFor(HttpRequest request, WireProtocol protocol) => protocol switch
    {
        WireProtocol.AnthropicMessages => Anthropic,
        WireProtocol.Gemini => Gemini,
        _ => request.Headers.UserAgent.ToString().StartsWith("codex", StringComparison.OrdinalIgnoreCase) ? Codex : OpenAI,
    };

    private static string? PrefixOf(string path) =>
        Array.Find(Prefixes, p => path.StartsWith(p, StringComparison.Ordinal) && (path.Length == p.Length || path[p.Length] == '/'));

    // A key that may use some models is not told of the others; of models that have ended, nobody is.
    private static IReadOnlyList<ResolvedModel> AllowedTo(Caller caller, ConfigSnapshot current, DateOnly today) =>
    [
        .. current.Catalogue.Servable.Concat(current.Auto.Listed).Where(m =>
            !(m.Model.Ends < today) && (caller.AllowedModels.Count == 0 || ModelPermission.Allows(caller.AllowedModels, m.Model.Id, m, current.Catalogue))),
    ];

    private static GatewayError Unknown(ConfigSnapshot current, string id)
    {
        var near = current.Catalogue.Suggest(id);
        var hint = near.Count == 0 ? "GET /v1/models lists what can be served." : $"Did you mean {string.Join(", ", near)}?";
        return new GatewayError(ErrorKind.ModelNotFound, ErrorSource.Client, 404, $"Sluice serves no model '{(id.Length > 200 ? id[..200] : id)}'. {hint}");
    }

    // limit and after_id are Anthropic's, offset OpenRouter's, pageSize and pageToken Gemini's.
    private static ModelPage Page(HttpRequest request, IReadOnlyList<ResolvedModel> models)
    {
        var limit = Number(request, "limit") ?? Number(request, "pageSize") ?? LargestPage;
        limit = limit is > 0 and <= LargestPage ? limit : LargestPage;
        var from = Math.Min(Number(request, "offset") ?? Number(request, "pageToken") ?? 0, models.Count);
        var after = request.Query["after_id"].ToString();
        for (var i = 0; after.Length > 0 && i < models.Count; i++)
        {
            from = models[i].Model.Id == after ? i + 1 : from;
        }

        var until = Math.Min(from + limit, models.Count);
        var page = new Model[until - from];
        for (var i = 0; i < page.Length; i++)
        {
            page[i] = models[from + i].Model;
        }

        return new ModelPage(page, until < models.Count, until, models.Count);
    }

    private static int? Number(HttpRequest request, string name) =>
        int.TryParse(request.Query[name], NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;
}
