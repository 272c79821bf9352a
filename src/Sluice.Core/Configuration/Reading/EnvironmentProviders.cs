using Sluice.Protocols.OpenAIChat;

namespace Sluice.Core.Configuration.Reading;

/// <summary>
/// Without providers in the file, one for each provider key in the environment. The variables that clients take their address from
/// (<c>ANTHROPIC_BASE_URL</c>, <c>OPENAI_BASE_URL</c>) are never read: they point here, and Sluice must not become its own provider.
/// </summary>
internal static class EnvironmentProviders
{
    private static readonly (string Variable, string Name, ProviderKind Kind, string BaseUrl)[] Known =
    [
        ("ANTHROPIC_API_KEY", "anthropic", ProviderKind.Anthropic, "https://api.anthropic.com"),
        ("OPENAI_API_KEY", "openai", ProviderKind.OpenAI, "https://api.openai.com/v1"),
        ("OPENROUTER_API_KEY", "openrouter", ProviderKind.OpenRouter, "https://openrouter.ai/api/v1"),
        ("GEMINI_API_KEY", "gemini", ProviderKind.Gemini, "https://generativelanguage.googleapis.com"),
        ("GOOGLE_API_KEY", "gemini", ProviderKind.Gemini, "https://generativelanguage.googleapis.com"),
        ("DEEPSEEK_API_KEY", "deepseek", ProviderKind.OpenAI, "https://api.deepseek.com/v1"),
        ("EVOLINK_API_KEY", "evolink", ProviderKind.OpenAI, "https://api.evolink.ai/v1"),
        ("GROQ_API_KEY", "groq", ProviderKind.OpenAI, "https://api.groq.com/openai/v1"),
        ("MISTRAL_API_KEY", "mistral", ProviderKind.OpenAI, "https://api.mistral.ai/v1"),
        ("XAI_API_KEY", "xai", ProviderKind.OpenAI, "https://api.x.ai/v1"),
        ("TOGETHER_API_KEY", "together", ProviderKind.OpenAI, "https://api.together.xyz/v1"),
        ("FIREWORKS_API_KEY", "fireworks", ProviderKind.OpenAI, "https://api.fireworks.ai/inference/v1"),
        ("CEREBRAS_API_KEY", "cerebras", ProviderKind.OpenAI, "https://api.cerebras.ai/v1"),
        ("MOONSHOT_API_KEY", "moonshot", ProviderKind.OpenAI, "https://api.moonshot.ai/v1"),
        ("ZAI_API_KEY", "zai", ProviderKind.OpenAI, "https://api.z.ai/api/paas/v4"),
        ("DASHSCOPE_API_KEY", "qwen", ProviderKind.OpenAI, "https://dashscope-intl.aliyuncs.com/compatible-mode/v1"),
        ("PERPLEXITY_API_KEY", "perplexity", ProviderKind.OpenAI, "https://api.perplexity.ai"),
        ("AZURE_API_KEY", "azure", ProviderKind.Azure, "https://azure.invalid"),
        ("AZURE_OPENAI_API_KEY", "azure", ProviderKind.Azure, "https://azure.invalid"),
        ("AWS_ACCESS_KEY_ID", "bedrock", ProviderKind.Bedrock, "https://bedrock-runtime.us-east-1.amazonaws.com"),
        ("AWS_BEARER_TOKEN_BEDROCK", "bedrock", ProviderKind.Bedrock, "https://bedrock-runtime.us-east-1.amazonaws.com"),
    ];

    public static IReadOnlyList<ProviderSettings> Find(IReadOnlyDictionary<string, string> environment, Findings findings)
    {
        var found = new List<ProviderSettings>();
        foreach (var (variable, name, kind, baseUrl) in Known)
        {
            if (Key(environment, variable, findings) is { } key && found.TrueForAll(provider => provider.Name != name))
            {
                Add(name, kind, new Uri(baseUrl), key, dialect: null);
            }
        }

        if (Key(environment, "LITELLM_API_KEY", findings) is { } litellm)
        {
            if (Uri.TryCreate(environment.GetValueOrDefault("LITELLM_BASE_URL"), UriKind.Absolute, out var url) && url.Scheme is "http" or "https" && url!.UserInfo.Length == 0)
            {
                Add("litellm", ProviderKind.OpenAI, new Uri(url.GetLeftPart(UriPartial.Path).TrimEnd('/')), litellm, Dialects.Of("litellm"));
            }
            else
            {
                findings.Warn("LITELLM_API_KEY is set, but LITELLM_BASE_URL is not an absolute http:// or https:// address: LiteLLM is not used.");
            }
        }

        if (found.Count == 0)
        {
            findings.Warn("There is no provider key: the built-in simulator answers as the provider sim.");
            found.Add(new ProviderSettings { Name = "sim", Kind = ProviderKind.Simulator, BaseUrl = ProviderKindNames.DefaultBaseUrl(ProviderKind.Simulator) });
        }

        return found;

        void Add(string name, ProviderKind kind, Uri url, string key, ChatDialect? dialect)
        {
            if (!ProviderKindNames.IsServed(kind))
            {
                findings.Warn($"Kind {ProviderKindNames.WordOf(kind)} is accepted, but nothing calls it in this version: provider {name} serves no model.");
            }

            found.Add(new ProviderSettings
            {
                Name = name,
                Kind = kind,
                BaseUrl = url,
                Dialect = dialect ?? Dialects.Default(kind, url),
                Credentials = [new Credential($"{name}#1", key)],
            });
        }
    }

    private static string? Key(IReadOnlyDictionary<string, string> environment, string variable, Findings findings)
    {
        var key = environment.GetValueOrDefault(variable)?.Trim();
        if (string.IsNullOrEmpty(key))
        {
            return null;
        }

        if (SluiceKeys.IsOne(key))
        {
            findings.Warn($"{variable} holds a key of Sluice itself, not of a provider: it is not used.");
            return null;
        }

        return key;
    }
}
