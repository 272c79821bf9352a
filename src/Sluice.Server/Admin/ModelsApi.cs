using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Sluice.Server.Admin;

/// <summary>What a model name means here.</summary>
/// <param name="Name">As asked.</param>
/// <param name="Id">Canonical; null when the name means nothing.</param>
/// <param name="How">How the name was understood: <c>exact</c>, <c>alias</c>, <c>date</c>, <c>spelling</c>, …</param>
/// <param name="Endpoints">Who can serve it, in order.</param>
/// <param name="Suggestions">Close names that can be served, best first; empty when the name was understood.</param>
public sealed record ModelResolution(string Name, string? Id, string? How, IReadOnlyList<ModelEndpointAnswer> Endpoints, IReadOnlyList<string> Suggestions)
{
    /// <summary>The day on which the model is announced to end; null where none is.</summary>
    public DateOnly? Ends { get; init; }
}

/// <summary>One endpoint of a model.</summary>
/// <param name="Provider">Slug.</param>
/// <param name="Model">The provider's own name.</param>
/// <param name="InputUsdPerMillion">Null where no price is known.</param>
/// <param name="OutputUsdPerMillion">Null where no price is known.</param>
public sealed record ModelEndpointAnswer(string Provider, string Model, decimal? InputUsdPerMillion, decimal? OutputUsdPerMillion)
{
    /// <summary>Null where reading from a cache has no rate of its own.</summary>
    public decimal? CacheReadUsdPerMillion { get; init; }

    /// <summary>Null where writing to a cache has no rate of its own.</summary>
    public decimal? CacheWriteUsdPerMillion { get; init; }

    /// <summary>Where the prices come from, and of which day; null where none is known.</summary>
    public string? PriceSource { get; init; }

    /// <summary>Tokens of the window; null where not known.</summary>
    public long? ContextTokens { get; init; }

    /// <summary>Most output tokens of one answer; null where not known.</summary>
    public long? OutputTokens { get; init; }
}

/// <summary>Says what model names mean.</summary>
public interface IModelResolver
{
    /// <summary>Never null: an unknown name has no id and perhaps suggestions.</summary>
    ModelResolution Resolve(string name);

    /// <summary>Every model that can be served now, in listing order.</summary>
    IReadOnlyList<ModelResolution> List();
}

internal sealed record ModelListAnswer(IReadOnlyList<ModelResolution> Models);

/// <summary><c>/models</c> and <c>/models/resolve?name=…</c></summary>
internal static class ModelsApi
{
    private const int MaxName = 256;

    public static Task ListAsync(HttpContext http) =>
        AdminAnswer.JsonAsync(http, new ModelListAnswer(http.RequestServices.GetRequiredService<IModelResolver>().List()), AdminJson.Default.ModelListAnswer);

    public static Task ResolveAsync(HttpContext http)
    {
        var name = http.Request.Query["name"].ToString();
        if (name.Length is 0 or > MaxName)
        {
            throw new BadInputException($"'name' is missing, or longer than {MaxName} characters.");
        }

        return AdminAnswer.JsonAsync(http, http.RequestServices.GetRequiredService<IModelResolver>().Resolve(name), AdminJson.Default.ModelResolution);
    }
}
