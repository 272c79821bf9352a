using Sluice.Core.Pricing;

namespace Sluice.Core.Tests.Pricing;

/// <summary>A usage block as a provider sends it, and what it costs.</summary>
/// <param name="Why">What the line is about.</param>
/// <param name="Sheet">The rates; null where none are known.</param>
/// <param name="Wire"><c>anthropic</c>, or the name of a Chat dialect.</param>
/// <param name="Json">The block.</param>
/// <param name="Usd">Dollars, computed by hand to the nano-dollar.</param>
/// <param name="Flagged">Something in it has no known price.</param>
internal sealed record UsageBlock(string Why, PriceSheet? Sheet, string Wire, string Json, decimal Usd, bool Flagged = false);

/// <summary>
/// Usage blocks of every vendor with hand-computed dollars. Behind each line stands its sum: tokens × USD per million tokens, and fees as they are.
/// </summary>
internal static class UsageBlocks
{
    private static readonly PriceSheet Sonnet = new() { Input = 3, Output = 15, CacheRead = 0.3m, CacheWrite5m = 3.75m, CacheWrite1h = 6, WebSearch = 0.01m };
    private static readonly PriceSheet SonnetLong = Sonnet with { Tiers = [new PriceTier(200_000, new PriceSheet { Input = 6, Output = 22.5m, CacheRead = 0.6m, CacheWrite5m = 7.5m, CacheWrite1h = 12 })] };
    private static readonly PriceSheet NoFee = Sonnet with { WebSearch = null };
    private static readonly PriceSheet Opus = new() { Input = 5, Output = 25, CacheRead = 0.5m, CacheWrite5m = 6.25m, CacheWrite1h = 10 };
    private static readonly PriceSheet Haiku = new() { Input = 1, Output = 5, CacheRead = 0.1m, CacheWrite5m = 1.25m, CacheWrite1h = 2, WebSearch = 0.01m };
    private static readonly PriceSheet Gpt4o = new() { Input = 2.5m, Output = 10, CacheRead = 1.25m };
    private static readonly PriceSheet Gpt4oMini = new() { Input = 0.15m, Output = 0.6m, CacheRead = 0.075m };
    private static readonly PriceSheet Gpt4oAudio = Gpt4o with { AudioInput = 40, AudioOutput = 80 };
    private static readonly PriceSheet Gpt5 = new() { Input = 1.25m, Output = 10, CacheRead = 0.125m, ServiceTiers = new Dictionary<string, decimal> { ["priority"] = 2 } };
    private static readonly PriceSheet Router = new() { Input = 0.22m, Output = 1.32m, CacheRead = 0.022m, CacheWrite5m = 0.275m };
    private static readonly PriceSheet DeepSeek = new() { Input = 0.28m, Output = 0.42m, CacheRead = 0.028m };
    private static readonly PriceSheet Grok = new() { Input = 0.3m, Output = 0.5m, CacheRead = 0.075m };
    private static readonly PriceSheet GrokLong = new() { Input = 3, Output = 15, CacheRead = 0.75m, Tiers = [new PriceTier(128_000, new PriceSheet { Input = 6, Output = 30 })] };
    private static readonly PriceSheet Flash = new() { Input = 0.3m, Output = 2.5m, CacheRead = 0.03m };
    private static readonly PriceSheet GeminiPro = new() { Input = 1.25m, Output = 10, CacheRead = 0.125m, Tiers = [new PriceTier(200_000, new PriceSheet { Input = 2.5m, Output = 15, CacheRead = 0.25m })] };
    private static readonly PriceSheet Kimi = new() { Input = 0.6m, Output = 2.5m, CacheRead = 0.15m };
    private static readonly PriceSheet Sonar = new() { Input = 1, Output = 1, WebSearch = 0.005m };
    private static readonly PriceSheet Mistral = new() { Input = 0.4m, Output = 2 };
    private static readonly PriceSheet Glm = new() { Input = 0.6m, Output = 2.2m, CacheRead = 0.11m };
    private static readonly PriceSheet Free = new() { Input = 0, Output = 0 };
    private static readonly PriceSheet Tiny = new() { Input = 0.0001m, CacheRead = 0.0005m, Output = 0.0015m };
    private static readonly PriceSheet NoOutput = new() { Input = 2.5m };
    private const PriceSheet? None = null;

