using System.Net;
using Sluice.Core.Catalogue;
using Sluice.Core.Configuration.Reading;
using Sluice.Core.Configuration.Schema;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;
using YamlDotNet.RepresentationModel;

namespace Sluice.Core.Configuration;

/// <summary>Turns sources into a snapshot, or into all that is wrong with them: shape first, then what fields say about each other.</summary>
public static class ConfigLoader
{
    /// <summary>No real configuration comes near it; a larger file is the wrong file.</summary>
    private const int LargestFile = 4 * 1024 * 1024;

    /// <summary>The contract is 6 levels deep; stream and document count as one each.</summary>
    private const int DeepestNesting = 32;

    /// <summary>References to YAML anchors are read again wherever they stand; a few are handy, a thousand are an attack.</summary>
    private const int MostAliases = 1_000;
    private const int ShortestAdminKey = 16;

    /// <summary>Loads. Never throws for what the sources hold.</summary>
    public static ConfigResult Load(ConfigSources sources)
    {
        var file = sources.FilePath is null ? "configuration" : Path.GetFileName(sources.FilePath);
        var folder = sources.FilePath is null ? sources.BaseDirectory : Path.GetDirectoryName(Path.GetFullPath(sources.FilePath, sources.BaseDirectory))!;
        var findings = new Findings(file);
        var substitution = new Substitution(sources, folder);
        var root = ReadFile(sources, findings, substitution) ?? new ConfigValue("", 0, 0, "nothing");

        var server = new ServerReader(sources, folder, findings).Read(root);
        var auth = ReadAuth(root["auth"], sources, server, findings);
        var providers = ReadProviders(root["providers"], sources, substitution, findings);
        var models = new ModelsReader(providers, CatalogueFile.BuiltIn, findings).Read(root["models"]);
        var aliases = ReadAliases(root["aliases"], findings);
        var breaker = ReadBreaker(root["breaker"], findings);
        var admission = new LimitsReader(findings).ReadAdmission(root);
        var guardrails = new GuardrailsReader(findings).Read(root["guardrails"]);
        var rules = new RulesReader(providers, findings).Read(root["rules"]);
        if (findings.Errors.Count > 0)
        {
            return new ConfigResult(null, findings.Errors) { ReadFiles = [.. substitution.Files] };
        }

        // An alias or a fallback may name a model of tomorrow: that is a remark. A rule that leads nowhere takes its requests with it: that is an error.
        var catalogue = new CatalogueCompiler(providers, CatalogueFile.BuiltIn).Compile(models, aliases, out var dangling);
        foreach (var alias in dangling)
        {
            findings.Warn($"aliases[\"{alias}\"] leads to no known model: the alias is not used.");
        }

        foreach (var (provider, deployment) in providers.SelectMany(provider => provider.Deployments.Select(deployment => (provider.Name, deployment.Key))))
        {
            if (models.Any(model => string.Equals(model.Model.Id, deployment, StringComparison.OrdinalIgnoreCase)))
            {
                findings.Warn($"Provider {provider}: deployments[\"{deployment}\"] serves nothing, since models lists all endpoints of that model; add this one there.");
            }
            else if (catalogue.Resolve(deployment)?.Endpoints.Any(endpoint => endpoint.Provider == provider) != true)
            {
                findings.Warn($"Provider {provider}: deployments[\"{deployment}\"] is no model of the catalogue and serves nothing; list the model under models, with the deployment as its endpoint's model.");
            }
        }

        var fallbacks = ReadFallbacks(root["fallbacks"], catalogue, findings);
        RulesReader.CheckModels(root["rules"], catalogue, findings);
        var auto = new AutoReader(catalogue, findings).Read(root["auto"], rules.ReadsTask || AutoReader.LeadsToChoice(root, catalogue));
        if (findings.Errors.Count > 0)
        {
            return new ConfigResult(null, findings.Errors) { ReadFiles = [.. substitution.Files] };
        }

        var snapshot = new ConfigSnapshot
        {
            Server = server,
            Providers = providers,
            Catalogue = catalogue,
            Fallbacks = fallbacks,
            Rules = rules.Compile(catalogue),
            Auto = auto,
            Routing = ReadRouting(root["routing"]),
            KeepAlive = ReadKeepAlive(root["keepalive"]),
            Breaker = breaker,
            Admission = admission,
            Guardrails = guardrails,
            ShortensContext = root["degrade"]?.Get<string>("context") == "middle-out",
            Cache = ReadCache(root["cache"]),
            RequestTimeout = root["timeouts"]?.Get<TimeSpan?>("request") ?? TimeSpan.Zero,
            KeepReasoning = root["reasoning"]?.Get<TimeSpan?>("keep") ?? TimeSpan.FromHours(24),
            Auth = auth,
            Telemetry = new TelemetrySettings { Prometheus = root["telemetry"]?.Get<bool?>("prometheus") ?? true },
            Warnings = findings.Warnings,
            ContentHash = ContentHash.Of(sources, substitution.Used, providers),
        };
        return new ConfigResult(snapshot, []) { ReadFiles = [.. substitution.Files] };
    }

