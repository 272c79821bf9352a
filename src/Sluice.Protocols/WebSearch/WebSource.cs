namespace Sluice.Protocols.WebSearch;

/// <summary>A page that an answer rests on.</summary>
/// <param name="Url">Its address.</param>
/// <param name="Title">Null where the provider named none.</param>
/// <param name="Text">The text that rests on it or was taken from it; null where the provider does not say.</param>
internal sealed record WebSource(string Url, string? Title, string? Text)
{
    /// <summary>The title, or what stands for it: the page's host.</summary>
    public string Shown => Title is { Length: > 0 } title ? title : Uri.TryCreate(Url, UriKind.Absolute, out var uri) ? uri.Host : Url;
}

/// <summary>One search that a provider made.</summary>
/// <param name="Id">Letters, digits and <c>_</c>; the same for the same answer.</param>
/// <param name="Query">What was searched for; several queries are joined by <c>; </c>.</param>
/// <param name="Sources">What it found, as far as the provider tells.</param>
internal sealed record WebSearchMade(string Id, string Query, IReadOnlyList<WebSource> Sources);
