using System.Buffers;
using System.Text;
using System.Text.Json;
using Sluice.Protocols.Conversation;
using Sluice.Protocols.Errors;
using Sluice.Protocols.Native;
using Sluice.Protocols.OpenAIChat;
using Sluice.Protocols.OpenAIResponses;
using Xunit;

namespace Sluice.Protocols.Tests.OpenAIResponses;

/// <summary>Counts, errors and the envelope, by hand.</summary>
public sealed class ResponsesErrorAndUsageTests
{
    [Fact]
    public void Usage_IsDisjoint()
    {
        // OpenAI counts cached and written tokens into the input, reasoning into the output.
        var usage = Usage("""{"input_tokens":100,"input_tokens_details":{"cached_tokens":60,"cache_write_tokens":10},"output_tokens":50,"output_tokens_details":{"reasoning_tokens":20},"total_tokens":150}""");
        Assert.Equal(new TokenUsage { Input = 30, CacheRead = 60, CacheWrite5m = 10, Output = 50, Reasoning = 20 }, usage with { Iterations = TokenUsage.Unknown.Iterations });
        Assert.Equal((100L, 50L), (usage.TotalInput, usage.TotalOutput));
    }

    [Theory]
    [InlineData("""{"input_tokens":10,"output_tokens":5,"cost":0.0123}""", 12_300_000L)]
    [InlineData("""{"input_tokens":10,"output_tokens":5,"cost":0.001,"is_byok":true,"cost_details":{"upstream_inference_cost":0.02}}""", 21_000_000L)]
    [InlineData("""{"input_tokens":10,"output_tokens":5,"cost_in_usd_ticks":55946500}""", 5_594_650L)]
    [InlineData("""{"input_tokens":10,"output_tokens":5}""", null)]
    public void ReportedCost_IsInNanoDollars(string usage, long? nano)
    {
        Assert.Equal(nano, Usage(usage).ReportedCostNanoUsd);
    }

    [Theory]
    [InlineData("""{"input_tokens":10,"input_tokens_details":{"cached_tokens":40},"output_tokens":5}""", 0L, 10L, 5L)]
    [InlineData("""{"input_tokens":10,"output_tokens":5,"output_tokens_details":{"reasoning_tokens":9}}""", 10L, null, 5L)]
    [InlineData("""{"input_tokens":-1,"output_tokens":5}""", null, null, 5L)]
    [InlineData("""{"input_tokens":"10","output_tokens":5}""", null, null, 5L)]
    public void ImpossibleCounts_AreClampedAndMarked(string usage, long? input, long? read, long output)
    {
        var counts = Usage(usage);
        Assert.True(counts.IsAnomalous);
        Assert.Equal((input, read, output), (counts.Input, counts.CacheRead, counts.Output!.Value));
    }

    [Theory]
    [InlineData("null")]
    [InlineData("{}")]
    [InlineData("[]")]
    public void Usage_ThatReportsNothing_ChangesNothing(string usage)
    {
        var before = new TokenUsage { Input = 7 };
        Assert.Equal(before, OpenAIResponsesFormat.Instance.ReadUsage(Encoding.UTF8.GetBytes(usage), before, ChatDialect.Generic));
    }

    [Theory]
    [InlineData(429, """{"error":{"code":"insufficient_quota","type":"insufficient_quota","message":"m"}}""", ErrorKind.QuotaExhausted)]
    [InlineData(429, """{"error":{"code":"rate_limit_exceeded","type":"tokens","message":"m"}}""", ErrorKind.RateLimit)]
    [InlineData(400, """{"error":{"code":"context_length_exceeded","type":"invalid_request_error","message":"Your input exceeds the context window of this model."}}""", ErrorKind.ContextLength)]
    [InlineData(400, """{"error":{"code":"model_not_found","type":"invalid_request_error","message":"m","param":"model"}}""", ErrorKind.ModelNotFound)]
    [InlineData(502, "<html><body>Bad gateway</body></html>", ErrorKind.UpstreamError)]
    [InlineData(503, "", ErrorKind.Overloaded)]
    [InlineData(200, """{"object":"response","status":"failed","error":{"code":"rate_limit_exceeded","message":"m"},"output":[]}""", ErrorKind.RateLimit)]
    [InlineData(0, """{"type":"response.failed","response":{"error":{"code":"server_error","message":"m"}}}""", ErrorKind.UpstreamError)]
    public void ErrorBodies_OfEveryShape_AreClassed(int status, string body, ErrorKind kind)
    {
        Assert.Equal(kind, OpenAIResponsesFormat.Instance.ReadError(status, Encoding.UTF8.GetBytes(body)).Kind);
    }

