using System.Buffers;
using System.Text;
using System.Text.Json;
using Sluice.Protocols.Conversation;
using Sluice.Protocols.Errors;
using Sluice.Protocols.OpenAIChat;
using Xunit;

namespace Sluice.Protocols.Tests.OpenAIChat;

public sealed class ChatErrorAndUsageTests
{
    [Theory]
    [InlineData(429, """{"error":{"message":"You exceeded your current quota","type":"insufficient_quota","code":"insufficient_quota"}}""", ErrorKind.QuotaExhausted)]
    [InlineData(429, """{"error":{"message":"Rate limit reached. Please try again in 494ms.","code":"rate_limit_exceeded"}}""", ErrorKind.RateLimit)]
    [InlineData(400, """{"error":{"message":"x","code":"context_length_exceeded"}}""", ErrorKind.ContextLength)]
    [InlineData(400, """{"error":{"message":"prompt too long; exceeded max context length by 1119046 tokens"}}""", ErrorKind.ContextLength)]
    [InlineData(400, """{"code":"Client specified an invalid argument","error":"Incorrect API key provided: ab***. You can obtain an API key"}""", ErrorKind.Authentication)]
    [InlineData(404, """{"code":"Some requested entity was not found","error":"The model grok-beta was deprecated"}""", ErrorKind.ModelNotFound)]
    [InlineData(422, """{"detail":[{"loc":["body","x"],"msg":"Extra inputs are not permitted"}]}""", ErrorKind.InvalidRequest)]
    [InlineData(401, """{"detail":"Unauthorized"}""", ErrorKind.Authentication)]
    [InlineData(401, """{"error":{"code":"401","message":"Access denied due to invalid subscription key"}}""", ErrorKind.Authentication)]
    [InlineData(400, """{"error":{"message":"filtered","code":"content_filter","innererror":{"code":"ResponsibleAIPolicyViolation"}}}""", ErrorKind.ContentPolicy)]
    [InlineData(402, """{"error":{"message":"Insufficient Balance","type":"unknown_error","code":"invalid_request_error"}}""", ErrorKind.Credits)]
    [InlineData(400, """[{"error":{"code":400,"message":"API key not valid. Please pass a valid API key.","status":"INVALID_ARGUMENT"}}]""", ErrorKind.Authentication)]
    [InlineData(502, "<html><head><style>a{}</style></head><body><h1>Bad gateway</h1></body></html>", ErrorKind.UpstreamError)]
    [InlineData(503, "", ErrorKind.Overloaded)]
    [InlineData(504, "upstream request timeout", ErrorKind.Timeout)]
    public void ReadError_OfEveryShape_IsClassified(int status, string body, ErrorKind kind)
    {
        var error = OpenAIChatFormat.Instance.ReadError(status, Encoding.UTF8.GetBytes(body));
        Assert.Equal(kind, error.Kind);
        Assert.Equal(status, error.Status);
        Assert.NotEmpty(error.Message);
        Assert.DoesNotContain('<', error.Message);
    }

    [Theory]
    [InlineData("This model's maximum context length is 8192 tokens. However, your messages resulted in 9001 tokens.", 9001, 8192)]
    [InlineData("This endpoint's maximum context length is 200000 tokens. However, you requested about 2500021 tokens (2500021 of text input).", 2500021, 200000)]
    [InlineData("prompt is too long: 210000 tokens > 200000 maximum", 210000, 200000)]
    public void F22_ContextNumbers_AreRead(string message, long sent, long allowed)
    {
        var error = OpenAIChatFormat.Instance.ReadError(400, JsonSerializer.SerializeToUtf8Bytes(new { error = new { message } }));
        Assert.Equal(ErrorKind.ContextLength, error.Kind);
        Assert.Equal((sent, allowed), error.ContextTokens);
    }

    [Fact]
    public void ReadError_OpenRouterRaw_IsPartOfTheMessage()
    {
        var error = OpenAIChatFormat.Instance.ReadError(400, """{"error":{"code":400,"message":"Provider returned error","metadata":{"raw":"developer instruction is not enabled"}}}"""u8);
        Assert.Equal("Provider returned error: developer instruction is not enabled", error.Message);
        Assert.Equal("400", error.Code);
    }

    [Fact]
    public void ReadError_DelayInText_IsRead() =>
        Assert.Equal(TimeSpan.FromMilliseconds(494), OpenAIChatFormat.Instance.ReadError(429, """{"error":{"message":"Please try again in 494ms.","code":"rate_limit_exceeded"}}"""u8).RetryAfter);

    [Fact]
    public void F22_WriteError_ContextLength_StartsWithOpenAIsWordsAndKeepsTheUpstreams()
    {
        var output = new ArrayBufferWriter<byte>();
        OpenAIChatFormat.Instance.WriteError(
            new GatewayError(ErrorKind.ContextLength, ErrorSource.Client, 400, "prompt is too long: 210000 tokens > 200000 maximum \"quoted\"") { ContextTokens = (210000, 200000), RequestId = "gen-1" },
            output);
        using var document = JsonDocument.Parse(output.WrittenMemory);
        var error = document.RootElement.GetProperty("error");
        Assert.Equal(
            "This model's maximum context length is 200000 tokens. However, your messages resulted in 210000 tokens. prompt is too long: 210000 tokens > 200000 maximum \"quoted\"",
            error.GetProperty("message").GetString());
        Assert.Equal("context_length_exceeded", error.GetProperty("code").GetString());
        Assert.Equal("client", error.GetProperty("metadata").GetProperty("source").GetString());
    }

