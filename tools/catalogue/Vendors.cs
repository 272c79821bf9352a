namespace Sluice.Catalogue;

/// <summary>What the lists call the vendors that Sluice knows by host.</summary>
internal static class Vendors
{
    /// <summary>Authors with a host of their own: vendor, author in ids, models.dev's and LiteLLM's names of it.</summary>
    public static readonly IReadOnlyList<(string Vendor, string Author, string ModelsDev, string LiteLlm)> FirstParty =
    [
        ("anthropic", "anthropic", "anthropic", "anthropic"),
        ("openai", "openai", "openai", "openai"),
        ("google", "google", "google", "gemini"),
        ("deepseek", "deepseek", "deepseek", "deepseek"),
        ("xai", "x-ai", "xai", "xai"),
        ("mistral", "mistralai", "mistral", "mistral"),
        ("moonshot", "moonshotai", "moonshotai", "moonshot"),
        ("zai", "z-ai", "zai", "zai"),
        ("qwen", "qwen", "alibaba", "dashscope"),
        ("minimax", "minimax", "minimax", "minimax"),
        ("cohere", "cohere", "cohere", "cohere_chat"),
        ("perplexity", "perplexity", "perplexity", "perplexity"),
    ];

    /// <summary>Hosts of other authors' models.</summary>
    public static readonly IReadOnlyList<(string Vendor, string ModelsDev)> Hosts =
    [
        ("groq", "groq"), ("together", "togetherai"), ("fireworks", "fireworks-ai"), ("cerebras", "cerebras"),
    ];
}