    [Theory]
    [InlineData("""{"object":"response","status":"failed","error":{"code":"server_error","message":"m"},"output":[]}""", ErrorKind.UpstreamError)]
    [InlineData("""{"object":"response","status":"queued","output":[]}""", ErrorKind.BadResponse)]
    [InlineData("""{"object":"chat.completion","choices":[]}""", ErrorKind.BadResponse)]
    [InlineData("<html>", ErrorKind.BadResponse)]
    [InlineData("[]", ErrorKind.BadResponse)]
    public void F13_WholeAnswer_ThatIsNone_IsAnError(string body, ErrorKind kind)
    {
        Assert.Equal(kind, OpenAIResponsesFormat.Instance.ReadResponse(Encoding.UTF8.GetBytes(body), ChatDialect.Generic).Error!.Kind);
    }

    [Theory]
    [InlineData("""{"id":"r","status":"failed","error":{"code":"server_error","message":"m"},"output":[]}""", true, false)]
    [InlineData("""{"id":"r","status":"completed","error":null,"output":[]}""", false, false)]
    [InlineData("""{"id":"r","status":"completed","output":[{"type":"reasoning","summary":[],"encrypted_content":"x"}]}""", false, false)]
    [InlineData("""{"id":"r","status":"completed","output":[{"type":"image_generation_call","result":"x"}]}""", false, true)]
    [InlineData("""{"id":"r","status":"completed","output":[{"type":"message","content":[{"type":"output_text","text":"x"}]}]}""", false, true)]
    public void F13_Inspect_TellsErrorsAndEmptyAnswers(string body, bool isError, bool hasContent)
    {
        var facts = NativeResponses.Inspect(WireProtocol.OpenAIResponses, Encoding.UTF8.GetBytes(body), (_, before) => before);
        Assert.Equal((true, isError, hasContent, "r"), (facts.IsJsonObject, facts.IsError, facts.HasContent, facts.Id));
    }

    [Fact]
    public void ErrorBody_IsOpenAIs()
    {
        var output = new ArrayBufferWriter<byte>();
        OpenAIResponsesFormat.Instance.WriteError(new GatewayError(ErrorKind.ContextLength, ErrorSource.Provider, 400, "too long") { Param = "input" }, output);
        using var document = JsonDocument.Parse(output.WrittenMemory);
        var error = document.RootElement.GetProperty("error");
        Assert.Equal(("context_length_exceeded", "invalid_request_error", "input"), (ResponsesAnswer.Member(error, "code"), ResponsesAnswer.Member(error, "type"), ResponsesAnswer.Member(error, "param")));
    }

    // On OpenAI's two codes for an overload Codex hides the provider's words, and gives a turn up inside a stream; all others it shows and tries again.
    [Theory]
    [InlineData(ErrorKind.Overloaded, "server_is_overloaded", "overloaded")]
    [InlineData(ErrorKind.Overloaded, "slow_down", "overloaded")]
    [InlineData(ErrorKind.RateLimit, "slow_down", "rate_limit_exceeded")]
    [InlineData(ErrorKind.UpstreamError, "slow_down", "upstream_error")]
    [InlineData(ErrorKind.UpstreamError, "server_error", "server_error")]
    [InlineData(ErrorKind.ContextLength, null, "context_length_exceeded")]
    public void F13_Error_HasACodeThatIsTriedAgainWhereThatHelps(ErrorKind kind, string? upstreams, string expected)
    {
        var error = new GatewayError(kind, ErrorSource.Provider, 503, "the provider's words") { Code = upstreams };
        var (body, stream) = (new ArrayBufferWriter<byte>(), new ArrayBufferWriter<byte>());

        OpenAIResponsesFormat.Instance.WriteError(error, body);
        OpenAIResponsesFormat.Instance.WriteStreamError(error, stream);

        using var whole = JsonDocument.Parse(body.WrittenMemory);
        var frames = Encoding.UTF8.GetString(stream.WrittenSpan).Split("data: ");
        using var told = JsonDocument.Parse(frames[1].Split('\n')[0]);
        using var failed = JsonDocument.Parse(frames[2]);
        foreach (var written in (JsonElement[])[whole.RootElement, told.RootElement, failed.RootElement.GetProperty("response")])
        {
            Assert.Equal(expected, ResponsesAnswer.Member(written.GetProperty("error"), "code"));
            Assert.Contains("the provider's words", ResponsesAnswer.Member(written.GetProperty("error"), "message"), StringComparison.Ordinal);
        }
    }