    private static ConfigValue? ReadFile(ConfigSources sources, Findings findings, Substitution substitution)
    {
        if (sources.FileText is not { } text)
        {
            if (sources.FilePath is { } path)
            {
                // Never the same as no file: Sluice would quietly serve something else.
                findings.Error(Path.GetFileName(path), "", "no readable file", $"create {path} or name another with --config");
            }

            return null;
        }

        if (text.Length > LargestFile)
        {
            findings.Error(new Mark(0, 1, 1), "", $"a file of {text.Length} characters", $"allowed: at most {LargestFile}");
            return null;
        }

        return Parse(text, findings) is { Documents: [var document, ..] } ? new ShapeReader(findings, substitution).Read(document.RootNode, ConfigSchema.Root, "") : null;
    }

    private static YamlStream? Parse(string text, Findings findings)
    {
        try
        {
            if (TooDeep(text) is { } deep)
            {
                findings.Error(deep, "", $"more than {DeepestNesting} levels", "allowed: what the reference page lists");
                return null;
            }

            var yaml = new YamlStream();
            yaml.Load(new StringReader(text));
            if (yaml.Documents.Count > 1)
            {
                findings.Error(yaml.Documents[1].RootNode.Start, "", "a second YAML document", "allowed: one document");
            }

            return yaml;
        }
        catch (YamlException e)
        {
            // The parser's own message quotes only its grammar and key names, never values.
            findings.Error(e.Start, "", "text that is not YAML", e.InnerException?.Message ?? e.Message);
        }
        catch (Exception e) when (e is InvalidOperationException or ArgumentException or IndexOutOfRangeException or NullReferenceException)
        {
            // The scanner gives up on some texts (a colon before a comma) without saying where; the file is no less broken for that.
            findings.Error(new Mark(0, 1, 1), "", "text that is not YAML", "the parser cannot say where; look at what was changed last");
        }

        return null;
    }

    // The tree is built by recursion: a file of nothing but brackets would end the process, and with it the last good configuration.
    private static Mark? TooDeep(string text)
    {
        var parser = new Parser(new StringReader(text));
        var depth = 0;
        var aliases = 0;
        while (parser.MoveNext())
        {
            depth += parser.Current!.NestingIncrease;
            aliases += parser.Current is AnchorAlias ? 1 : 0;
            if (depth > DeepestNesting || aliases > MostAliases)
            {
                return parser.Current.Start;
            }
        }

        return null;
    }

    private static AuthSettings ReadAuth(ConfigValue? section, ConfigSources sources, ServerSettings server, Findings findings)
    {
        var isOpen = section?.Get<string>("mode") == "open";
        if (isOpen && server.Urls.FirstOrDefault(url => !IsLoopback(url)) is { } exposed)
        {
            findings.Error(section!["mode"]!, $"open is allowed on loopback addresses only, and server.urls has {exposed}; write keys, or listen on 127.0.0.1");
        }

        var written = section?["admin_key"];
        if (written?.Scalar is string { Length: > 0 } fromFile)
        {
            if (fromFile.Length < ShortestAdminKey)
            {
                findings.Error(written, $"allowed: at least {ShortestAdminKey} characters");
            }

            return new AuthSettings { Open = isOpen, AdminKey = fromFile };
        }

        var fromEnvironment = sources.Environment.GetValueOrDefault("SLUICE_ADMIN_KEY");
        if (fromEnvironment is { Length: > 0 and < ShortestAdminKey })
        {
            findings.Error("environment", "SLUICE_ADMIN_KEY", "(secret)", $"allowed: at least {ShortestAdminKey} characters");
        }

        return new AuthSettings { Open = isOpen, AdminKey = string.IsNullOrEmpty(fromEnvironment) ? null : fromEnvironment };
    }

