using System.Text.Json;
using Sluice.Core.Catalogue;

namespace Sluice.Server.Surfaces.Models;

/// <summary>How one kind of client expects lists of models.</summary>
internal interface IModelShape
{
    /// <summary>Writes one page.</summary>
    void WritePage(Utf8JsonWriter json, ModelPage page);

    /// <summary>Writes one model.</summary>
    void WriteOne(Utf8JsonWriter json, Model model);
}

/// <summary>Some of the models that the caller may use.</summary>
/// <param name="Models">In the catalogue's order.</param>
/// <param name="HasMore">Others follow.</param>
/// <param name="NextFrom">Position of the first that follows.</param>
/// <param name="Total">How many there are in all.</param>
internal sealed record ModelPage(IReadOnlyList<Model> Models, bool HasMore, int NextFrom, int Total)
{
    /// <summary>Of the request, for a link to the next page: empty, or <c>&amp;name=value…</c>.</summary>
    public string Filters { get; init; } = "";
}
