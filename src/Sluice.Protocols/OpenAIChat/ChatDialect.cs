namespace Sluice.Protocols.OpenAIChat;

/// <summary>How reasoning of earlier turns goes back to a server.</summary>
public enum ReasoningReplay
{
    /// <summary>Not at all: the server ignores or refuses it.</summary>
    None,

    /// <summary><c>reasoning_content</c> on turns that called tools; elsewhere the server drops it.</summary>
    ContentOnToolCalls,

    /// <summary><c>reasoning_content</c> on every turn.</summary>
    Content,

    /// <summary>The <c>reasoning_details</c> array, with signatures.</summary>
    Details,

    /// <summary>Thinking parts inside the <c>content</c> array.</summary>
    Parts,
}

/// <summary>How a server is told to think.</summary>
public enum ReasoningSwitch
{
    /// <summary><c>reasoning_effort</c>.</summary>
    Effort,

    /// <summary><c>reasoning: {effort | max_tokens | enabled}</c>.</summary>
    ReasoningObject,

    /// <summary><c>thinking: {type: enabled | disabled}</c>, and no amount.</summary>
    ThinkingType,

    /// <summary><c>enable_thinking</c> and <c>thinking_budget</c>.</summary>
    EnableThinking,
}

/// <summary>The quirks of one OpenAI-compatible server: where it differs from OpenAI in what it takes, sends or counts.</summary>
/// <param name="Name">As configured: <c>openai</c>, <c>openrouter</c>, <c>deepseek</c>, …</param>
public sealed record ChatDialect(string Name)
{
    /// <summary>No known quirk.</summary>
    public static readonly ChatDialect Generic = new("generic");

    /// <summary>api.openai.com and Azure's deployments of OpenAI models.</summary>
    public static readonly ChatDialect OpenAI = new("openai")
    {
        TakesFiles = true,
        MaxToolIdLength = 40,
        NewModelsTakeMaxCompletionTokens = true,
        ReasoningModelsRefuseSampling = true,
        KnowsDeveloperRole = true,
        MaxStops = 4,
    };

    /// <summary>openrouter.ai.</summary>
    public static readonly ChatDialect OpenRouter = new("openrouter")
    {
        TakesFiles = true,
        TakesFileUrls = true,
        TakesTopK = true,
        TakesCacheMarks = true,
        TakesGatewayMembers = true,
        Replay = ReasoningReplay.Details,
        Switch = ReasoningSwitch.ReasoningObject,
    };

    /// <summary>api.deepseek.com.</summary>
    public static readonly ChatDialect DeepSeek = new("deepseek")
    {
        Replay = ReasoningReplay.ContentOnToolCalls,
        Switch = ReasoningSwitch.ThinkingType,
        TakesJsonSchema = false,
    };

    /// <summary>Alibaba's DashScope.</summary>
    public static readonly ChatDialect Qwen = new("qwen") { Switch = ReasoningSwitch.EnableThinking, TakesTopK = true };

    /// <summary>api.mistral.ai.</summary>
    public static readonly ChatDialect Mistral = new("mistral")
    {
        Replay = ReasoningReplay.Parts,
        ExactToolIdLength = 9,
        TakesStreamOptions = false,
        AnyToolWord = "any",
        AnswerBetweenToolAndUser = true,
    };

    /// <summary>api.x.ai.</summary>
    public static readonly ChatDialect XAI = new("xai") { ReasoningOutsideCompletion = true };

    /// <summary>api.z.ai and open.bigmodel.cn.</summary>
    public static readonly ChatDialect Zai = new("zai") { Replay = ReasoningReplay.Content, Switch = ReasoningSwitch.ThinkingType };

    /// <summary>api.moonshot.ai.</summary>
    public static readonly ChatDialect Moonshot = new("moonshot") { Replay = ReasoningReplay.Content };

    /// <summary>api.cerebras.ai: ends its streams without <c>[DONE]</c>.</summary>
    public static readonly ChatDialect Cerebras = new("cerebras");

    /// <summary>api.perplexity.ai: no <c>[DONE]</c>, reasoning as <c>&lt;think&gt;</c> in the text.</summary>
    public static readonly ChatDialect Perplexity = new("perplexity") { ThinkTagsInText = true };

    /// <summary>A local vLLM server.</summary>
    public static readonly ChatDialect Vllm = new("vllm") { TakesTopK = true };

    // Names that exist so that a configuration can say what it means, without a known difference from generic.
    private static readonly string[] PlainNames = ["evolink", "litellm", "groq", "together", "fireworks", "ollama", "lmstudio"];

    private static readonly Dictionary<string, ChatDialect> Known = Index();