    [Fact]
    public void KeepAlive_IsACommentThatMeansNothing()
    {
        var keepAlive = OpenAIResponsesFormat.Instance.KeepAlive.ToArray();
        Assert.Equal(": keepalive\n\n", Encoding.UTF8.GetString(keepAlive));
        var stream = ResponsesAnswer.Write([new StreamEvent.Started("x", "m", TokenUsage.Unknown), new StreamEvent.Ended()]);
        Assert.Null(ResponsesAnswer.Grammar([.. keepAlive, .. stream]));
    }

    [Fact]
    public void Envelope_OfItems_CountsThemAndTheirMedia()
    {
        var envelope = Scan("""
            {"model":"m","stream":true,"instructions":"s","max_output_tokens":99,"reasoning":{"effort":"low"},"prompt_cache_key":"session","tools":[{"type":"function","name":"f"},{"type":"web_search"}],
            "input":[{"role":"user","content":[{"type":"input_text","text":"x"},{"type":"input_image","image_url":"u"},{"type":"input_file","file_id":"f"}]},
            {"type":"function_call_output","call_id":"c","output":[{"type":"input_image","image_url":"u"}]}],"provider":{"order":["a"]}}
            """).Envelope!;
        Assert.Equal(("m", true, 2, 2, true, true, true), (envelope.Model, envelope.Stream, envelope.MessageCount, envelope.ToolCount, envelope.HasImages, envelope.HasDocuments, envelope.WantsThinking));
        Assert.Equal((99L, "session", "provider"), (envelope.MaxOutputTokens, envelope.SessionId, Assert.Single(envelope.GatewayMembers).Name));
    }

    [Fact]
    public void Envelope_OfAText_IsOneMessage_AndItsLengthCounts()
    {
        var words = string.Join(' ', Enumerable.Repeat("word", 1000));
        Assert.Equal(1, Scan("""{"model":"m","input":"hi"}""").Envelope!.MessageCount);
        var text = Scan($$"""{"model":"m","input":"{{words}}"}""").Envelope!.EstimatedInputTokens;
        var items = Scan($$"""{"model":"m","input":[{"role":"user","content":"{{words}}"}]}""").Envelope!.EstimatedInputTokens;
        Assert.InRange(text, 800, 1600);
        Assert.InRange(items - text, -20, 20);
        Assert.False(Scan("""{"model":"m","input":"hi","reasoning":{"effort":"none"}}""").Envelope!.WantsThinking);
    }

    [Theory]
    [InlineData("gAAAAABp", false)]
    [InlineData("sluice1.anthropic.Y2xhdWRl", true)]
    public void Envelope_KnowsWhetherReasoningIsAnotherVendors(string proof, bool foreign)
    {
        var envelope = Scan($$"""{"model":"m","input":[{"type":"reasoning","summary":[],"encrypted_content":"{{proof}}"}]}""").Envelope!;
        Assert.Equal(foreign, envelope.HasForeignProofs);
    }

    [Fact]
    public void Envelope_WithInputOfAnotherType_IsRefused()
    {
        Assert.Equal("input", Scan("""{"model":"m","input":{"a":1}}""").Error!.Param);
    }

    private static EnvelopeResult Scan(string body) => EnvelopeScanner.Scan(WireProtocol.OpenAIResponses, Encoding.UTF8.GetBytes(body));

    private static TokenUsage Usage(string json) => OpenAIResponsesFormat.Instance.ReadUsage(Encoding.UTF8.GetBytes(json), TokenUsage.Unknown, ChatDialect.Generic);
}