    /// <summary>All lines.</summary>
    public static readonly IReadOnlyList<UsageBlock> All =
    [
        // Anthropic: the counts are disjoint; a write has a lifetime.
        new("no cache at all", Sonnet, "anthropic",
            """{"input_tokens":1000,"output_tokens":500}""",
            Usd: 0.010500000m), // 1000 × 3 + 500 × 15
        new("zero counts", Sonnet, "anthropic",
            """{"input_tokens":0,"output_tokens":0}""",
            Usd: 0.000000000m), // 0 × 3
        new("one token each way", Haiku, "anthropic",
            """{"input_tokens":1,"output_tokens":1}""",
            Usd: 0.000006000m), // 1 × 1 + 1 × 5
        new("the cache members are there and zero", Sonnet, "anthropic",
            """{"input_tokens":12,"cache_creation_input_tokens":0,"cache_read_input_tokens":0,"output_tokens":34}""",
            Usd: 0.000546000m), // 12 × 3 + 34 × 15
        new("written without a breakdown: five minutes", Sonnet, "anthropic",
            """{"input_tokens":4,"cache_creation_input_tokens":2048,"cache_read_input_tokens":0,"output_tokens":120}""",
            Usd: 0.009492000m), // 4 × 3 + 2048 × 3.75 + 120 × 15
        new("written for five minutes", Sonnet, "anthropic",
            """{"input_tokens":4,"cache_creation_input_tokens":2048,"cache_creation":{"ephemeral_5m_input_tokens":2048,"ephemeral_1h_input_tokens":0},"output_tokens":120}""",
            Usd: 0.009492000m), // 4 × 3 + 2048 × 3.75 + 120 × 15
        new("written for an hour", Sonnet, "anthropic",
            """{"input_tokens":17,"cache_creation_input_tokens":2056,"cache_creation":{"ephemeral_5m_input_tokens":0,"ephemeral_1h_input_tokens":2056},"output_tokens":100}""",
            Usd: 0.013887000m), // 17 × 3 + 2056 × 6 + 100 × 15
        new("written for both lifetimes in one request", Sonnet, "anthropic",
            """{"input_tokens":3,"cache_creation_input_tokens":2070,"cache_creation":{"ephemeral_5m_input_tokens":14,"ephemeral_1h_input_tokens":2056},"output_tokens":459}""",
            Usd: 0.019282500m), // 3 × 3 + 14 × 3.75 + 2056 × 6 + 459 × 15
        new("a breakdown that covers a part: the rest is five minutes", Sonnet, "anthropic",
            """{"input_tokens":3,"cache_creation_input_tokens":1000,"cache_creation":{"ephemeral_1h_input_tokens":400},"output_tokens":1}""",
            Usd: 0.004674000m), // 3 × 3 + 600 × 3.75 + 400 × 6 + 1 × 15
        new("read only", Sonnet, "anthropic",
            """{"input_tokens":6,"cache_read_input_tokens":100000,"output_tokens":10}""",
            Usd: 0.030168000m), // 6 × 3 + 100000 × 0.3 + 10 × 15
        new("read and written: neither at the other's price", Sonnet, "anthropic",
            """{"input_tokens":6,"cache_read_input_tokens":1069,"cache_creation_input_tokens":85,"output_tokens":110}""",
            Usd: 0.002307450m), // 6 × 3 + 1069 × 0.3 + 85 × 3.75 + 110 × 15
        new("read, and written for both lifetimes", Opus, "anthropic",
            """{"input_tokens":11,"cache_read_input_tokens":7000,"cache_creation_input_tokens":300,"cache_creation":{"ephemeral_5m_input_tokens":100,"ephemeral_1h_input_tokens":200},"output_tokens":50}""",
            Usd: 0.007430000m), // 11 × 5 + 7000 × 0.5 + 100 × 6.25 + 200 × 10 + 50 × 25
        new("everything from the cache", Haiku, "anthropic",
            """{"input_tokens":0,"cache_read_input_tokens":54321,"output_tokens":7}""",
            Usd: 0.005467100m), // 54321 × 0.1 + 7 × 5
        new("null counts are nothing", Haiku, "anthropic",
            """{"input_tokens":9,"cache_creation_input_tokens":null,"cache_read_input_tokens":null,"output_tokens":8}""",
            Usd: 0.000049000m), // 9 × 1 + 8 × 5
        new("thinking is inside the output already", Opus, "anthropic",
            """{"input_tokens":100,"output_tokens":900,"output_tokens_details":{"thinking_tokens":850}}""",
            Usd: 0.023000000m), // 100 × 5 + 900 × 25
        new("one search", Haiku, "anthropic",
            """{"input_tokens":2254,"cache_creation_input_tokens":17269,"output_tokens":110,"server_tool_use":{"web_search_requests":1}}""",
            Usd: 0.034390250m), // 2254 × 1 + 17269 × 1.25 + 110 × 5 + $0.01
        new("three searches, no fetch fee", Sonnet, "anthropic",
            """{"input_tokens":100,"output_tokens":10,"server_tool_use":{"web_search_requests":3,"web_fetch_requests":5}}""",
            Usd: 0.030450000m), // 100 × 3 + 10 × 15 + $0.03
        new("search count zero", Sonnet, "anthropic",
            """{"input_tokens":100,"output_tokens":10,"server_tool_use":{"web_search_requests":0}}""",
            Usd: 0.000450000m), // 100 × 3 + 10 × 15
        new("a search and no known fee: flagged, tokens charged", NoFee, "anthropic",
            """{"input_tokens":100,"output_tokens":10,"server_tool_use":{"web_search_requests":1}}""",
            Usd: 0.000450000m, Flagged: true), // 100 × 3 + 10 × 15
        new("an unknown member changes nothing", Sonnet, "anthropic",
            """{"input_tokens":10,"output_tokens":20,"inference_geo":"global","x_new":{"input_tokens":99999}}""",
            Usd: 0.000330000m), // 10 × 3 + 20 × 15

        // Anthropic: service tiers.
        new("standard", Sonnet, "anthropic",
            """{"input_tokens":1000,"output_tokens":100,"service_tier":"standard"}""",
            Usd: 0.004500000m), // 1000 × 3 + 100 × 15
        new("batch is half, the cache too", Sonnet, "anthropic",
            """{"input_tokens":1000,"cache_read_input_tokens":1000,"cache_creation_input_tokens":1000,"cache_creation":{"ephemeral_1h_input_tokens":1000,"ephemeral_5m_input_tokens":0},"output_tokens":100,"service_tier":"batch"}""",
            Usd: 0.005400000m), // 1000 × 3 + 1000 × 0.3 + 1000 × 6 + 100 × 15, tokens × 0.5
        new("batch does not halve searches", Sonnet, "anthropic",
            """{"input_tokens":1000,"output_tokens":100,"service_tier":"batch","server_tool_use":{"web_search_requests":2}}""",
            Usd: 0.022250000m), // 1000 × 3 + 100 × 15 + $0.02, tokens × 0.5
        new("priority without a known factor: list price, flagged", Sonnet, "anthropic",
            """{"input_tokens":1000,"output_tokens":100,"service_tier":"priority"}""",
            Usd: 0.004500000m, Flagged: true), // 1000 × 3 + 100 × 15

        // Anthropic: long input is a step on the whole request.
        new("exactly at the step", SonnetLong, "anthropic",
            """{"input_tokens":200000,"output_tokens":100}""",
            Usd: 0.601500000m), // 200000 × 3 + 100 × 15
        new("one above", SonnetLong, "anthropic",
            """{"input_tokens":200001,"output_tokens":100}""",
            Usd: 1.202256000m), // 200001 × 6 + 100 × 22.5
        new("cached tokens count for the step", SonnetLong, "anthropic",
            """{"input_tokens":1,"cache_read_input_tokens":200000,"output_tokens":2}""",
            Usd: 0.120051000m), // 1 × 6 + 200000 × 0.6 + 2 × 22.5
        new("written tokens count for the step", SonnetLong, "anthropic",
            """{"input_tokens":1,"cache_creation_input_tokens":200000,"cache_creation":{"ephemeral_5m_input_tokens":100000,"ephemeral_1h_input_tokens":100000},"output_tokens":2}""",
            Usd: 1.950051000m), // 1 × 6 + 100000 × 7.5 + 100000 × 12 + 2 × 22.5
        new("output does not count for the step", SonnetLong, "anthropic",
            """{"input_tokens":199999,"output_tokens":64000}""",
            Usd: 1.559997000m), // 199999 × 3 + 64000 × 15
        new("long and batch", SonnetLong, "anthropic",
            """{"input_tokens":300000,"output_tokens":1000,"service_tier":"batch"}""",
            Usd: 0.911250000m), // 300000 × 6 + 1000 × 22.5, tokens × 0.5

        // Anthropic: inner calls are billed each by itself.
        new("compaction, which the top level leaves out", Sonnet, "anthropic",
            """{"input_tokens":181,"output_tokens":8,"iterations":[{"type":"compaction","input_tokens":100,"cache_read_input_tokens":55096,"output_tokens":83},{"type":"message","input_tokens":181,"output_tokens":8}]}""",
            Usd: 0.018736800m), // 100 × 3 + 55096 × 0.3 + 83 × 15 + 181 × 3 + 8 × 15
        new("two inner calls below the step are not lifted by their sum", SonnetLong, "anthropic",
            """{"input_tokens":300000,"output_tokens":20,"iterations":[{"type":"message","input_tokens":150000,"output_tokens":10},{"type":"message","input_tokens":150000,"output_tokens":10}]}""",
            Usd: 0.900300000m), // 150000 × 3 + 10 × 15 + 150000 × 3 + 10 × 15

        // OpenAI: cached and audio tokens are inside the prompt, thinking and predictions inside the completion.
        new("no details", Gpt4o, "openai",
            """{"prompt_tokens":1000,"completion_tokens":500,"total_tokens":1500}""",
            Usd: 0.007500000m), // 1000 × 2.5 + 500 × 10
        new("cached part of the prompt, once", Gpt4o, "openai",
            """{"prompt_tokens":1420,"completion_tokens":100,"total_tokens":1520,"prompt_tokens_details":{"cached_tokens":1280,"audio_tokens":0}}""",
            Usd: 0.002950000m), // 140 × 2.5 + 1280 × 1.25 + 100 × 10
        new("the whole prompt cached", Gpt5, "openai",
            """{"prompt_tokens":2048,"completion_tokens":3,"total_tokens":2051,"prompt_tokens_details":{"cached_tokens":2048}}""",
            Usd: 0.000286000m), // 2048 × 0.125 + 3 × 10
        new("cached zero", Gpt4o, "openai",
            """{"prompt_tokens":10,"completion_tokens":3,"total_tokens":13,"prompt_tokens_details":{"cached_tokens":0}}""",
            Usd: 0.000055000m), // 10 × 2.5 + 3 × 10
        new("details are null", Gpt4o, "openai",
            """{"prompt_tokens":10,"completion_tokens":3,"total_tokens":13,"prompt_tokens_details":null,"completion_tokens_details":null}""",
            Usd: 0.000055000m), // 10 × 2.5 + 3 × 10
        new("reasoning is inside the completion", Gpt5, "openai",
            """{"prompt_tokens":75,"completion_tokens":1186,"total_tokens":1261,"completion_tokens_details":{"reasoning_tokens":1024}}""",
            Usd: 0.011953750m), // 75 × 1.25 + 1186 × 10
        new("predictions, accepted or not, are inside the completion", Gpt4oMini, "openai",
            """{"prompt_tokens":58,"completion_tokens":17,"total_tokens":75,"completion_tokens_details":{"accepted_prediction_tokens":4,"rejected_prediction_tokens":9}}""",
            Usd: 0.000018900m), // 58 × 0.15 + 17 × 0.6
        new("sound in", Gpt4oAudio, "openai",
            """{"prompt_tokens":28,"completion_tokens":17,"total_tokens":45,"prompt_tokens_details":{"audio_tokens":1,"cached_tokens":0}}""",
            Usd: 0.000277500m), // 27 × 2.5 + 1 × 40 + 17 × 10
        new("sound in and out", Gpt4oAudio, "openai",
            """{"prompt_tokens":128,"completion_tokens":217,"total_tokens":345,"prompt_tokens_details":{"audio_tokens":100},"completion_tokens_details":{"audio_tokens":200}}""",
            Usd: 0.020240000m), // 28 × 2.5 + 100 × 40 + 17 × 10 + 200 × 80
        new("sound, cached and plain in one prompt", Gpt4oAudio, "openai",
            """{"prompt_tokens":1200,"completion_tokens":10,"total_tokens":1210,"prompt_tokens_details":{"audio_tokens":100,"cached_tokens":1000}}""",
            Usd: 0.005600000m), // 100 × 2.5 + 1000 × 1.25 + 100 × 40 + 10 × 10
        new("flex is half", Gpt5, "openai",
            """{"prompt_tokens":1000,"completion_tokens":100,"total_tokens":1100,"service_tier":"flex","prompt_tokens_details":{"cached_tokens":400}}""",
            Usd: 0.000900000m), // 600 × 1.25 + 400 × 0.125 + 100 × 10, tokens × 0.5
        new("priority at the sheet's own factor", Gpt5, "openai",
            """{"prompt_tokens":1000,"completion_tokens":100,"total_tokens":1100,"service_tier":"priority","prompt_tokens_details":{"cached_tokens":400}}""",
            Usd: 0.003600000m), // 600 × 1.25 + 400 × 0.125 + 100 × 10, tokens × 2
        new("default is the list price", Gpt5, "openai",
            """{"prompt_tokens":1000,"completion_tokens":100,"total_tokens":1100,"service_tier":"default"}""",
            Usd: 0.002250000m), // 1000 × 1.25 + 100 × 10
        new("written to a cache that has a price", Router, "openai",
            """{"prompt_tokens":158,"completion_tokens":32,"total_tokens":190,"prompt_tokens_details":{"cached_tokens":0,"cache_write_tokens":43}}""",
            Usd: 0.000079365m), // 115 × 0.22 + 43 × 0.275 + 32 × 1.32

        // DeepSeek: hit and miss beside the prompt.
        new("hit and miss", DeepSeek, "deepseek",
            """{"prompt_tokens":496,"completion_tokens":31,"total_tokens":527,"prompt_cache_hit_tokens":384,"prompt_cache_miss_tokens":112}""",
            Usd: 0.000055132m), // 112 × 0.28 + 384 × 0.028 + 31 × 0.42
        new("hit told twice counts once", DeepSeek, "deepseek",
            """{"prompt_tokens":496,"completion_tokens":31,"total_tokens":527,"prompt_tokens_details":{"cached_tokens":384},"prompt_cache_hit_tokens":384,"prompt_cache_miss_tokens":112}""",
            Usd: 0.000055132m), // 112 × 0.28 + 384 × 0.028 + 31 × 0.42
        new("all missed", DeepSeek, "deepseek",
            """{"prompt_tokens":13,"completion_tokens":2,"total_tokens":15,"prompt_cache_hit_tokens":0,"prompt_cache_miss_tokens":13}""",
            Usd: 0.000004480m), // 13 × 0.28 + 2 × 0.42
        new("hit and miss without the prompt", DeepSeek, "deepseek",
            """{"completion_tokens":2,"prompt_cache_hit_tokens":64,"prompt_cache_miss_tokens":13}""",
            Usd: 0.000006272m), // 13 × 0.28 + 64 × 0.028 + 2 × 0.42
        new("the reasoner", DeepSeek, "deepseek",
            """{"prompt_tokens":18,"completion_tokens":345,"total_tokens":363,"completion_tokens_details":{"reasoning_tokens":300},"prompt_cache_hit_tokens":0,"prompt_cache_miss_tokens":18}""",
            Usd: 0.000149940m), // 18 × 0.28 + 345 × 0.42

        // OpenRouter: the cost that it reports is the bill.
        new("its cost, not ours", Sonnet, "openrouter",
            """{"prompt_tokens":2649,"completion_tokens":100,"total_tokens":2749,"cost":0.00256995,"prompt_tokens_details":{"cached_tokens":2569,"cache_write_tokens":79}}""",
            Usd: 0.002569950m), // $0.00256995
        new("no price on our side is no matter", None, "openrouter",
            """{"prompt_tokens":10,"completion_tokens":10,"total_tokens":20,"cost":0.0000123456}""",
            Usd: 0.000012346m), // $0.0000123456
        new("free", Sonnet, "openrouter",
            """{"prompt_tokens":10,"completion_tokens":10,"total_tokens":20,"cost":0}""",
            Usd: 0.000000000m), // $0
        new("own key: the fee and the upstream's bill", None, "openrouter",
            """{"prompt_tokens":10,"completion_tokens":10,"total_tokens":20,"is_byok":true,"cost":0.0001,"cost_details":{"upstream_inference_cost":0.002}}""",
            Usd: 0.002100000m), // $0.0021
        new("exponents are numbers too", None, "openrouter",
            """{"prompt_tokens":10,"completion_tokens":1,"total_tokens":11,"cost":1.5e-7}""",
            Usd: 0.000000150m), // $0.00000015
        new("no cost told: the sheet, each part once", Sonnet, "openrouter",
            """{"prompt_tokens":2572,"completion_tokens":100,"total_tokens":2672,"prompt_tokens_details":{"cached_tokens":2240,"cache_write_tokens":329}}""",
            Usd: 0.003414750m), // 3 × 3 + 2240 × 0.3 + 329 × 3.75 + 100 × 15
        new("a negative cost is no credit", Sonnet, "openrouter",
            """{"prompt_tokens":10,"completion_tokens":1,"total_tokens":11,"cost":-5}""",
            Usd: 0.000045000m), // 10 × 3 + 1 × 15

        // Others that speak Chat, each with its own way of counting.
        new("xAI: reasoning beside the completion", Grok, "xai",
            """{"prompt_tokens":291,"completion_tokens":26,"total_tokens":513,"prompt_tokens_details":{"cached_tokens":290},"completion_tokens_details":{"reasoning_tokens":196}}""",
            Usd: 0.000133050m), // 1 × 0.3 + 290 × 0.075 + 222 × 0.5
        new("xAI: reasoning beside the completion, no total", Grok, "xai",
            """{"prompt_tokens":10,"completion_tokens":20,"completion_tokens_details":{"reasoning_tokens":30}}""",
            Usd: 0.000028000m), // 10 × 0.3 + 50 × 0.5
        new("xAI: long input", GrokLong, "xai",
            """{"prompt_tokens":128001,"completion_tokens":10,"total_tokens":128011,"prompt_tokens_details":{"cached_tokens":128000}}""",
            Usd: 0.096306000m), // 1 × 6 + 128000 × 0.75 + 10 × 30
        new("Gemini: thoughts only in the total", Flash, "generic",
            """{"prompt_tokens":35,"completion_tokens":12,"total_tokens":109}""",
            Usd: 0.000195500m), // 35 × 0.3 + 74 × 2.5
        new("Gemini: cached, thoughts in the total", Flash, "generic",
            """{"prompt_tokens":1000,"completion_tokens":10,"total_tokens":1090,"prompt_tokens_details":{"cached_tokens":901}}""",
            Usd: 0.000281730m), // 99 × 0.3 + 901 × 0.03 + 90 × 2.5
        new("Gemini: above 200,000", GeminiPro, "generic",
            """{"prompt_tokens":200001,"completion_tokens":100,"total_tokens":200101}""",
            Usd: 0.501502500m), // 200001 × 2.5 + 100 × 15
        new("Moonshot: cached at the top level", Kimi, "moonshot",
            """{"prompt_tokens":1000,"completion_tokens":50,"total_tokens":1050,"cached_tokens":768}""",
            Usd: 0.000379400m), // 232 × 0.6 + 768 × 0.15 + 50 × 2.5
        new("Perplexity: a fee for each query", Sonar, "perplexity",
            """{"prompt_tokens":25,"completion_tokens":18,"total_tokens":43,"num_search_queries":2}""",
            Usd: 0.010043000m), // 25 × 1 + 18 × 1 + $0.01
        new("Bedrock behind a Chat gateway: Anthropic's names at the top", Sonnet, "generic",
            """{"prompt_tokens":1951,"completion_tokens":121,"total_tokens":2072,"cache_read_input_tokens":1712,"cache_creation_input_tokens":236}""",
            Usd: 0.003222600m), // 3 × 3 + 1712 × 0.3 + 236 × 3.75 + 121 × 15
        new("Mistral: plain", Mistral, "mistral",
            """{"prompt_tokens":151,"completion_tokens":88,"total_tokens":239}""",
            Usd: 0.000236400m), // 151 × 0.4 + 88 × 2
        new("Z.ai: cached", Glm, "zai",
            """{"prompt_tokens":1200,"completion_tokens":40,"total_tokens":1240,"prompt_tokens_details":{"cached_tokens":1152}}""",
            Usd: 0.000243520m), // 48 × 0.6 + 1152 × 0.11 + 40 × 2.2
        new("vLLM at home: nothing costs nothing", Free, "vllm",
            """{"prompt_tokens":5000,"completion_tokens":5000,"total_tokens":10000}""",
            Usd: 0.000000000m), // 5000 × 0 + 5000 × 0

        // Rounding and what cannot be.
        new("half a nano-dollar goes to the even side, each part by itself", Tiny, "openai",
            """{"prompt_tokens":3,"completion_tokens":1,"total_tokens":4,"prompt_tokens_details":{"cached_tokens":1}}""",
            Usd: 0.000000002m), // 2 × 0.0001 + 1 × 0.0005 + 1 × 0.0015
        new("a cached part larger than its prompt gives way", Gpt4o, "openai",
            """{"prompt_tokens":10,"completion_tokens":1,"total_tokens":11,"prompt_tokens_details":{"cached_tokens":99}}""",
            Usd: 0.000022500m), // 10 × 1.25 + 1 × 10
        new("negative input is no credit", Sonnet, "anthropic",
            """{"input_tokens":-1000000,"output_tokens":1}""",
            Usd: 0.000015000m), // 1 × 15
        new("tokens of a bucket without a price: flagged", NoOutput, "openai",
            """{"prompt_tokens":10,"completion_tokens":1,"total_tokens":11}""",
            Usd: 0.000025000m, Flagged: true), // 10 × 2.5
        new("no price at all: flagged", None, "anthropic",
            """{"input_tokens":10,"output_tokens":1}""",
            Usd: 0.000000000m, Flagged: true), // 0 × 1
    ];
}
