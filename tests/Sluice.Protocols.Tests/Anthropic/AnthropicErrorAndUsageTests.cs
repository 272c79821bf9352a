using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Sluice.Protocols.Anthropic;
using Sluice.Protocols.Conversation;
using Sluice.Protocols.Errors;
using Sluice.Protocols.OpenAIChat;
using Xunit;

namespace Sluice.Protocols.Tests.Anthropic;

public sealed class AnthropicErrorAndUsageTests
{
    // Anthropic's own vocabulary; clients switch on it.
    private static readonly string[] Types =
    [
        "invalid_request_error", "authentication_error", "billing_error", "permission_error", "not_found_error", "request_too_large", "rate_limit_error", "timeout_error",
        "api_error", "overloaded_error",
    ];

    public static TheoryData<ErrorKind> Kinds() => [.. Enum.GetValues<ErrorKind>()];

    [Theory]
    [InlineData(400, """{"type":"error","error":{"type":"invalid_request_error","message":"messages: Field required"}}""", ErrorKind.InvalidRequest)]
    [InlineData(400, """{"type":"error","error":{"type":"invalid_request_error","message":"prompt is too long: 3333404 tokens > 200000 maximum"}}""", ErrorKind.ContextLength)]
    [InlineData(400, """{"type":"error","error":{"type":"invalid_request_error","message":"input length and `max_tokens` exceed context limit: 190000 + 20000 > 200000, decrease input length"}}""", ErrorKind.ContextLength)]
    [InlineData(400, """{"message":"Input is too long for requested model."}""", ErrorKind.ContextLength)]
    [InlineData(401, """{"type":"error","error":{"type":"authentication_error","message":"invalid x-api-key"}}""", ErrorKind.Authentication)]
    [InlineData(400, """{"type":"error","error":{"type":"invalid_request_error","message":"invalid x-api-key"}}""", ErrorKind.Authentication)]
    [InlineData(402, """{"type":"error","error":{"type":"billing_error","message":"Billing problem"}}""", ErrorKind.Credits)]
    [InlineData(400, """{"type":"error","error":{"type":"invalid_request_error","message":"Your credit balance is too low to access the Anthropic API."}}""", ErrorKind.Credits)]
    [InlineData(400, """{"type":"error","error":{"type":"invalid_request_error","message":"You have reached your specified API usage limits."}}""", ErrorKind.QuotaExhausted)]
    [InlineData(400, """{"type":"error","error":{"type":"invalid_request_error","message":"Output blocked by content filtering policy"}}""", ErrorKind.ContentPolicy)]
    [InlineData(403, """{"type":"error","error":{"type":"permission_error","message":"x"}}""", ErrorKind.Permission)]
    [InlineData(404, """{"type":"error","error":{"type":"not_found_error","message":"model: claude-x"}}""", ErrorKind.ModelNotFound)]
    [InlineData(413, """{"type":"error","error":{"type":"request_too_large","message":"x"}}""", ErrorKind.InvalidRequest)]
    [InlineData(422, """{"detail":"x"}""", ErrorKind.InvalidRequest)]
    [InlineData(429, """{"type":"error","error":{"type":"rate_limit_error","message":"x"}}""", ErrorKind.RateLimit)]
    [InlineData(500, """{"type":"error","error":{"type":"api_error","message":"Internal server error"}}""", ErrorKind.UpstreamError)]
    [InlineData(502, "", ErrorKind.UpstreamError)]
    [InlineData(503, "upstream connect error", ErrorKind.Overloaded)]
    [InlineData(504, """{"type":"error","error":{"type":"timeout_error","message":"x"}}""", ErrorKind.Timeout)]
    [InlineData(529, """{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}""", ErrorKind.Overloaded)]
    [InlineData(429, """[{"error":{"code":429,"message":"Quota exceeded","status":"RESOURCE_EXHAUSTED"}}]""", ErrorKind.RateLimit)]
    [InlineData(404, """{"error":{"code":404,"message":"Publisher Model was not found","status":"NOT_FOUND"}}""", ErrorKind.ModelNotFound)]
    [InlineData(401, """{"error":{"code":"401","message":"Access denied due to invalid subscription key"}}""", ErrorKind.Authentication)]
    [InlineData(500, """{"error":"plain words"}""", ErrorKind.UpstreamError)]
    [InlineData(502, "<html><head><title>502 Bad Gateway</title></head><body><center>nginx</center></body></html>", ErrorKind.UpstreamError)]
    [InlineData(400, "<html><script>1<2</script>", ErrorKind.InvalidRequest)]
    [InlineData(418, "null", ErrorKind.UpstreamError)]
    public void ReadError_OfEveryShape_IsClassified(int status, string body, ErrorKind kind)
    {
        var error = AnthropicFormat.Instance.ReadError(status, Encoding.UTF8.GetBytes(body));
        Assert.Equal(kind, error.Kind);
        Assert.Equal(status, error.Status);
        Assert.NotEmpty(error.Message);
        Assert.DoesNotContain('<', error.Message);
        Assert.DoesNotContain('{', error.Message);
    }

