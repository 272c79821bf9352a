using Sluice.Core.Configuration;
using Sluice.Testing;
using Xunit;

namespace Sluice.Core.Tests.Configuration;

public sealed class ConfigLoaderTests
{
    private const string Whole = """
        server:
          urls: [http://127.0.0.1:9090]
          max_body: 8MiB
          max_buffered: 1GiB
        storage: sqlite:./data/sluice.db
        auth: { mode: keys, admin_key: "${ADMIN:-}" }
        providers:
          - name: anthropic
            kind: anthropic
            base_url: https://api.anthropic.com/
            api_keys: ["${ANTHROPIC_API_KEY}", "two"]
            limits: { rpm: 4000, input_tpm: 2000000, output_tpm: 400000, concurrency: 200 }
            timeouts: { connect: 500ms, first_token: 300s, idle: 4m, total: 1h }
            data_policy: { trains: false, retains: true, zdr: false }
            region: us
          - name: local
            kind: openai
            base_url: http://127.0.0.1:11434/v1
            dialect: ollama
        models:
          - id: acme/coder-1
            context: 131072
            endpoints:
              - { provider: local, model: coder-1-q8, price: { input: 0.1, output: 0.4, cache_read: 0.02, cache_write: 0.125, cache_write_1h: 0.2 } }
        aliases: { sonnet: anthropic/claude-sonnet-4.6, "claude-3-5-sonnet-*": anthropic/claude-sonnet-4.6 }
        fallbacks:
          anthropic/claude-opus-4.7: [anthropic/claude-sonnet-4.6, acme/coder-1]
          "*": []
        rules:
          - when: client == "claude-code" and role == "background"
            use: [anthropic/claude-haiku-4.5]
        auto: { tiers: { simple: [sonnet], hard: [sonnet] } }
        routing: { sort: balanced, affinity: none, retries: 3, retry_budget: 12.5% }
        keepalive: { after: 2s, every: 1s }
        reasoning: { keep: 2h }
        breaker: { failures: 7, window: 40s, open: 10s, max_open: 2m }
        limits: { default_key: { rpm: 0, concurrency: 0 } }
        fairness: { by: user, interactive_weight: 4 }
        cache: { enabled: false, ttl: 5m, max_size: 256MiB }
        alerts: [{ webhook: "https://hooks.example/x", at: [50, 80, 100] }]
        telemetry: { otlp: "", prometheus: true, log_bodies: false }
        ledger: { durability: power }
        """;

    // A body is one array; a larger limit would pass Content-Length values that its length cannot hold.
    [Theory]
    [InlineData("1025MiB", "sluice.yaml:1:21: server.max_body: found \"1025MiB\"; allowed: at most 1GiB")]
    [InlineData("1GiB", null)]
    public void Load_MaxBody_IsBounded(string size, string? error) =>
        Assert.Equal(error is null ? [] : [error], ConfigLoader.Load(Configs.Sources($"server: {{ max_body: {size} }}")).Errors.Select(found => found.ToString()));

    [Fact]
    public void C12_DayOnWhichAModelEnds_IsReadAndMustBeADay()
    {
        const string Model = "providers: [{ name: a, kind: anthropic }]\nmodels: [{ id: m, ends: DAY, endpoints: [{ provider: a, model: m, price: { input: 1 } }] }]";

        Assert.Equal(new DateOnly(2027, 1, 31), Configs.Good(Model.Replace("DAY", "2027-01-31", StringComparison.Ordinal)).Catalogue.Resolve("m")!.Model.Ends);
        Assert.Contains("not a day", Assert.Single(Configs.Errors(Model.Replace("DAY", "soon", StringComparison.Ordinal))), StringComparison.Ordinal);
    }

    [Fact]
    public void D11_Retries_AreTwoUnlessTheFileSaysOtherwise_AndThePageSaysSo()
    {
        Assert.Equal(2, Configs.Good(null).Routing.Retries);
        Assert.Equal(5, Configs.Good("routing: { retries: 5 }").Routing.Retries);
        Assert.Equal(0, Configs.Good("routing: { retries: 0 }").Routing.Retries);
        Assert.Single(Configs.Errors("routing: { retries: 11 }"));

        var row = File.ReadLines(Path.Combine(RepositoryRoot.Path, "docs", "configuration.md")).Single(line => line.StartsWith("| `routing.retries` |", StringComparison.Ordinal));
        Assert.Equal("2", row.Split('|', StringSplitOptions.TrimEntries)[3]);
    }

