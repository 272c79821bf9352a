using Sluice.Core.Admission.Limits;
using Sluice.Protocols.Formats;
using Sluice.Protocols.Native;

namespace Sluice.Core.Configuration.Schema;

/// <summary>The configuration file's contract.</summary>
internal static class ConfigSchema
{
    private static readonly Shape Count = new IntegerShape(0, LimitSet.Most);
    private static readonly Shape ModelName = new TextShape("a model name");

    private static readonly Shape UnitRates = new ListShape(new RecordShape(
    [
        new("usd", new UsdShape(), "", "USD per unit") { IsRequired = true },
        new("size", new TextShape("a size such as 1024x1024"), "any", "as requests write it"),
        new("quality", new TextShape("a quality such as hd"), "any", "as requests write it"),
    ]));

    private static readonly Field[] TokenRates =
    [
        new("input", new UsdShape(), "", "input that no cache holds"),
        new("output", new UsdShape(), "", "output, thinking included"),
        new("cache_read", new UsdShape(), "`input`", "input read from a prompt cache"),
        new("cache_write", new UsdShape(), "`input`", "input written to a prompt cache for 5 minutes"),
        new("cache_write_1h", new UsdShape(), "`cache_write`", "input written to a prompt cache for an hour"),
        new("audio_input", new UsdShape(), "", "sound in"),
        new("audio_output", new UsdShape(), "", "sound out"),
        new("web_search", new UsdShape(), "", "one web search, in USD each"),
    ];

    private static readonly RecordShape Price = new(
    [
        .. TokenRates,
        new("image_input", new UsdShape(), "`input`", "input tokens of images, of models that make images"),
        new("image_output", new UsdShape(), "", "output tokens of images"),
        new("image", new UsdShape(), "", "one image, in USD each, of any size and quality that `images` does not list"),
        new("images", UnitRates, "none", "images whose price depends on size or quality"),
        new("video_second", new UsdShape(), "", "a second of video, in USD each, of any size that `video_seconds` does not list"),
        new("video_seconds", UnitRates, "none", "video whose price depends on size"),
        new("audio_second", new UsdShape(), "", "a second of sound that is read or spoken, in USD each"),
        new("characters", new UsdShape(), "", "characters of text that is spoken, in USD per million"),
    ]);

    private static readonly RecordShape Limits = new(
    [
        new("rpm", Count, "0", "requests in any 60 seconds; 0 is none"),
        new("input_tpm", Count, "0", "input tokens in any 60 seconds"),
        new("output_tpm", Count, "0", "output tokens in any 60 seconds"),
        new("rpd", Count, "0", "requests a day, from midnight UTC"),
        new("burst", Count, "0: all of them", "how many of a minute's requests may start at once; 1 spaces them evenly"),
        new("concurrency", Count, "0", "requests under way at once"),
    ]);

