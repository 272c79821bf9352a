using System.Buffers;
using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Sluice.Core.Catalogue;
using Sluice.Core.Configuration;
using Sluice.Core.Identity;
using Sluice.Core.Routing;
using Sluice.Protocols;
using Sluice.Protocols.Errors;
using Sluice.Server.Errors;
using Sluice.Server.Identity;

namespace Sluice.Server.Surfaces;

/// <summary><c>GET /v1/models</c> and <c>/v1/models/{id}</c>: what can be served now, in Anthropic's shape when its version header is sent, else in OpenAI's.</summary>
internal sealed class ModelsApi(Func<ConfigSnapshot> snapshot, IKeyRing keys)
{
    // Clients whose base URL ends without a version ask for the second.
    private static readonly string[] Prefixes = ["/v1/models", "/models"];

    // Anthropic's own page size is 20 and its limit 1000; agents ask for 1000.
    private const int DefaultPage = 1000;

    /// <summary>True when the normalised path is of this surface.</summary>
    public static bool Matches(string path) => PrefixOf(path) is not null;

    /// <summary>Answers; the path has been normalised.</summary>
    public async Task AnswerAsync(HttpContext http, string path)
    {
        var format = SurfaceTable.FormatFor(http.Request);
        var current = snapshot();
        var (caller, refused) = PresentedKeys.Identify(http.Request, keys, current.Auth.Open);
        if (caller is null)
        {
            await ErrorAnswer.WriteAsync(http, format, refused!);
            return;
        }

        var prefix = PrefixOf(path)!;
        var id = path.Length > prefix.Length + 1 ? Uri.UnescapeDataString(path[(prefix.Length + 1)..]) : null;
        var anthropic = format.Protocol == WireProtocol.AnthropicMessages;
        if (id is null)
        {
            http.Response.ContentType = "application/json";
            var (page, hasMore) = Page(http.Request, AllowedTo(caller, current));
            WriteList(http.Response.BodyWriter, page, hasMore, anthropic);
            await http.Response.BodyWriter.FlushAsync(http.RequestAborted);
            return;
        }

        if (current.Catalogue.Resolve(id) is not { Endpoints.Count: > 0 } resolved
            || !ModelPermission.Allows(caller.AllowedModels, id, resolved, current.Catalogue))
        {
            await ErrorAnswer.WriteAsync(http, format, Unknown(current, id));
            return;
        }

        http.Response.ContentType = "application/json";
        WriteOne(http.Response.BodyWriter, resolved.Model, anthropic);
        await http.Response.BodyWriter.FlushAsync(http.RequestAborted);
    }

    private static string? PrefixOf(string path) =>
        Array.Find(Prefixes, p => path.StartsWith(p, StringComparison.Ordinal) && (path.Length == p.Length || path[p.Length] == '/'));

    // A key that may use some models is not told of the others.
    private static IReadOnlyList<ResolvedModel> AllowedTo(Caller caller, ConfigSnapshot current) => caller.AllowedModels.Count == 0
        ? current.Catalogue.Servable
        : [.. current.Catalogue.Servable.Where(m => ModelPermission.Allows(caller.AllowedModels, m.Model.Id, m, current.Catalogue))];

    private static GatewayError Unknown(ConfigSnapshot current, string id)
    {
        var near = current.Catalogue.Suggest(id);
        var hint = near.Count == 0 ? "GET /v1/models lists what can be served." : $"Did you mean {string.Join(", ", near)}?";
        return new GatewayError(ErrorKind.ModelNotFound, ErrorSource.Client, 404, $"Sluice serves no model '{(id.Length > 200 ? id[..200] : id)}'. {hint}");
    }

    private static (IEnumerable<Model> Page, bool HasMore) Page(HttpRequest request, IReadOnlyList<ResolvedModel> models)
    {
        var limit = int.TryParse(request.Query["limit"], NumberStyles.None, CultureInfo.InvariantCulture, out var asked) && asked is > 0 and <= DefaultPage
            ? asked
            : DefaultPage;
        var after = request.Query["after_id"].ToString();
        var from = 0;
        for (var i = 0; after.Length > 0 && i < models.Count; i++)
        {
            from = models[i].Model.Id == after ? i + 1 : from;
        }

        return (models.Skip(from).Take(limit).Select(m => m.Model), from + limit < models.Count);
    }

    private static void WriteList(IBufferWriter<byte> output, IEnumerable<Model> models, bool hasMore, bool anthropic)
    {
        using var json = new Utf8JsonWriter(output);
        json.WriteStartObject();
        if (!anthropic)
        {
            json.WriteString("object"u8, "list"u8);
        }

        json.WriteStartArray("data"u8);
        Model? first = null;
        Model? last = null;
        foreach (var model in models)
        {
            first ??= model;
            last = model;
            WriteModel(json, model, anthropic);
        }

        json.WriteEndArray();
        if (anthropic)
        {
            json.WriteBoolean("has_more"u8, hasMore);
            json.WriteString("first_id"u8, first?.Id);
            json.WriteString("last_id"u8, last?.Id);
        }

        json.WriteEndObject();
    }

    private static void WriteOne(IBufferWriter<byte> output, Model model, bool anthropic)
    {
        using var json = new Utf8JsonWriter(output);
        WriteModel(json, model, anthropic);
    }

    private static void WriteModel(Utf8JsonWriter json, Model model, bool anthropic)
    {
        var released = (model.Released ?? new DateOnly(1970, 1, 1)).ToDateTime(TimeOnly.MinValue, DateTimeKind.Utc);
        json.WriteStartObject();
        json.WriteString("id"u8, model.Id);
        if (anthropic)
        {
            json.WriteString("type"u8, "model"u8);
            json.WriteString("display_name"u8, model.Name);
            json.WriteString("created_at"u8, released.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture));
        }
        else
        {
            json.WriteString("object"u8, "model"u8);
            json.WriteNumber("created"u8, new DateTimeOffset(released).ToUnixTimeSeconds());
            json.WriteString("owned_by"u8, model.Id.Split('/', 2)[0]);
            json.WriteString("name"u8, model.Name);
        }

        if (model.Traits.ContextLength is { } context)
        {
            json.WriteNumber("context_length"u8, context);
        }

        if (model.Traits.MaxOutputTokens is { } output)
        {
            json.WriteNumber("max_output_tokens"u8, output);
        }

        json.WriteEndObject();
    }
}
