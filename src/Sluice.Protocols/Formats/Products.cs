namespace Sluice.Protocols.Formats;

/// <summary>What a model makes. What it takes is in <see cref="ModelTraits"/>.</summary>
[Flags]
public enum Products
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>Text, with whatever belongs to a conversation.</summary>
    Text = 1,

    /// <summary>Images.</summary>
    Images = 2,

    /// <summary>Sound that speaks a text.</summary>
    Speech = 4,

    /// <summary>The text of a sound.</summary>
    Transcripts = 8,

    /// <summary>Videos, as jobs that are asked for later.</summary>
    Videos = 16,

    /// <summary>Vectors of texts.</summary>
    Vectors = 32,
}

/// <summary>The words for products in the configuration file, the catalogue and messages.</summary>
public static class ProductWords
{
    /// <summary>All of them, in the order of the values.</summary>
    public static IReadOnlyList<string> All { get; } = ["text", "images", "speech", "transcripts", "videos", "vectors"];

    /// <summary>The products that <paramref name="words"/> name; words that are none are left out.</summary>
    public static Products Parse(IEnumerable<string> words)
    {
        var products = Products.None;
        foreach (var word in words)
        {
            for (var i = 0; i < All.Count; i++)
            {
                products |= All[i] == word ? (Products)(1 << i) : Products.None;
            }
        }

        return products;
    }

    /// <summary>The words of <paramref name="products"/>.</summary>
    public static IReadOnlyList<string> Of(Products products) => [.. All.Where((_, i) => products.HasFlag((Products)(1 << i)))];
}