    private static readonly RecordShape Provider = new(
    [
        new("name", new TextShape("a slug of small letters, digits, - and _"), "", "how the provider is called in routes and reports") { IsRequired = true },
        new("kind", new ChoiceShape(ProviderKindNames.All), "", "wire format and authentication") { IsRequired = true },
        new("base_url", new UrlShape(), "the vendor's own", "what that vendor's own SDK takes; a path in it is kept") { InLiteLlm = ["api_base", "azure_endpoint", "aws_bedrock_runtime_endpoint"] },
        new("api_keys", new ListShape(new TextShape("a key") { IsSecret = true }), "none", "several are a pool, each with its own cooldown") { InLiteLlm = ["azure_api_key"] },
        new("limits", Limits, "none", "what the account allows; whoever finds it used up goes to the next provider, or waits"),
        new("timeouts", new RecordShape(
        [
            new("connect", new DurationShape(), "5s", "TCP and TLS"),
            new("first_token", new DurationShape(), "300s, without streaming 600s", "from the request's last byte to the first content"),
            new("idle", new DurationShape(), "240s", "the longest silence after that"),
            new("total", new DurationShape(), "60m", "one attempt as a whole"),
        ]), "", "how long to wait for what"),
        new("data_policy", new RecordShape(
        [
            new("trains", new BoolShape(), "false", "trains on prompts"),
            new("retains", new BoolShape(), "true", "keeps prompts"),
            new("zdr", new BoolShape(), "false", "zero data retention is agreed"),
        ]), "", "what the provider does with prompts: by it requests with `data_collection: deny` or `zdr` choose"),
        new("region", new TextShape("a label; for bedrock an AWS region"), "none; bedrock: `AWS_REGION`", "where it is") { InLiteLlm = ["aws_region_name", "aws_region"] },
        new("auth", new ChoiceShape(["key", "entra", "machine"]), "key", "`key`: by api_keys or the cloud's own keys and files; `entra` (azure): a token of Entra ID; `machine` (azure, bedrock, vertex): the identity that the cloud gives this machine"),
        new("api_version", new TextShape("an API version of Azure"), "none: the `/openai/v1` addresses", "azure: a dated one means the addresses with the deployment in the path"),
        new("deployments", new MapShape("a model of the catalogue", new TextShape("the name of its deployment")), "none", "azure: which models of the catalogue are served, by which deployment"),
        new("tenant_id", new TextShape("an Entra directory"), "`AZURE_TENANT_ID`", "azure with `auth: entra`") { InLiteLlm = ["azure_tenant_id"] },
        new("client_id", new TextShape("an Entra application"), "`AZURE_CLIENT_ID`", "azure with `auth: entra`, or one of several managed identities") { InLiteLlm = ["azure_client_id"] },
        new("client_secret", new TextShape("the application's secret") { IsSecret = true }, "`AZURE_CLIENT_SECRET`, else the token in `AZURE_FEDERATED_TOKEN_FILE`", "azure with `auth: entra`") { InLiteLlm = ["azure_client_secret"] },
        new("access_key_id", new TextShape("an AWS access key id"), "`AWS_ACCESS_KEY_ID`", "bedrock; a Bedrock API key goes into api_keys") { InLiteLlm = ["aws_access_key_id"] },
        new("secret_access_key", new TextShape("an AWS secret access key") { IsSecret = true }, "`AWS_SECRET_ACCESS_KEY`", "bedrock") { InLiteLlm = ["aws_secret_access_key"] },
        new("session_token", new TextShape("an AWS session token") { IsSecret = true }, "`AWS_SESSION_TOKEN`", "bedrock, with temporary keys") { InLiteLlm = ["aws_session_token"] },
        new("profile", new TextShape("a profile of AWS's own files"), "`AWS_PROFILE`, else `default`", "bedrock, where no keys are given") { InLiteLlm = ["aws_profile_name"] },
        new("project", new TextShape("a Google Cloud project"), "`GOOGLE_CLOUD_PROJECT`; none in express mode", "vertex") { InLiteLlm = ["vertex_project"] },
        new("location", new TextShape("a location such as us-east5, or global"), "`GOOGLE_CLOUD_LOCATION`, else `global`", "vertex: in the host and in the path") { InLiteLlm = ["vertex_location"] },
        new("credentials", new TextShape("the text of a Google credential file, such as ${file:/path}") { IsSecret = true }, "credentials_file", "vertex"),
        new("credentials_file", new TextShape("a path"), "`GOOGLE_APPLICATION_CREDENTIALS`, else what gcloud left in the home folder", "vertex: a Google credential file of any type") { InLiteLlm = ["vertex_credentials"] },
        new("dialect", new TextShape($"one of {string.Join(", ", Dialects.Known)}"), "by host name", "quirks of an OpenAI-compatible server"),
    ]);

