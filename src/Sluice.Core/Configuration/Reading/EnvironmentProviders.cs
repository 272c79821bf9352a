using Sluice.Protocols.OpenAIChat;

namespace Sluice.Core.Configuration.Reading;

/// <summary>
/// Without providers in the file, one for each provider key in the environment. The variables that clients take their address from
/// (<c>ANTHROPIC_BASE_URL</c>, <c>OPENAI_BASE_URL</c>) are never read: they point here, and Sluice must not become its own provider.
/// </summary>
internal sealed class EnvironmentProviders(IReadOnlyDictionary<string, string> environment, Substitution substitution, Findings findings)
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
    ];

    private readonly List<ProviderSettings> _found = [];

    public IReadOnlyList<ProviderSettings> Find()
    {
        foreach (var (variable, name, kind, baseUrl) in Known)
        {
            if (Key(variable) is { } key)
            {
                Add(name, kind, new Uri(baseUrl), key);
            }
        }

        AddVertex();
        AddAzure();
        AddBedrock();
        if (Key("LITELLM_API_KEY") is { } litellm)
        {
            if (Url(Value("LITELLM_BASE_URL")) is { } url)
            {
                Add("litellm", ProviderKind.OpenAI, url, litellm, dialect: Dialects.Of("litellm"));
            }
            else
            {
                findings.Warn("LITELLM_API_KEY is set, but LITELLM_BASE_URL is not an absolute http:// or https:// address: LiteLLM is not used.");
            }
        }

        if (_found.Count == 0)
        {
            findings.Warn("There is no provider key: the built-in simulator answers as the provider sim.");
            _found.Add(new ProviderSettings { Name = "sim", Kind = ProviderKind.Simulator, BaseUrl = ProviderKindNames.DefaultBaseUrl(ProviderKind.Simulator) });
        }

        return _found;
    }

    // The pair that Google's own libraries take. A project alone is on every machine with gcloud and is no wish to use Vertex.
    private void AddVertex()
    {
        if (Value("GOOGLE_APPLICATION_CREDENTIALS") is not { } file || (Value("GOOGLE_CLOUD_PROJECT") ?? Value("VERTEXAI_PROJECT")) is not { } project)
        {
            return;
        }

        var location = Value("GOOGLE_CLOUD_LOCATION") ?? Value("VERTEXAI_LOCATION") ?? "global";
        if (substitution.ReadFile(file) is not { } credentials)
        {
            findings.Warn($"GOOGLE_APPLICATION_CREDENTIALS names {file}, which cannot be read: Vertex is not used.");
        }
        else if (!CloudReader.IsGoogleCredential(credentials) || !CloudReader.IsRegion(location))
        {
            findings.Warn("GOOGLE_APPLICATION_CREDENTIALS is no Google credential file, or GOOGLE_CLOUD_LOCATION no location: Vertex is not used.");
        }
        else
        {
            var vertex = new VertexSettings { Project = project, Location = location, Credentials = credentials };
            Add("vertex", ProviderKind.Vertex, CloudReader.DefaultUrl(vertex)!, key: null, vertex);
        }
    }

    private void AddAzure()
    {
        var key = Key("AZURE_OPENAI_API_KEY") ?? Key("AZURE_API_KEY");
        var url = Url(Value("AZURE_OPENAI_ENDPOINT") ?? Value("AZURE_API_BASE"));
        var entra = new AzureSettings
        {
            Auth = CloudAuth.Entra,
            ApiVersion = Value("OPENAI_API_VERSION") ?? Value("AZURE_API_VERSION"),
            TenantId = Value("AZURE_TENANT_ID"),
            ClientId = Value("AZURE_CLIENT_ID"),
            ClientSecret = Value("AZURE_CLIENT_SECRET"),
        };
        if (key is not null && url is null)
        {
            findings.Warn("An Azure key is set, but AZURE_OPENAI_ENDPOINT (or AZURE_API_BASE) is not an absolute http:// or https:// address: Azure is not used.");
        }
        else if (url is not null && key is not null)
        {
            Add("azure", ProviderKind.Azure, url, key, new AzureSettings { ApiVersion = entra.ApiVersion });
        }
        else if (url is not null && entra is { TenantId: not null, ClientId: not null, ClientSecret: not null })
        {
            Add("azure", ProviderKind.Azure, url, key: null, entra);
        }
    }

    private void AddBedrock()
    {
        var bearer = Key("AWS_BEARER_TOKEN_BEDROCK");
        var id = Value("AWS_ACCESS_KEY_ID");
        var secret = Value("AWS_SECRET_ACCESS_KEY");
        if (bearer is null && (id is null || secret is null))
        {
            return;
        }

        var region = Value("AWS_REGION") ?? Value("AWS_DEFAULT_REGION") ?? Value("AWS_REGION_NAME") ?? "us-east-1";
        if (!CloudReader.IsRegion(region))
        {
            findings.Warn("AWS_REGION is no region: Bedrock is not used.");
            return;
        }

        var bedrock = bearer is not null
            ? new BedrockSettings { Region = region }
            : new BedrockSettings { Region = region, AccessKeyId = id, SecretAccessKey = secret, SessionToken = Value("AWS_SESSION_TOKEN") };
        Add("bedrock", ProviderKind.Bedrock, CloudReader.DefaultUrl(bedrock)!, bearer, bedrock);
    }

    private void Add(string name, ProviderKind kind, Uri url, string? key, CloudSettings? cloud = null, ChatDialect? dialect = null)
    {
        if (_found.TrueForAll(provider => provider.Name != name))
        {
            _found.Add(new ProviderSettings
            {
                Name = name,
                Kind = kind,
                BaseUrl = url,
                Dialect = dialect ?? Dialects.Default(kind, url),
                Credentials = key is null ? [] : [new Credential($"{name}#1", key)],
                Cloud = cloud,
            });
        }
    }

    private static Uri? Url(string? text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var url) && url.Scheme is "http" or "https" && url!.UserInfo.Length == 0
            ? new Uri(url.GetLeftPart(UriPartial.Path).TrimEnd('/'))
            : null;

    private string? Value(string variable) => environment.GetValueOrDefault(variable)?.Trim() is { Length: > 0 } value ? value : null;

    private string? Key(string variable)
    {
        if (Value(variable) is not { } key)
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