    [Fact]
    public void Load_EverySectionOfTheContract_IsReadAndChecked()
    {
        var snapshot = Configs.Good(Whole, ("ANTHROPIC_API_KEY", "sk-ant-1"));

        Assert.Equal(["http://127.0.0.1:9090"], snapshot.Server.Urls);
        Assert.Equal(8_388_608, snapshot.Server.MaxBody);
        Assert.Equal(1_073_741_824, snapshot.Server.MaxBuffered);
        Assert.Equal("/srv/here/data", snapshot.Server.DataFolder);
        Assert.Equal("sqlite:/etc/sluice/data/sluice.db", snapshot.Server.Storage);
        Assert.True(snapshot.Server.SyncLedger);
        Assert.False(snapshot.Auth.Open);
        Assert.Null(snapshot.Auth.AdminKey);

        var anthropic = snapshot.Provider("anthropic")!;
        Assert.Equal("https://api.anthropic.com/", anthropic.BaseUrl.ToString());
        Assert.Equal(["sk-ant-1", "two"], anthropic.Credentials.Select(credential => credential.Secret));
        Assert.Equal(["anthropic#1", "anthropic#2"], anthropic.Credentials.Select(credential => credential.Id));
        Assert.Equal(TimeSpan.FromMilliseconds(500), anthropic.Timeouts.Connect);
        Assert.Equal(TimeSpan.FromSeconds(300), anthropic.Timeouts.FirstToken);
        Assert.Equal(TimeSpan.FromMinutes(4), anthropic.Timeouts.Idle);
        Assert.Equal(TimeSpan.FromHours(1), anthropic.Timeouts.Total);
        Assert.Equal("us", anthropic.Region);
        Assert.Equal("ollama", snapshot.Provider("local")!.Dialect.Name);
        Assert.Equal("http://127.0.0.1:11434/v1", snapshot.Provider("local")!.BaseUrl.ToString());

        Assert.Equal(RouteSort.Balanced, snapshot.Routing.Sort);
        Assert.False(snapshot.Routing.SessionAffinity);
        Assert.Equal(3, snapshot.Routing.Retries);
        Assert.Equal(0.125m, snapshot.Routing.RetryBudget);
        Assert.Equal(TimeSpan.FromSeconds(2), snapshot.KeepAlive.After);
        Assert.Equal(new BreakerSettings { Failures = 7, Window = TimeSpan.FromSeconds(40), Open = TimeSpan.FromSeconds(10), MaxOpen = TimeSpan.FromMinutes(2) }, snapshot.Breaker);
        Assert.Equal(TimeSpan.FromHours(2), snapshot.KeepReasoning);
        Assert.Equal(["anthropic/claude-sonnet-4.6", "acme/coder-1"], snapshot.Fallbacks["anthropic/claude-opus-4.7"]);
        Assert.Empty(snapshot.Fallbacks["*"]);
        Assert.Equal(0.125m, snapshot.Catalogue.Resolve("acme/coder-1")!.Endpoints[0].Price!.CacheWrite5m);
    }

    [Fact]
    public void Load_BreakerThatOpensForLongerThanItsLongest_IsAnError() =>
        Assert.Contains(Configs.Errors("breaker: { open: 10m, max_open: 5m }"), error => error.Contains("breaker.max_open", StringComparison.Ordinal) && error.Contains("at least breaker.open", StringComparison.Ordinal));

    [Fact]
    public void Load_BreakerWithALongOpenAlone_TakesItForTheLongest() =>
        Assert.Equal(TimeSpan.FromMinutes(10), Configs.Good("breaker: { open: 10m }").Breaker.MaxOpen);

    [Theory]
    [InlineData("", null, 5, 0, 268_435_456L)]
    [InlineData("cache: { enabled: true, ttl: 1h, stale: 24h, max_size: 1MiB }", true, 60, 1_440, 1_048_576L)]
    [InlineData("cache: { enabled: false, stale: off }", false, 5, 0, 268_435_456L)]
    public void Load_Cache_SaysWhichAnswersAreKept(string section, bool? enabled, int minutes, int staleMinutes, long size) =>
        Assert.Equal(new CacheSettings { Enabled = enabled, Ttl = TimeSpan.FromMinutes(minutes), Stale = TimeSpan.FromMinutes(staleMinutes), MaxSize = size }, Configs.Good(section).Cache);