    private static readonly RecordShape Model = new(
    [
        new("id", ModelName, "", "canonical, usually `author/slug`") { IsRequired = true },
        new("name", new TextShape("a name"), "the id", "for people"),
        new("context", new IntegerShape(1, 1_000_000_000), "not known", "tokens of the window"),
        new("max_output", new IntegerShape(1, 1_000_000_000), "not known", "most output tokens of one answer"),
        new("capabilities", new ListShape(new ChoiceShape(Capabilities.Words)), "not known", "all that the model can do; what is not listed, it cannot"),
        new("makes", new ListShape(new ChoiceShape(ProductWords.All)), "the catalogue's; `[text]` beside `capabilities`; else not known", "what the model makes: requests for anything else are refused"),
        new("ends", new TextShape("a day such as 2027-01-31"), "not known", "the last day of the model: lists show it and answers warn of it; after it the model's fallbacks answer, or a 404 that names its successors"),
        new("endpoints", new ListShape(new RecordShape(
        [
            new("provider", new TextShape("a provider's name"), "", "who serves it") { IsRequired = true },
            new("model", new TextShape("the provider's own name of the model"), "", "how the provider calls it") { IsRequired = true },
            new("price", Price, "the catalogue's, where it knows the host", "USD per million tokens"),
            new("tiers", new RecordShape(
            [
                new("flex", new RecordShape([new("price", new RecordShape(TokenRates), "half of the endpoint's", "USD per million tokens")]), "not offered", "cheaper and slower; see [service-tiers.md](service-tiers.md)"),
                new("priority", new RecordShape([new("price", new RecordShape(TokenRates), "the catalogue's, where it knows the host", "USD per million tokens")]), "not offered", "faster and dearer"),
            ]), "the catalogue's, where it knows the host", "service tiers that it is offered in: requests name them `provider/flex` and `provider/priority`"),
            new("context", new IntegerShape(1, 1_000_000_000), "the model's", "tokens of the window there"),
            new("max_output", new IntegerShape(1, 1_000_000_000), "the model's", "most output tokens of one answer there"),
            new("quantization", new ChoiceShape(Quantizations.Words), "not known", "how the weights are kept there"),
            new("tag", new TextShape("a word such as turbo or us-east5"), "none", "requests name this endpoint `provider/tag`"),
            new("parameters", new ListShape(new ChoiceShape(RequestParameterNames.All)), "what the provider's kind and the model take", "all request parameters that are taken there"),
        ])), "none", "all endpoints of the model") { IsRequired = true },
    ]);