    private static bool IsLoopback(string url) =>
        Uri.TryCreate(url, UriKind.Absolute, out var address)
        && (address.Host == "localhost" || (IPAddress.TryParse(address.Host.Trim('[', ']'), out var ip) && IPAddress.IsLoopback(ip)));

    private static IReadOnlyList<ProviderSettings> ReadProviders(ConfigValue? section, ConfigSources sources, Substitution substitution, Findings findings) =>
        section is null || section.Items.Count == 0
            ? new EnvironmentProviders(sources.Environment, substitution, findings).Find()
            : new ProvidersReader(new CloudReader(sources, substitution, findings), findings).Read(section);

    private static IReadOnlyList<KeyValuePair<string, string>> ReadAliases(ConfigValue? section, Findings findings)
    {
        var aliases = (section?.Members ?? []).Select(member => new KeyValuePair<string, string>(member.Key, (string)member.Value.Scalar!)).ToList();
        foreach (var (name, value) in section?.Members ?? [])
        {
            var target = (string)value.Scalar!;
            if (name.Count(letter => letter == '*') > 1)
            {
                findings.Error(value with { Shown = $"\"{name}\"" }, "allowed: at most one * in an alias");
            }
            else if (target != name && aliases.Exists(alias => alias.Key == CatalogueCompiler.Follow(target, aliases)))
            {
                findings.Error(value, "the aliases lead round in a circle; one of them must name a model");
            }
        }

        return aliases;
    }

    private static Dictionary<string, IReadOnlyList<string>> ReadFallbacks(ConfigValue? section, CatalogueTable catalogue, Findings findings)
    {
        var fallbacks = new Dictionary<string, IReadOnlyList<string>>(StringComparer.Ordinal);
        foreach (var (name, chain) in section?.Members ?? [])
        {
            var resolved = name == "*" ? null : catalogue.Resolve(name);
            if (name != "*" && resolved is null)
            {
                findings.Warn($"fallbacks[\"{name}\"]: no model has this name.");
            }

            foreach (var model in chain.Texts().Where(model => catalogue.Resolve(model) is null))
            {
                findings.Warn($"fallbacks[\"{name}\"]: {model} is no known model and is passed over.");
            }

            fallbacks[resolved?.Model.Id ?? name] = chain.Texts();
        }

        return fallbacks;
    }

    private static RoutingSettings ReadRouting(ConfigValue? section)
    {
        var defaults = new RoutingSettings();
        return section is null ? defaults : new RoutingSettings
        {
            Sort = Enum.Parse<RouteSort>(section.Get<string>("sort") ?? "order", ignoreCase: true),
            SessionAffinity = section.Get<string>("affinity") != "none",
            Retries = (int)(section.Get<long?>("retries") ?? defaults.Retries),
            RetryBudget = section.Get<decimal?>("retry_budget") ?? defaults.RetryBudget,
            Hedge = section.Get<TimeSpan?>("hedge") ?? defaults.Hedge,
        };
    }

    private static KeepAliveSettings ReadKeepAlive(ConfigValue? section)
    {
        var defaults = new KeepAliveSettings();
        return section is null ? defaults : new KeepAliveSettings
        {
            After = section.Get<TimeSpan?>("after") ?? defaults.After,
            Every = section.Get<TimeSpan?>("every") ?? defaults.Every,
        };
    }

    private static CacheSettings ReadCache(ConfigValue? section)
    {
        var defaults = new CacheSettings();
        return section is null ? defaults : new CacheSettings
        {
            Enabled = section.Get<bool?>("enabled"),
            Ttl = section.Get<TimeSpan?>("ttl") ?? defaults.Ttl,
            Stale = section.Get<TimeSpan?>("stale") ?? defaults.Stale,
            MaxSize = section.Get<long?>("max_size") ?? defaults.MaxSize,
        };
    }

    private static BreakerSettings ReadBreaker(ConfigValue? section, Findings findings)
    {
        var defaults = new BreakerSettings();
        if (section is null)
        {
            return defaults;
        }

        var open = section.Get<TimeSpan?>("open") ?? defaults.Open;
        var longest = section.Get<TimeSpan?>("max_open");
        if (longest < open)
        {
            findings.Error(section["max_open"]!, "allowed: at least breaker.open");
        }

        return new BreakerSettings
        {
            Failures = (int)(section.Get<long?>("failures") ?? defaults.Failures),
            Window = section.Get<TimeSpan?>("window") ?? defaults.Window,
            Open = open,
            MaxOpen = longest ?? (defaults.MaxOpen > open ? defaults.MaxOpen : open),
        };
    }
}
