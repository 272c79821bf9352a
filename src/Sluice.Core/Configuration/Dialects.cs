using Sluice.Protocols.OpenAIChat;

namespace Sluice.Core.Configuration;

/// <summary>Which OpenAI-compatible server stands behind an address, and whose models it serves.</summary>
internal static class Dialects
{
    /// <summary>The names that the configuration knows; any other means <c>generic</c>.</summary>
    public static readonly IReadOnlyList<string> Known =
    [
        "openai", "openrouter", "evolink", "litellm", "deepseek", "qwen", "mistral", "groq", "xai", "zai", "moonshot", "together",
        "fireworks", "cerebras", "perplexity", "ollama", "vllm", "lmstudio", "generic",
    ];

    // A host names a vendor when it is the vendor's domain or lies under it; a vendor's dialect has the same name.
    private static readonly (string Domain, string Vendor)[] Hosts =
    [
        ("api.anthropic.com", "anthropic"), ("api.openai.com", "openai"), ("openrouter.ai", "openrouter"), ("evolink.ai", "evolink"),
        ("api.deepseek.com", "deepseek"), ("aliyuncs.com", "qwen"), ("api.mistral.ai", "mistral"), ("codestral.mistral.ai", "mistral"),
        ("api.groq.com", "groq"), ("api.x.ai", "xai"), ("api.z.ai", "zai"), ("open.bigmodel.cn", "zai"), ("api.moonshot.ai", "moonshot"),
        ("api.moonshot.cn", "moonshot"), ("api.together.xyz", "together"), ("api.together.ai", "together"), ("api.fireworks.ai", "fireworks"),
        ("api.cerebras.ai", "cerebras"), ("api.perplexity.ai", "perplexity"), ("api.minimax.io", "minimax"), ("api.minimaxi.com", "minimax"),
        ("api.cohere.ai", "cohere"), ("api.cohere.com", "cohere"), ("integrate.api.nvidia.com", "nvidia"),
        ("generativelanguage.googleapis.com", "google"),
    ];

    /// <summary>The vendor that a host names, null for any other host.</summary>
    public static string? VendorOfHost(string host)
    {
        foreach (var (domain, vendor) in Hosts)
        {
            if (host.EndsWith(domain, StringComparison.OrdinalIgnoreCase)
                && (host.Length == domain.Length || host[host.Length - domain.Length - 1] == '.'))
            {
                return vendor;
            }
        }

        return null;
    }

    /// <summary>The dialect that goes without saying: by kind, then by host.</summary>
    public static ChatDialect Default(ProviderKind kind, Uri baseUrl)
    {
        if (kind == ProviderKind.OpenRouter)
        {
            return ChatDialect.OpenRouter;
        }

        // Azure's deployments are OpenAI's models; Foundry's other models, under /models, are everybody's.
        if (kind == ProviderKind.Azure)
        {
            return baseUrl.AbsolutePath.TrimEnd('/').EndsWith("/models", StringComparison.Ordinal) ? ChatDialect.Generic : ChatDialect.OpenAI;
        }

        var vendor = kind == ProviderKind.OpenAI ? VendorOfHost(baseUrl.Host) : null;
        return vendor is not null && Known.Contains(vendor, StringComparer.Ordinal) ? Of(vendor) : ChatDialect.Generic;
    }

    /// <summary>A dialect with its quirks; one without any of its own keeps its name, by which catalogues are found.</summary>
    public static ChatDialect Of(string name) => ChatDialect.ByName(name) ?? new ChatDialect(name);

    /// <summary>Whose catalogue a provider serves; null where only listed models are.</summary>
    public static string? VendorOf(ProviderSettings provider) => provider switch
    {
        { Kind: ProviderKind.Simulator } => null,

        // Vertex calls Gemini models as the Gemini API does; Bedrock and Azure have names of their own, which the catalogue does not hold.
        { Kind: ProviderKind.Vertex } => IsVertex(provider.BaseUrl.Host) ? "google" : null,
        { Kind: ProviderKind.Bedrock or ProviderKind.Azure } => null,
        _ when VendorOfHost(provider.BaseUrl.Host) is { } byHost => byHost,
        _ when IsVendor(provider.Dialect.Name) => provider.Dialect.Name,
        _ => null,
    };

    // REGION-aiplatform.googleapis.com, and aiplatform.eu.rep.googleapis.com.
    private static bool IsVertex(string host) =>
        host.EndsWith("aiplatform.googleapis.com", StringComparison.OrdinalIgnoreCase)
        || (host.StartsWith("aiplatform.", StringComparison.OrdinalIgnoreCase) && host.EndsWith(".rep.googleapis.com", StringComparison.OrdinalIgnoreCase));

    private static bool IsVendor(string dialect) => Array.Exists(Hosts, row => row.Vendor == dialect);
}