    private static readonly (string Suffix, string Name)[] Hosts =
    [
        ("api.openai.com", "openai"), ("openai.azure.com", "openai"), ("openrouter.ai", "openrouter"), ("evolink.ai", "evolink"),
        ("deepseek.com", "deepseek"), ("aliyuncs.com", "qwen"), ("mistral.ai", "mistral"), ("groq.com", "groq"), ("x.ai", "xai"),
        ("z.ai", "zai"), ("bigmodel.cn", "zai"), ("moonshot.ai", "moonshot"), ("moonshot.cn", "moonshot"), ("together.xyz", "together"),
        ("together.ai", "together"), ("fireworks.ai", "fireworks"), ("cerebras.ai", "cerebras"), ("perplexity.ai", "perplexity"),
    ];

    /// <summary>Every name that a configuration may use, in the documentation's order.</summary>
    public static IReadOnlyList<string> Names { get; } =
    [
        "openai", "openrouter", "evolink", "litellm", "deepseek", "qwen", "mistral", "groq", "xai", "zai", "moonshot", "together",
        "fireworks", "cerebras", "perplexity", "ollama", "vllm", "lmstudio", "generic",
    ];

    /// <summary>Takes PDF documents as <c>file</c> parts with inline bytes.</summary>
    public bool TakesFiles { get; init; }

    /// <summary><c>file_data</c> may be a web address.</summary>
    public bool TakesFileUrls { get; init; }

    /// <summary>Knows <c>top_k</c>.</summary>
    public bool TakesTopK { get; init; }

    /// <summary>Hands <c>cache_control</c> on to models that know it (Claude).</summary>
    public bool TakesCacheMarks { get; init; }

    /// <summary>Is itself a gateway and reads <c>provider</c>, <c>models</c>, <c>plugins</c> and their like.</summary>
    public bool TakesGatewayMembers { get; init; }

    /// <summary>Knows <c>stream_options</c>; where it does not, usage comes unasked.</summary>
    public bool TakesStreamOptions { get; init; } = true;

    /// <summary>Knows <c>response_format.type: json_schema</c>; else only <c>json_object</c>.</summary>
    public bool TakesJsonSchema { get; init; } = true;

    /// <summary>Longest tool call id taken; 0 for no known bound.</summary>
    public int MaxToolIdLength { get; init; }

    /// <summary>Tool call ids must be exactly this many letters and digits; 0 for no such rule.</summary>
    public int ExactToolIdLength { get; init; }

    /// <summary>Most stop texts taken; 0 for no known bound.</summary>
    public int MaxStops { get; init; } = 4;

    /// <summary>The word for "some tool must be called".</summary>
    public string AnyToolWord { get; init; } = "required";

    /// <summary>A user message straight after a tool message is refused; a short assistant message goes between them.</summary>
    public bool AnswerBetweenToolAndUser { get; init; }

    /// <summary>The o-series and gpt-5 and later refuse <c>max_tokens</c>.</summary>
    public bool NewModelsTakeMaxCompletionTokens { get; init; }

    /// <summary>The o-series and gpt-5 and later refuse temperature, penalties and stop texts.</summary>
    public bool ReasoningModelsRefuseSampling { get; init; }

    /// <summary>The o-series and gpt-5 and later call the system role <c>developer</c>.</summary>
    public bool KnowsDeveloperRole { get; init; }

    /// <summary>How earlier reasoning goes back.</summary>
    public ReasoningReplay Replay { get; init; }

    /// <summary>How thinking is asked for.</summary>
    public ReasoningSwitch Switch { get; init; }

    /// <summary>Reasoning comes as <c>&lt;think&gt;…&lt;/think&gt;</c> at the start of the text.</summary>
    public bool ThinkTagsInText { get; init; }

    /// <summary><c>completion_tokens</c> leaves reasoning out.</summary>
    public bool ReasoningOutsideCompletion { get; init; }

    /// <summary>The dialect of that name, null for a name that is not in <see cref="Names"/>.</summary>
    public static ChatDialect? ByName(string name) => Known.GetValueOrDefault(name);

    /// <summary>The dialect of a provider's host (its own name or a name under it), <see cref="Generic"/> for hosts nobody knows.</summary>
    public static ChatDialect ForHost(string host)
    {
        foreach (var (suffix, name) in Hosts)
        {
            if (host.EndsWith(suffix, StringComparison.OrdinalIgnoreCase)
                && (host.Length == suffix.Length || host[host.Length - suffix.Length - 1] == '.'))
            {
                return Known[name];
            }
        }

        return Generic;
    }

    private static Dictionary<string, ChatDialect> Index()
    {
        ChatDialect[] own = [OpenAI, OpenRouter, DeepSeek, Qwen, Mistral, XAI, Zai, Moonshot, Cerebras, Perplexity, Vllm, Generic];
        var index = own.ToDictionary(d => d.Name, StringComparer.Ordinal);
        foreach (var name in PlainNames)
        {
            index.Add(name, Generic with { Name = name });
        }

        return index;
    }
}