    [Theory]
    [InlineData("prompt is too long: 210000 tokens > 200000 maximum", 210000, 200000)]
    [InlineData("input length and `max_tokens` exceed context limit: 190000 + 20000 > 200000", 210000, 200000)]
    public void F22_ContextNumbers_AreRead(string message, long sent, long allowed)
    {
        var error = AnthropicFormat.Instance.ReadError(400, JsonSerializer.SerializeToUtf8Bytes(new { error = new { type = "invalid_request_error", message } }));
        Assert.Equal((sent, allowed), error.ContextTokens);
    }

    [Fact]
    public void F22_ChatOverflow_ToClaude_StartsWithItsOwnWordsAndKeepsTheUpstreams()
    {
        const string Words = "This model's maximum context length is 8192 tokens. However, your messages resulted in 9001 tokens.";
        var read = OpenAIChatFormat.Instance.ReadError(400, JsonSerializer.SerializeToUtf8Bytes(new { error = new { message = Words, code = "context_length_exceeded" } }));
        Assert.Equal("prompt is too long: 9001 tokens > 8192 maximum. " + Words, Written(read).Message);
        Assert.Equal("prompt is too long. Too big.", Written(new UpstreamError(ErrorKind.ContextLength, "Too big.")).Message);
    }

    [Fact]
    public void F22_ClaudeOverflow_ToChat_IsReadAsOverflow()
    {
        var read = AnthropicFormat.Instance.ReadError(400, """{"type":"error","error":{"type":"invalid_request_error","message":"prompt is too long: 9001 tokens > 8192 maximum"}}"""u8);
        var output = new ArrayBufferWriter<byte>();
        OpenAIChatFormat.Instance.WriteError(new GatewayError(read.Kind, ErrorSource.Provider, 400, read.Message) { ContextTokens = read.ContextTokens }, output);
        using var document = JsonDocument.Parse(output.WrittenMemory);
        Assert.Equal("context_length_exceeded", document.RootElement.GetProperty("error").GetProperty("code").GetString());
        Assert.Contains("9001", document.RootElement.GetProperty("error").GetProperty("message").GetString(), StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void WriteError_OfEveryKindAndStatus_HasAnthropicsShape(ErrorKind kind)
    {
        foreach (var status in new[] { 400, 401, 402, 403, 404, 408, 413, 422, 429, 499, 500, 502, 503, 504, 529 })
        {
            var error = new GatewayError(kind, ErrorSource.Provider, status, "a \"quote\", a\nline and a \ud83d half")
            {
                RequestId = "gen-1",
                Param = "messages",
                Provider = "p",
                Limit = "l",
                Remedy = "r",
                ShouldRetry = false,
                Attempts = [new AttemptSummary("p", "m", null, ErrorKind.Connection, 7, null)],
            };
            var body = new ArrayBufferWriter<byte>();
            AnthropicFormat.Instance.WriteError(error, body);
            using var document = JsonDocument.Parse(body.WrittenMemory);
            Assert.Equal("error", document.RootElement.GetProperty("type").GetString());
            Assert.Equal("gen-1", document.RootElement.GetProperty("request_id").GetString());
            Assert.Contains(document.RootElement.GetProperty("error").GetProperty("type").GetString(), Types);

            var frame = new ArrayBufferWriter<byte>();
            AnthropicFormat.Instance.WriteStreamError(error, frame);
            Assert.Null(AnthropicAnswer.Grammar(frame.WrittenSpan.ToArray()));
            Assert.Equal("event: error\ndata: " + Encoding.UTF8.GetString(body.WrittenSpan) + "\n\n", Encoding.UTF8.GetString(frame.WrittenSpan));
        }
    }

    [Theory]
    [InlineData(ErrorKind.InvalidRequest, 400, "invalid_request_error")]
    [InlineData(ErrorKind.InvalidRequest, 413, "request_too_large")]
    [InlineData(ErrorKind.ContextLength, 400, "invalid_request_error")]
    [InlineData(ErrorKind.Authentication, 401, "authentication_error")]
    [InlineData(ErrorKind.Authentication, 403, "permission_error")]
    // The provider refused the gateway's key: no client may think that its own is wrong.
    [InlineData(ErrorKind.Authentication, 502, "api_error")]
    [InlineData(ErrorKind.Credits, 402, "billing_error")]
    [InlineData(ErrorKind.Credits, 502, "api_error")]
    [InlineData(ErrorKind.NoEndpoint, 404, "not_found_error")]
    [InlineData(ErrorKind.NoEndpoint, 503, "overloaded_error")]
    [InlineData(ErrorKind.QuotaExhausted, 429, "rate_limit_error")]
    [InlineData(ErrorKind.Overloaded, 529, "overloaded_error")]
    [InlineData(ErrorKind.Internal, 500, "api_error")]
    public void WriteError_Type_FollowsKindAndStatus(ErrorKind kind, int status, string type) =>
        Assert.Equal(type, Written(new UpstreamError(kind, "x"), status).Type);

    [Fact]
    public void StreamError_HasTheStatusOfItsType()
    {
        var events = AnthropicAnswer.Read("event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"Overloaded\"}}\n\n"u8.ToArray());
        var failed = Assert.IsType<StreamEvent.Failed>(Assert.Single(events));
        Assert.Equal((ErrorKind.Overloaded, 529, "Overloaded"), (failed.Error.Kind, failed.Error.Status, failed.Error.Message));
    }

    [Theory]
    // Disjoint already: the cache stands beside input.
    [InlineData("""{"input_tokens":5,"cache_read_input_tokens":900,"cache_creation_input_tokens":70,"output_tokens":8}""", 5, 900, 70, 0, 8, null, false)]
    [InlineData("""{"input_tokens":5,"cache_creation_input_tokens":70,"cache_creation":{"ephemeral_5m_input_tokens":30,"ephemeral_1h_input_tokens":40},"output_tokens":8}""", 5, null, 30, 40, 8, null, false)]
    // A breakdown that covers only a part: the rest was for five minutes.
    [InlineData("""{"input_tokens":5,"cache_creation_input_tokens":70,"cache_creation":{"ephemeral_1h_input_tokens":40},"output_tokens":8}""", 5, null, 30, 40, 8, null, false)]
    [InlineData("""{"input_tokens":5,"cache_creation_input_tokens":7,"cache_creation":{"ephemeral_1h_input_tokens":40},"output_tokens":8}""", 5, null, 0, 40, 8, null, true)]
    [InlineData("""{"input_tokens":5,"output_tokens":8,"output_tokens_details":{"thinking_tokens":6}}""", 5, null, null, null, 8, 6, false)]
    [InlineData("""{"input_tokens":5,"output_tokens":8,"output_tokens_details":{"thinking_tokens":9}}""", 5, null, null, null, 8, 8, true)]
    [InlineData("""{"input_tokens":-5,"output_tokens":8}""", 0, null, null, null, 8, null, true)]
    [InlineData("""{"input_tokens":"5","output_tokens":1e18}""", null, null, null, null, null, null, true)]
    [InlineData("""{"input_tokens":5.0,"output_tokens":null}""", 5, null, null, null, null, null, false)]
    [InlineData("""{"unknown":{"input_tokens":99},"input_tokens":5,"output_tokens":1}""", 5, null, null, null, 1, null, false)]
    [InlineData("{}", null, null, null, null, null, null, false)]
    public void F26_Usage_IsClampedAndFlagged(string usage, int? input, int? read, int? written5m, int? written1h, int? output, int? thinking, bool anomalous)
    {
        var counts = AnthropicFormat.Instance.ReadUsage(Encoding.UTF8.GetBytes(usage), TokenUsage.Unknown, ChatDialect.Generic);
        Assert.Equal((input, read, written5m, written1h, output), ((int?)counts.Input, (int?)counts.CacheRead, (int?)counts.CacheWrite5m, (int?)counts.CacheWrite1h, (int?)counts.Output));
        Assert.Equal((thinking, anomalous), ((int?)counts.Reasoning, counts.IsAnomalous));
    }

    [Fact]
    public void F26_RandomUsage_IsNeverNegativeAndItsNonsenseIsFlagged()
    {
        string[] values = ["0", "1", "17", "-1", "-9223372036854775808", "1e18", "1e400", "0.5", "NaN", "\"7\"", "null", "[]", "{}", "true"];
        string[] nonsense = ["-1", "-9223372036854775808", "1e18", "1e400", "0.5", "\"7\"", "[]", "{}", "true"];
        string[] names = ["input_tokens", "output_tokens", "cache_read_input_tokens", "cache_creation_input_tokens"];
        for (var seed = 0; seed < 3000; seed++)
        {
            var random = new Random(seed);
            var chosen = names.Where(_ => random.Next(3) > 0).Select(n => (Name: n, Value: values[random.Next(values.Length)])).ToList();
            var inner = values[random.Next(values.Length)];
            var json = "{" + string.Concat(chosen.Select(c => "\"" + c.Name + "\":" + c.Value + ",")) + "\"output_tokens_details\":{\"thinking_tokens\":" + inner + "}}";
            var usage = AnthropicFormat.Instance.ReadUsage(Encoding.UTF8.GetBytes(json), TokenUsage.Unknown, ChatDialect.Generic);
            foreach (var count in new[] { usage.Input, usage.Output, usage.CacheRead, usage.CacheWrite5m, usage.CacheWrite1h, usage.Reasoning })
            {
                Assert.False(count < 0, json);
            }

            Assert.False(usage.Reasoning > usage.Output, json);
            if (json.Contains("NaN", StringComparison.Ordinal) || nonsense.Contains(inner) || chosen.Exists(c => nonsense.Contains(c.Value)))
            {
                Assert.True(usage.IsAnomalous, json);
            }
        }
    }

    [Fact]
    public void StreamUsage_LaterFieldsReplaceEarlierOnes()
    {
        var start = AnthropicFormat.Instance.ReadUsage("""{"input_tokens":3,"cache_read_input_tokens":100,"cache_creation_input_tokens":9,"cache_creation":{"ephemeral_1h_input_tokens":9},"output_tokens":1}"""u8, TokenUsage.Unknown, ChatDialect.Generic);
        var end = AnthropicFormat.Instance.ReadUsage("""{"cache_creation_input_tokens":9,"output_tokens":50}"""u8, start, ChatDialect.Generic);
        Assert.Equal((3L, 100L, 0L, 9L, 50L), (end.Input, end.CacheRead, end.CacheWrite5m, end.CacheWrite1h, end.Output));
    }

    [Fact]
    public void Iterations_AreReadOneByOne()
    {
        var usage = AnthropicFormat.Instance.ReadUsage(
            """{"input_tokens":3,"output_tokens":5,"iterations":[{"type":"compaction","input_tokens":1000,"output_tokens":20},{"type":"message","input_tokens":3,"output_tokens":5}]}"""u8, TokenUsage.Unknown, ChatDialect.Generic);
        Assert.Equal(["compaction 1000 20", "message 3 5"], usage.Iterations.Select(i => string.Create(CultureInfo.InvariantCulture, $"{i.Type} {i.Usage.Input} {i.Usage.Output}")));
    }

    private static (string? Type, string? Message) Written(UpstreamError error, int status = 400)
    {
        var output = new ArrayBufferWriter<byte>();
        AnthropicFormat.Instance.WriteError(new GatewayError(error.Kind, ErrorSource.Provider, status, error.Message) { ContextTokens = error.ContextTokens }, output);
        using var document = JsonDocument.Parse(output.WrittenMemory);
        var body = document.RootElement.GetProperty("error");
        return (body.GetProperty("type").GetString(), body.GetProperty("message").GetString());
    }
}
