using System.Text.RegularExpressions;
using Sluice.Protocols.OpenAIChat;

namespace Sluice.Core.Configuration.Reading;

/// <summary>The <c>providers</c> section.</summary>
internal sealed partial class ProvidersReader(CloudReader clouds, Findings findings)
{
    public IReadOnlyList<ProviderSettings> Read(ConfigValue section)
    {
        var providers = new List<ProviderSettings>();
        foreach (var item in section.Items)
        {
            // What is missing or malformed has been said already.
            if (item.Get<string>("name") is not { } name || item.Get<string>("kind") is not { } kindWord)
            {
                continue;
            }

            if (!Slug().IsMatch(name))
            {
                findings.Error(item["name"]!, "allowed: 1 to 64 small letters, digits, - and _, starting with a letter or digit");
            }
            else if (providers.Exists(other => other.Name == name))
            {
                findings.Error(item["name"]!, "the name is taken by a provider above; each needs its own");
            }

            providers.Add(Provider(item, name, ProviderKindNames.Parse(kindWord)));
        }

        return providers;
    }

    private ProviderSettings Provider(ConfigValue item, string name, ProviderKind kind)
    {
        var (dialect, declared) = Dialect(item["dialect"]);
        var credentials = Credentials(item["api_keys"], name);
        var cloud = clouds.Read(item, kind, credentials.Count > 0);
        var url = item.Get<Uri>("base_url") ?? CloudReader.DefaultUrl(cloud) ?? DefaultUrl(kind, declared);
        return new ProviderSettings
        {
            Name = name,
            Kind = kind,
            BaseUrl = url,
            Credentials = credentials,
            Dialect = dialect ?? Dialects.Default(kind, url),
            Limits = new LimitsReader(findings).Read(item["limits"]),
            Timeouts = Timeouts(item["timeouts"]),
            DataPolicy = Policy(item["data_policy"]),
            Region = item.Get<string>("region"),
            Cloud = cloud,
            Deployments = CloudReader.Deployments(item),
        };
    }

    private (ChatDialect? Dialect, string? Declared) Dialect(ConfigValue? written)
    {
        if (written?.Scalar is not string { Length: > 0 } name)
        {
            return (null, null);
        }

        if (!Dialects.Known.Contains(name, StringComparer.Ordinal))
        {
            var close = Spelling.Closest(name, Dialects.Known);
            findings.Warn($"{written.Path}: {written.Shown} has no rules of its own and means generic{(close is null ? "" : $"; did you mean {close}?")}");
            return (ChatDialect.Generic, null);
        }

        return name == "generic" ? (ChatDialect.Generic, null) : (Dialects.Of(name), name);
    }

    // A vendor's dialect without an address means that vendor, never OpenAI with the vendor's key.
    private static Uri DefaultUrl(ProviderKind kind, string? dialect) => (kind, dialect) switch
    {
        (ProviderKind.OpenAI, "deepseek") => new Uri("https://api.deepseek.com/v1"),
        (ProviderKind.OpenAI, "evolink") => new Uri("https://api.evolink.ai/v1"),
        (ProviderKind.OpenAI, "openrouter") => new Uri("https://openrouter.ai/api/v1"),
        (ProviderKind.OpenAI, "qwen") => new Uri("https://dashscope-intl.aliyuncs.com/compatible-mode/v1"),
        (ProviderKind.OpenAI, "mistral") => new Uri("https://api.mistral.ai/v1"),
        (ProviderKind.OpenAI, "groq") => new Uri("https://api.groq.com/openai/v1"),
        (ProviderKind.OpenAI, "xai") => new Uri("https://api.x.ai/v1"),
        (ProviderKind.OpenAI, "zai") => new Uri("https://api.z.ai/api/paas/v4"),
        (ProviderKind.OpenAI, "moonshot") => new Uri("https://api.moonshot.ai/v1"),
        (ProviderKind.OpenAI, "together") => new Uri("https://api.together.xyz/v1"),
        (ProviderKind.OpenAI, "fireworks") => new Uri("https://api.fireworks.ai/inference/v1"),
        (ProviderKind.OpenAI, "cerebras") => new Uri("https://api.cerebras.ai/v1"),
        (ProviderKind.OpenAI, "perplexity") => new Uri("https://api.perplexity.ai"),
        (ProviderKind.OpenAI, "ollama") => new Uri("http://127.0.0.1:11434/v1"),
        (ProviderKind.OpenAI, "vllm") => new Uri("http://127.0.0.1:8000/v1"),
        (ProviderKind.OpenAI, "lmstudio") => new Uri("http://127.0.0.1:1234/v1"),
        (ProviderKind.OpenAI, "litellm") => new Uri("http://127.0.0.1:4000/v1"),
        _ => ProviderKindNames.DefaultBaseUrl(kind),
    };

    private List<Credential> Credentials(ConfigValue? written, string provider)
    {
        var credentials = new List<Credential>();
        foreach (var item in written?.Items ?? [])
        {
            var secret = ((string)item.Scalar!).Trim();
            if (secret.Length == 0)
            {
                findings.Warn($"{item.Path} is empty and not used.");
            }
            else if (SluiceKeys.IsOne(secret))
            {
                findings.Error(item, "this is a key of Sluice itself; allowed: a key of the provider");
            }
            else if (secret.Any(char.IsControl))
            {
                // It would go into a header.
                findings.Error(item, "allowed: a key without line breaks or control characters");
            }
            else if (!credentials.Exists(other => other.Secret == secret))
            {
                credentials.Add(new Credential($"{provider}#{credentials.Count + 1}", secret));
            }
        }

        return credentials;
    }

    private static DataPolicy Policy(ConfigValue? section) => new()
    {
        Trains = section?.Get<bool?>("trains") ?? false,
        Retains = section?.Get<bool?>("retains") ?? true,
        ZeroRetention = section?.Get<bool?>("zdr") ?? false,
    };

    private static TimeoutSettings Timeouts(ConfigValue? section)
    {
        var defaults = new TimeoutSettings();
        return section is null ? defaults : new TimeoutSettings
        {
            Connect = section.Get<TimeSpan?>("connect") ?? defaults.Connect,
            FirstToken = section.Get<TimeSpan?>("first_token"),
            Idle = section.Get<TimeSpan?>("idle") ?? defaults.Idle,
            Total = section.Get<TimeSpan?>("total") ?? defaults.Total,
        };
    }

    [GeneratedRegex("^[a-z0-9][a-z0-9_-]{0,63}$", RegexOptions.NonBacktracking)]
    private static partial Regex Slug();
}