    [Fact]
    public void Load_Deadlines_OfAllRequestsAndOfARulesOwn()
    {
        var snapshot = Configs.Good("""
            timeouts: { request: 10m }
            rules:
              - { name: quick, when: priority == "background", deadline: 30s }
              - { name: other, use: [anthropic/claude-haiku-4.5] }
            """);

        Assert.Equal(TimeSpan.FromMinutes(10), snapshot.RequestTimeout);
        Assert.Equal(TimeSpan.FromSeconds(30), snapshot.Rules.DeadlineOf("quick"));
        Assert.Null(snapshot.Rules.DeadlineOf("other"));
        Assert.Equal(TimeSpan.Zero, Configs.Good("timeouts: { request: off }").RequestTimeout);
    }

    [Fact]
    public void Load_SectionsThatNothingActsOn_AreOneWarningEach()
    {
        var snapshot = Configs.Good(Whole, ("ANTHROPIC_API_KEY", "sk-ant-1"));

        string[] expected = ["alerts", "telemetry.prometheus"];
        Assert.Equal(expected.Select(name => $"{name} is accepted, but nothing acts on it in this version."), snapshot.Warnings);
    }

    [Fact]
    public void Load_ManyMistakes_AllAreNamedAtOnceWithPlaceAndRemedy()
    {
        var errors = Configs.Errors("""
            sever: {}
            server:
              urls: ftp://x
              max_body: 32 apples
            storage: postgres://user:hunter2@db
            providers:
              - name: Big Name
                kind: antropic
                base_url: api.anthropic.com
              - name: a
                kind: openai
                base_url: https://user:hunter2@host/v1
                api_key: x
              - name: a
                kind: openai
                api_keys: ["${MISSING}", "sk-sluice-hunter2"]
                timeouts: { idle: 5 }
            routing: { sort: cheap, retries: many, retry_budget: 10 }
            models:
              - id: m
                endpoints: [{ provider: b, model: x, price: { input: -1 } }]
            ledger: { durability: disk }
            """);

        Assert.Equal(
        [
            "sluice.yaml:1:1: sever: found an unknown key; did you mean server? allowed: server, storage, auth, providers, models, aliases, fallbacks, rules, auto, routing, timeouts, keepalive, reasoning, breaker, guardrails, limits, fairness, queue, degrade, cache, alerts, telemetry, ledger",
            "sluice.yaml:3:9: server.urls: found \"ftp://x\"; allowed: a list of: an address to listen on, such as http://127.0.0.1:8787",
            "sluice.yaml:4:13: server.max_body: found \"32 apples\"; allowed: a size such as 512KiB, 32MiB, 1GiB",
            "sluice.yaml:5:10: storage: found postgres:…; allowed: sqlite:PATH or postgres://USER:PASSWORD@HOST:PORT/DATABASE",
            "sluice.yaml:8:11: providers[0].kind: found \"antropic\"; did you mean anthropic? allowed: anthropic | openai | openai-responses | openrouter | gemini | azure | bedrock | vertex | simulator",
            "sluice.yaml:9:15: providers[0].base_url: found \"api.anthropic.com\"; allowed: an absolute http:// or https:// address without user name or query",
            "sluice.yaml:12:15: providers[1].base_url: found (secret); allowed: an absolute http:// or https:// address without user name or query",
            "sluice.yaml:13:5: providers[1].api_key: found an unknown key; did you mean api_keys? allowed: name, kind, base_url, api_keys, limits, timeouts, data_policy, region, auth, api_version, deployments, tenant_id, client_id, client_secret, access_key_id, secret_access_key, session_token, profile, project, location, credentials, credentials_file, dialect",
            "sluice.yaml:14:11: providers[2].name: found \"a\"; the name is taken by a provider above; each needs its own",
            "sluice.yaml:16:16: providers[2].api_keys[0]: found \"${MISSING}\"; the environment variable MISSING is not set; set it, or write ${MISSING:-default}",
            "sluice.yaml:16:30: providers[2].api_keys[1]: found (secret); this is a key of Sluice itself; allowed: a key of the provider",
            "sluice.yaml:17:23: providers[2].timeouts.idle: found \"5\"; allowed: a duration such as 500ms, 20s, 5m, 1h",
            "sluice.yaml:18:18: routing.sort: found \"cheap\"; allowed: order | balanced | price | throughput | latency",
            "sluice.yaml:18:34: routing.retries: found \"many\"; allowed: a whole number from 0 to 10",
            "sluice.yaml:18:54: routing.retry_budget: found \"10\"; allowed: a percentage from 0% to 100%",
            "sluice.yaml:21:29: models[0].endpoints[0].provider: found \"b\"; no provider has this name; did you mean a? allowed: a",
            "sluice.yaml:21:58: models[0].endpoints[0].price.input: found \"-1\"; allowed: USD, a number from 0 to 1000000",
            "sluice.yaml:22:23: ledger.durability: found \"disk\"; allowed: os | power",
        ], errors);
        Assert.DoesNotContain(errors, error => error.Contains("hunter2", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("auth: { admin_key: short-secret }", "sluice.yaml:1:20: auth.admin_key: found (secret); allowed: at least 16 characters")]
    [InlineData("auth: { mode: open }\nserver: { urls: ['http://0.0.0.0:8787'] }", "sluice.yaml:1:15: auth.mode: found \"open\"; open is allowed on loopback addresses only, and server.urls has http://0.0.0.0:8787; write keys, or listen on 127.0.0.1")]
    [InlineData("providers: [{ kind: openai }]", "sluice.yaml:1:13: providers[0].name: found nothing; it is required: a slug of small letters, digits, - and _")]
    [InlineData("aliases: { a: b, b: a }", "sluice.yaml:1:15: aliases[\"a\"]: found \"b\"; the aliases lead round in a circle; one of them must name a model")]
    [InlineData("storage: '${file:/no/such}'", "sluice.yaml:1:10: storage: found \"${file:/no/such}\"; the file /no/such cannot be read; create it or make it readable")]
    [InlineData("storage: '${NOPE'", "sluice.yaml:1:10: storage: found (secret); a ${…} reference must be closed by }; write $${ for a literal ${")]
    [InlineData("- a\n- b", "sluice.yaml:1:1: found a list; allowed: a mapping with server, storage, auth, providers, models, aliases, fallbacks, rules, auto, routing, timeouts, keepalive, reasoning, breaker, guardrails, limits, fairness, queue, degrade, cache, alerts, telemetry, ledger")]
    public void Load_OneMistake_IsNamed(string yaml, string expected)
    {
        Assert.Equal(expected, Configs.Errors(yaml)[0]);
    }

    [Fact]
    public void Load_TextThatIsNotYaml_NamesLine()
    {
        var error = Assert.Single(Configs.Errors("server:\n  urls: [\n"));

        Assert.StartsWith("sluice.yaml:", error, StringComparison.Ordinal);
        Assert.Contains("text that is not YAML", error, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_NamedFileThatIsMissing_IsAnError()
    {
        var result = ConfigLoader.Load(Configs.Sources(null) with { FilePath = "/etc/sluice/other.yaml" });

        Assert.Equal("other.yaml: found no readable file; create /etc/sluice/other.yaml or name another with --config", Assert.Single(result.Errors).ToString());
    }

    [Fact]
    public void Load_OpenOnLoopback_IsAllowed()
    {
        Assert.True(Configs.Good("auth: { mode: open }\nserver: { urls: ['http://localhost:1', 'http://[::1]:2', 'http://127.0.0.9:3'] }").Auth.Open);
    }

    [Fact]
    public void Load_Substitution_ReadsEnvironmentDefaultsAndFiles()
    {
        var sources = Configs.Sources("""
            providers:
              - { name: p, kind: openai, base_url: "${HOST:-https://default.example}/v1", api_keys: ["${file:secrets/key}", "x${EMPTY:-y}z", "$${literal}"] }
            """, ("EMPTY", "")) with { ReadFile = path => path == "/etc/sluice/secrets/key" ? "from-file\n" : null };

        var result = ConfigLoader.Load(sources);

        var provider = result.Snapshot!.Providers[0];
        Assert.Equal("https://default.example/v1", provider.BaseUrl.ToString());
        Assert.Equal(["from-file", "xyz", "${literal}"], provider.Credentials.Select(credential => credential.Secret));
        Assert.Equal(["/etc/sluice/secrets/key"], result.ReadFiles);
    }

    [Fact]
    public void Load_SecretInAReferencesDefault_IsNotShown()
    {
        var errors = Configs.Errors("auth: { admin_key: '${A:-hunter2}' }\nproviders: [{ name: p, kind: openai, api_keys: ['${B}-${C:-hunter2}'] }]");

        Assert.DoesNotContain(errors, error => error.Contains("hunter2", StringComparison.Ordinal));
        Assert.Equal(2, errors.Count);
    }

    [Fact]
    public void Load_FlagsAndEnvironment_ComeBeforeTheFile()
    {
        var sources = Configs.Sources("server: { urls: ['http://127.0.0.1:1'] }\nstorage: sqlite:file.db\nauth: { admin_key: from-the-file-1234 }",
            ("SLUICE_URLS", "http://127.0.0.1:2;http://127.0.0.1:3"), ("SLUICE_STORAGE", "sqlite:env.db"), ("SLUICE_DATA", "elsewhere"), ("SLUICE_ADMIN_KEY", "from-the-environment"));

        var byEnvironment = ConfigLoader.Load(sources).Snapshot!;
        var byFlag = ConfigLoader.Load(sources with { Urls = ["http://127.0.0.1:4"], Storage = "sqlite:flag.db", DataFolder = "/data" }).Snapshot!;

        Assert.Equal(["http://127.0.0.1:2", "http://127.0.0.1:3"], byEnvironment.Server.Urls);
        Assert.Equal("sqlite:/srv/here/env.db", byEnvironment.Server.Storage);
        Assert.Equal("/srv/here/elsewhere", byEnvironment.Server.DataFolder);
        Assert.Equal("from-the-file-1234", byEnvironment.Auth.AdminKey);
        Assert.Equal(["http://127.0.0.1:4"], byFlag.Server.Urls);
        Assert.Equal("sqlite:/srv/here/flag.db", byFlag.Server.Storage);
        Assert.Equal("/data", byFlag.Server.DataFolder);
    }

    [Theory]
    [InlineData("postgres://dev:p%40ss@db.internal:6432/sluice?sslmode=verify-full")]
    [InlineData("postgresql://db/sluice")]
    public void Load_StorageInPostgres_IsTakenAsItIs(string address)
    {
        Assert.Equal(address, Configs.Good($"storage: {address}").Server.Storage);
        Assert.Equal(address, ConfigLoader.Load(Configs.Sources("storage: sqlite:file.db", ("SLUICE_STORAGE", address))).Snapshot!.Server.Storage);
    }

    [Fact]
    public void Load_NothingAtAll_ServesTheSimulatorFromDataFolder()
    {
        var snapshot = Configs.Good(null);

        var sim = Assert.Single(snapshot.Providers);
        Assert.Equal(("sim", ProviderKind.Simulator, "http://sim.invalid/"), (sim.Name, sim.Kind, sim.BaseUrl.ToString()));
        Assert.Equal("sqlite:/srv/here/data/sluice.db", snapshot.Server.Storage);
        Assert.Equal(["There is no provider key: the built-in simulator answers as the provider sim."], snapshot.Warnings);
    }

    [Fact]
    public void Load_KeysInEnvironment_MakeOneProviderEach()
    {
        var snapshot = Configs.Good(null,
            ("ANTHROPIC_API_KEY", "a"), ("ANTHROPIC_BASE_URL", "http://127.0.0.1:8787"), ("OPENAI_API_KEY", "b"), ("OPENAI_BASE_URL", "http://127.0.0.1:8787/v1"),
            ("OPENROUTER_API_KEY", "c"), ("DEEPSEEK_API_KEY", "d"), ("EVOLINK_API_KEY", "e"), ("LITELLM_API_KEY", "f"), ("LITELLM_BASE_URL", "http://lite:4000/"),
            ("GEMINI_API_KEY", "g"), ("GROQ_API_KEY", "sk-sluice-abc"), ("AWS_ACCESS_KEY_ID", ""));

        Assert.Equal(
        [
            ("anthropic", ProviderKind.Anthropic, "https://api.anthropic.com/", "generic"),
            ("openai", ProviderKind.OpenAI, "https://api.openai.com/v1", "openai"),
            ("openrouter", ProviderKind.OpenRouter, "https://openrouter.ai/api/v1", "openrouter"),
            ("gemini", ProviderKind.Gemini, "https://generativelanguage.googleapis.com/", "generic"),
            ("deepseek", ProviderKind.OpenAI, "https://api.deepseek.com/v1", "deepseek"),
            ("evolink", ProviderKind.OpenAI, "https://api.evolink.ai/v1", "evolink"),
            ("litellm", ProviderKind.OpenAI, "http://lite:4000/", "litellm"),
        ], snapshot.Providers.Select(provider => (provider.Name, provider.Kind, provider.BaseUrl.ToString(), provider.Dialect.Name)));
        Assert.Equal(
        [
            "GROQ_API_KEY holds a key of Sluice itself, not of a provider: it is not used.",
        ], snapshot.Warnings);
    }

    [Fact]
    public void ContentHash_AnythingSubstituted_ChangesIt()
    {
        const string Yaml = "providers: [{ name: p, kind: openai, api_keys: ['${file:/k}', '${E}'] }]";
        string Hash(string file, string variable) => ConfigLoader.Load(Configs.Sources(Yaml, ("E", variable)) with { ReadFile = _ => file }).Snapshot!.ContentHash;

        Assert.Equal(Hash("a", "b"), Hash("a", "b"));
        Assert.Equal(3, new HashSet<string>([Hash("a", "b"), Hash("x", "b"), Hash("a", "x")], StringComparer.Ordinal).Count);
    }

    [Theory]
    [InlineData("A=1\nexport B = two # note\n#C=3\nD='x # y'\nE=\"q\\\"\\n\"\r\nF=p#w\nnot a line\n1G=x\nA=4", "A=4|B=two|D=x # y|E=q\"\n|F=p#w")]
    public void DotEnv_Lines_AreReadAsShellsDo(string text, string expected)
    {
        Assert.Equal(expected, string.Join('|', DotEnv.Parse(text).OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => $"{pair.Key}={pair.Value}")));
    }

    [Fact]
    public void DotEnv_Merged_NeverOverridesTheRealEnvironment()
    {
        var merged = DotEnv.MergeUnder(new Dictionary<string, string> { ["A"] = "", ["B"] = "real" }, new Dictionary<string, string> { ["A"] = "file", ["C"] = "file" });

        Assert.Equal("A=|B=real|C=file", string.Join('|', merged.OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => $"{pair.Key}={pair.Value}")));
    }

    [Theory]
    [InlineData('[')]
    [InlineData('{')]
    public void Load_EndlessNesting_IsAnErrorNotTheEnd(char bracket)
    {
        Assert.Contains("levels", Assert.Single(Configs.Errors("server: " + new string(bracket, 200_000))), StringComparison.Ordinal);
    }

    [Fact]
    public void Load_AnchorsThatMultiply_AreBounded()
    {
        var bomb = "aliases: &a { x: sim/echo }\nalerts: [" + string.Join(", ", Enumerable.Repeat("*a", 2_000)) + "]";

        Assert.Contains("levels", Assert.Single(Configs.Errors(bomb)), StringComparison.Ordinal);
    }

    [Fact]
    public void Load_DamagedFiles_NeverThrowAndNeverShowASecret()
    {
        const string Secret = "hunter2-hunter2-hunter2";
        const string Junk = ":-{}[]&*!|>'\"%@`#,?\n\t \\$a0~";
        var random = new Random(7);
        var broken = 0;
        for (var round = 0; round < 400; round++)
        {
            var text = Whole.ToCharArray().ToList();
            for (var edit = random.Next(1, 6); edit > 0; edit--)
            {
                var at = random.Next(text.Count);
                switch (random.Next(3))
                {
                    case 0: text.RemoveAt(at); break;
                    case 1: text[at] = Junk[random.Next(Junk.Length)]; break;
                    default: text.Insert(at, Junk[random.Next(Junk.Length)]); break;
                }
            }

            var result = ConfigLoader.Load(Configs.Sources(new string([.. text]), ("ANTHROPIC_API_KEY", Secret), ("ADMIN", Secret)));

            Assert.True(result.Snapshot is null == result.Errors.Count > 0);
            Assert.DoesNotContain(result.Errors, error => error.ToString().Contains(Secret, StringComparison.Ordinal) || error.Line < 1);
            broken += result.Errors.Count > 0 ? 1 : 0;
        }

        Assert.InRange(broken, 100, 399);
    }
}
