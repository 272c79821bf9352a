using System.Globalization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;
using Sluice.Core.Catalogue;

namespace Sluice.Server.Surfaces.Models;

/// <summary>
/// OpenRouter's filters of its list, as far as Sluice knows what they ask for. A filter on what nobody told Sluice (categories, benchmarks) is
/// passed over: a list that is too long serves a client better than none.
/// </summary>
internal static class ModelFilters
{
    private static readonly string[] Paging = ["offset", "limit"];

    /// <summary>The models that every filter lets through, in the order asked for; the same list where nothing is asked.</summary>
    public static IReadOnlyList<ResolvedModel> Apply(IQueryCollection query, IReadOnlyList<ResolvedModel> models) =>
        query.Count == 0 ? models : Sorted(query["sort"].ToString(), models.Where(model => Passes(query, model))).ToList();

    /// <summary>The query without its place in the list, for the link to the next page: empty, or <c>&amp;name=value…</c>.</summary>
    public static string WithoutPaging(IQueryCollection query) => QueryHelpers
        .AddQueryString("", query.Where(pair => !Paging.Contains(pair.Key, StringComparer.OrdinalIgnoreCase)))
        .Replace('?', '&');

    private static bool Passes(IQueryCollection query, ResolvedModel resolved)
    {
        var model = resolved.Model;
        return Words(query, "supported_parameters").All(OpenAIModels.Parameters(model).Contains)
            && Words(query, "input_modalities").All(OpenAIModels.InputModalities(model).Contains)
            && Words(query, "output_modalities").All(word => word == "all" || OpenAIModels.OutputModalities(model).Contains(word))
            && Any(query, "model_authors", author => model.Id.StartsWith(author + "/", StringComparison.OrdinalIgnoreCase))
            && Any(query, "providers", provider => resolved.Endpoints.Any(endpoint => endpoint.Provider.Equals(provider, StringComparison.OrdinalIgnoreCase)))
            && IsNamed(query["q"].ToString(), model)
            && IsWithin(query, "context", null, model.Traits.ContextLength)
            && IsWithin(query, "min_price", "max_price", model.ListPrice?.Input)
            && IsWithin(query, "min_output_price", "max_output_price", model.ListPrice?.Output);
    }

    // What is not known comes last, whichever way.
    private static IEnumerable<ResolvedModel> Sorted(string sort, IEnumerable<ResolvedModel> models) => sort switch
    {
        "newest" => models.OrderByDescending(model => model.Model.Released ?? DateOnly.MinValue),
        "pricing-low-to-high" => models.OrderBy(model => model.Model.ListPrice?.Input ?? decimal.MaxValue),
        "pricing-high-to-low" => models.OrderByDescending(model => model.Model.ListPrice?.Input ?? decimal.MinValue),
        "context-high-to-low" => models.OrderByDescending(model => model.Model.Traits.ContextLength ?? 0),
        _ => models,
    };

    private static bool IsNamed(string text, Model model) =>
        text.Length == 0 || model.Id.Contains(text, StringComparison.OrdinalIgnoreCase) || model.Name.Contains(text, StringComparison.OrdinalIgnoreCase);

    // A limit leaves out what is not known: a price that nobody knows may be any.
    private static bool IsWithin(IQueryCollection query, string least, string? most, decimal? value) =>
        (Number(query, least) is not { } from || value >= from) && (most is null || Number(query, most) is not { } to || value <= to);

    private static bool Any(IQueryCollection query, string name, Func<string, bool> holds)
    {
        var words = Words(query, name);
        return words.Length == 0 || Array.Exists(words, word => holds(word));
    }

    private static string[] Words(IQueryCollection query, string name) =>
        query[name].ToString().Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    private static decimal? Number(IQueryCollection query, string name) =>
        decimal.TryParse(query[name], NumberStyles.Number, CultureInfo.InvariantCulture, out var number) ? number : null;
}
