using Sluice.Core.Catalogue;

namespace Sluice.Core.Routing;

/// <summary>Whether a key may use a model, by the names that its administrator wrote.</summary>
public static class ModelPermission
{
    /// <summary>True when <paramref name="allowed"/> is empty or one entry means the model: its id, the name asked for, a pattern that ends in <c>*</c>, or another name of it.</summary>
    public static bool Allows(IReadOnlyList<string> allowed, string requested, ResolvedModel resolved, CatalogueTable catalogue)
    {
        if (allowed.Count == 0)
        {
            return true;
        }

        var id = resolved.Model.Id;
        for (var i = 0; i < allowed.Count; i++)
        {
            if (Matches(allowed[i], id) || Matches(allowed[i], requested))
            {
                return true;
            }
        }

        for (var i = 0; i < allowed.Count; i++)
        {
            if (catalogue.Resolve(allowed[i])?.Model.Id == id)
            {
                return true;
            }
        }

        return false;
    }

    private static bool Matches(string pattern, string name) =>
        pattern.EndsWith('*')
            ? name.AsSpan().StartsWith(pattern.AsSpan(0, pattern.Length - 1), StringComparison.OrdinalIgnoreCase)
            : string.Equals(pattern, name, StringComparison.OrdinalIgnoreCase);
}