    /// <summary>The whole file.</summary>
    public static readonly RecordShape Root = new(
    [
        new("server", new RecordShape(
        [
            new("urls", new ListShape(new TextShape("an address to listen on, such as http://127.0.0.1:8787")), "http://127.0.0.1:8787", "addresses to listen on; `--urls` and `SLUICE_URLS` come before it"),
            new("max_body", new SizeShape(), "32MiB", "largest request body"),
            new("max_buffered", new SizeShape(), "a quarter of memory", "all request bodies held at once"),
        ]), "", "what listens and how much it takes"),
        new("storage", new TextShape("sqlite:PATH or postgres://USER:PASSWORD@HOST:PORT/DATABASE") { IsSecret = true }, "sqlite:DATA/sluice.db", "the store ([storage.md](storage.md)); `--storage` and `SLUICE_STORAGE` come before it"),
        new("auth", new RecordShape(
        [
            new("mode", new ChoiceShape(["keys", "open"]), "keys", "`open` takes any key or none, on loopback addresses only"),
            new("admin_key", new TextShape("at least 16 characters") { IsSecret = true }, "`SLUICE_ADMIN_KEY`, else made at first start", "opens the admin API"),
        ]), "", "who may call"),
        new("providers", new ListShape(Provider), "one for each provider key in the environment", "upstream accounts, in order of preference"),
        new("models", new ListShape(Model), "the built-in catalogue", "models that the catalogue does not know, or endpoints that replace its own"),
        new("aliases", new MapShape("a name, `*` allowed", ModelName), "none", "further names of models"),
        new("fallbacks", new MapShape("a model, or `*`", new ListShape(ModelName)), "none", "models to try after one failed"),
        new("rules", new ListShape(new RecordShape(
        [
            new("name", new TextShape("letters, digits, spaces, - and _, at most 64"), "`rule 1` and so on, by its place", "how the rule is called in headers and explanations; canaries stay as they are as long as it does"),
            new("when", new TextShape("an expression"), "always", "which requests; see [rules.md](rules.md)"),
            new("use", new ListShape(ModelName), "the request's own", "models in the place of the request's, in order"),
            new("only", new ListShape(new TextShape("a provider's name")), "all", "the only providers that may serve it"),
            new("order", new ListShape(new TextShape("a provider's name")), "the configured one", "providers to try first, where the request names none"),
            new("sort", new ChoiceShape(["order", "balanced", "price", "throughput", "latency"]), "`routing.sort`", "how endpoints are ordered, where the request does not say"),
            new("deadline", new DurationShape(), "`timeouts.request`", "how long such a request may take in all"),
        ])), "none", "requests that go elsewhere than they ask; the first that holds counts"),
        new("auto", new RecordShape(
        [
            new("tiers", new RecordShape(
            [
                new("simple", new ListShape(ModelName), "small models", "to classify, to label, to answer in a sentence"),
                new("code", new ListShape(ModelName), "coders", "to write and change code, and the work of agents with tools"),
                new("hard", new ListShape(ModelName), "the strongest models", "to reason: proofs, designs, plans, causes"),
                new("bulk", new ListShape(ModelName), "open and cheap models", "much to read, little to think: summarise, extract, translate"),
            ]), "", "models of each task, in order; see [auto.md](auto.md)"),
        ]), "the shipped tiers", "what `sluice/auto` chooses among"),
        new("routing", new RecordShape(
        [
            new("sort", new ChoiceShape(["order", "balanced", "price", "throughput", "latency"]), "order", "how endpoints of one model are ordered"),
            new("affinity", new ChoiceShape(["session", "none"]), "session", "whether a session stays where its prompt cache is warm"),
            new("retries", new IntegerShape(0, 10), "2", "repeats after every candidate was tried once"),
            new("retry_budget", new PercentShape(), "10%", "share of traffic that repeats and hedges may add"),
            new("hedge", new DurationShape { TakesOff = true }, "off", "how long a candidate may show nothing before the next one is asked as well; the quicker answers, both are charged, so leave it well above what models usually take"),
        ]), "", "order, affinity, retries"),
        new("timeouts", new RecordShape(
        [
            new("request", new DurationShape { TakesOff = true }, "off", "how long a request may take in all, over every attempt; until anything has been sent also no longer than the client says it waits; then 408"),
        ]), "", "deadlines of whole requests; those of single attempts are `providers[].timeouts`"),
        new("keepalive", new RecordShape(
        [
            new("after", new DurationShape(), "20s", "silence before the first sign of life"),
            new("every", new DurationShape(), "15s", "between further ones"),
        ]), "", "signs of life on silent streams"),
        new("reasoning", new RecordShape(
        [
            new("keep", new DurationShape { TakesOff = true }, "24h", "how long the thinking before a tool call is kept, since it was last needed, for clients that leave it out of their histories; `off` keeps none and deletes what was kept"),
        ]), "", "what is kept of a conversation"),
        new("breaker", new RecordShape(
        [
            new("failures", new IntegerShape(1, 10_000), "5", "failures without a success between that open an endpoint's circuit"),
            new("window", new DurationShape(), "30s", "within this time"),
            new("open", new DurationShape(), "15s", "how long it stays open at first, doubled each time that a probe fails; also the least time between probes"),
            new("max_open", new DurationShape(), "5m", "and at most"),
        ]), "", "circuit breaker"),
        new("guardrails", new ListShape(new RecordShape(
        [
            new("name", new TextShape("a name of at most 64 letters"), "", "how it is called where it refuses") { IsRequired = true },
            new("pattern", new TextShape("a regular expression"), "", "what no prompt may hold; without look-around and references back; `(?i)` in front takes large and small letters alike") { IsRequired = true },
            new("scope", new TextShape("key:ID, user:NAME, team:NAME, project:NAME or organization"), "all callers", "whose requests"),
            new("action", new ChoiceShape(["refuse"]), "refuse", "what becomes of such a request"),
        ])), "none", "patterns that requests are refused for; see [guardrails.md](guardrails.md)"),
        new("limits", new RecordShape(
        [
            new("default_key", Limits, "none", "each key that has no limits of its own; those of keys, users, teams, projects, models and of the organization are set by `sluice limits`"),
            new("free", new RecordShape(
            [
                new("rpm", Count, "0", "requests a minute; 0 is none"),
                new("rpd", Count, "0", "requests a day, from midnight UTC"),
            ]), "none", "what each user may ask of models that cost nothing"),
            new("message", new TextShape("one sentence"), "Rate limit exceeded.", "the first words of a refusal by such a limit"),
        ]), "none", "limits of callers"),
        new("fairness", new RecordShape(
        [
            new("by", new ChoiceShape(["user", "team", "project", "key"]), "user", "between whom scarce quota is shared equally, and within each between sessions"),
            new("interactive_weight", new IntegerShape(1, 1000), "4", "interactive requests for each of the background, while both wait"),
        ]), "", "whose turn it is among those who wait"),
        new("queue", new RecordShape(
        [
            new("max_wait", new DurationShape { TakesOff = true }, "20s", "the longest that a request waits for limits, 5m at most; `off`: it is refused at once"),
            new("max_waiting", new IntegerShape(0, 10_000), "1000", "how many requests may wait"),
        ]), "", "requests that wait for limits"),
        new("degrade", new RecordShape(
        [
            new("context", new ChoiceShape(["off", "middle-out"]), "off", "what follows when a conversation is too long for every model that may answer: nothing, so that the agent compacts, or its middle is left out"),
        ]), "", "what is done rather than failing; see [degradation.md](degradation.md)"),
        new("cache", new RecordShape(
        [
            new("enabled", new BoolShape(), "for requests that ask for it", "`true`: answers are kept for every request that does not refuse it; `false`: for none, whatever it asks"),
            new("ttl", new DurationShape(), "5m", "how long a kept answer stands for a fresh one, where the request does not say"),
            new("stale", new DurationShape { TakesOff = true }, "off", "how much longer it may stand for one that nobody can give, while every provider fails"),
            new("max_size", new SizeShape(), "256MiB", "how many bytes of answers are kept; the longest unused go first"),
        ]), "", "answers kept in memory for the same request of the same key; see [degradation.md](degradation.md)"),
        new("alerts", new ListShape(new RecordShape(
        [
            new("webhook", new TextShape("an address") { IsSecret = true }, "", "where to") { IsRequired = true },
            new("at", new ListShape(new IntegerShape(1, 1000)), "", "percent of a budget"),
        ])), "none", "budget alerts") { IsNotBuilt = true },
        new("telemetry", new RecordShape(
        [
            new("otlp", new TextShape("an address"), "none", "OpenTelemetry collector") { IsNotBuilt = true },
            new("prometheus", new BoolShape(), "true", "serve `/metrics`") { IsNotBuilt = true },
            new("log_bodies", new BoolShape(), "false", "write prompts and answers to the log") { IsNotBuilt = true },
        ]), "", "metrics, traces, logs"),
        new("ledger", new RecordShape([new("durability", new ChoiceShape(["os", "power"]), "os", "`power` syncs each group of records to the disk")]), "", "the journal of attempts"),
    ]);
}