    [Fact]
    public void WriteStreamError_IsOneEventThenDone()
    {
        var output = new ArrayBufferWriter<byte>();
        OpenAIChatFormat.Instance.WriteStreamError(new GatewayError(ErrorKind.UpstreamError, ErrorSource.Provider, 502, "line one\nline two"), output);
        Assert.Null(ChatTestKit.Grammar(output.WrittenSpan.ToArray()));
        Assert.EndsWith("}\n\ndata: [DONE]\n\n", Encoding.UTF8.GetString(output.WrittenSpan), StringComparison.Ordinal);
    }

    [Theory]
    // prompt includes cached and written
    [InlineData("openrouter", """{"prompt_tokens":2649,"completion_tokens":100,"total_tokens":2749,"cost":0.00256995,"prompt_tokens_details":{"cached_tokens":2569,"cache_write_tokens":79}}""", 1, 2569, 79, 100, null, 2569950, false)]
    // xAI: reasoning beside completion, cost in ticks of 1e-10 USD
    [InlineData("xai", """{"prompt_tokens":291,"completion_tokens":26,"total_tokens":513,"prompt_tokens_details":{"cached_tokens":290},"completion_tokens_details":{"reasoning_tokens":196},"cost_in_usd_ticks":1330500}""", 1, 290, null, 222, 196, 133050, false)]
    [InlineData("deepseek", """{"prompt_tokens":496,"completion_tokens":31,"total_tokens":527,"prompt_cache_hit_tokens":384,"prompt_cache_miss_tokens":112}""", 112, 384, null, 31, null, null, false)]
    [InlineData("perplexity", """{"prompt_tokens":25,"completion_tokens":18,"total_tokens":43,"cost":{"total_cost":0.00619}}""", 25, null, null, 18, null, 6190000, false)]
    // thoughts that are neither counted nor named
    [InlineData("generic", """{"prompt_tokens":35,"completion_tokens":12,"total_tokens":109}""", 35, null, null, 74, 62, null, false)]
    [InlineData("openrouter", """{"prompt_tokens":43,"completion_tokens":10,"total_tokens":53,"completion_tokens_details":{"reasoning_tokens":11}}""", 43, null, null, 10, 10, null, true)]
    [InlineData("generic", """{"prompt_tokens":-5,"completion_tokens":"12","total_tokens":1e18}""", null, null, null, null, null, null, true)]
    [InlineData("generic", """{"prompt_tokens":10,"completion_tokens":1,"prompt_tokens_details":{"cached_tokens":99}}""", 0, 10, null, 1, null, null, true)]
    public void Usage_OfEveryDialect_IsDisjoint(string dialect, string usage, int? input, int? read, int? written, int? output, int? reasoning, int? nano, bool anomalous)
    {
        var body = Encoding.UTF8.GetBytes("{\"choices\":[{\"index\":0,\"message\":{\"content\":\"x\"},\"finish_reason\":\"stop\"}],\"usage\":" + usage + "}");
        var counts = OpenAIChatFormat.Instance.ReadResponse(body, ChatDialect.ByName(dialect)!).Value!.Usage;
        Assert.Equal((input, read, written, output), ((int?)counts.Input, (int?)counts.CacheRead, (int?)counts.CacheWrite5m, (int?)counts.Output));
        Assert.Equal((reasoning, nano, anomalous), ((int?)counts.Reasoning, (int?)counts.ReportedCostNanoUsd, counts.IsAnomalous));
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(0.2, 1)]
    [InlineData(4.1, 5)]
    [InlineData(55, 55)]
    [InlineData(86_400, 55)]
    public void Error_Written_HasTheHeadersWaitAndTheWordsOfEveryFormat(double wait, int seconds)
    {
        var output = new System.Buffers.ArrayBufferWriter<byte>();
        OpenAIChatFormat.Instance.WriteError(
            new GatewayError(ErrorKind.NoEndpoint, ErrorSource.Gateway, 404, "nobody")
            {
                RetryAfter = TimeSpan.FromSeconds(wait),
                Attempts = [new AttemptSummary("p", "m", 529, ErrorKind.RateLimit, 7, "req_1")],
            },
            output);

        using var document = JsonDocument.Parse(output.WrittenMemory);
        var metadata = document.RootElement.GetProperty("error").GetProperty("metadata");
        Assert.Equal(seconds, metadata.GetProperty("retry_after_seconds").GetInt32());
        Assert.Equal(("gateway", "no_endpoint"), (metadata.GetProperty("source").GetString(), metadata.GetProperty("kind").GetString()));
        Assert.Equal("""[{"provider":"p","model":"m","status":529,"kind":"rate_limit","milliseconds":7,"upstream_request_id":"req_1"}]""", metadata.GetProperty("attempts").GetRawText());
    }

    [Fact]
    public void Dialects_AreFoundByNameAndHost()
    {
        Assert.All(ChatDialect.Names, n => Assert.Equal(n, ChatDialect.ByName(n)!.Name));
        Assert.Null(ChatDialect.ByName("nonsense"));
        Assert.Same(ChatDialect.XAI, ChatDialect.ForHost("api.x.ai"));
        Assert.Same(ChatDialect.Generic, ChatDialect.ForHost("notx.ai"));
        Assert.Same(ChatDialect.OpenAI, ChatDialect.ForHost("team.openai.azure.com"));
    }
}
