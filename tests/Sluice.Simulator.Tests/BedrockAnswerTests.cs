using System.Net;
using System.Text;
using System.Text.Json;
using Sluice.Simulator.Wires.Bedrock;

namespace Sluice.Simulator.Tests;

public sealed class BedrockAnswerTests : IAsyncLifetime
{
    private const string Converse = "/model/sim%2Fecho/converse";
    private const string Stream = "/model/sim%2Fecho/converse-stream";
    private const string Look = """{"tools":[{"toolSpec":{"name":"look","inputSchema":{"json":{"type":"object","properties":{"q":{"type":"string"}},"required":["q"]}}}}],"toolChoice":{"any":{}}}""";

    private SimulatorHost _host = null!;

    public async ValueTask InitializeAsync() => _host = await SimulatorHost.StartAsync(new SimulatorOptions());

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    [Fact]
    public void Frame_Empty_IsTheSpecificationsExample()
    {
        var empty = Convert.FromHexString("000000100000000005C248EB7D98C8FF");
        Assert.Equal(empty, EventStreamFrame.WithPayload(empty, []));
        Assert.Equal(0xCBF43926u, EventStreamMessage.Crc("123456789"u8));
    }

    [Fact]
    public void Frame_OfAnEvent_HasItsHeadersInOrder()
    {
        var frame = EventStreamFrame.Event("messageStart", "{}"u8);
        const string Headers = "\u000b:event-type\u0007\u0000\u000cmessageStart\r:content-type\u0007\u0000\u0010application/json\r:message-type\u0007\u0000\u0005event";
        Assert.Equal(Headers + "{}", Encoding.ASCII.GetString(frame[12..^4]));
        Assert.Single(EventStreamMessage.Read(frame));
    }

    [Fact]
    public async Task Echo_InOnePiece_RepeatsTheTextAndAddsUp()
    {
        var answer = await JsonAsync(Converse, Body("""{"text":"nonce-1 \"x\""}"""));
        Assert.Equal("sim/echo", _host.Record.Last.Model);
        Assert.Equal("""{"message":{"content":[{"text":"nonce-1 \"x\""}],"role":"assistant"}}""", answer.GetProperty("output").GetRawText());
        Assert.Equal("end_turn", answer.GetProperty("stopReason").GetString());
        var usage = answer.GetProperty("usage");
        Assert.Equal(3, usage.GetProperty("outputTokens").GetInt32());
        Assert.Equal(usage.GetProperty("inputTokens").GetInt32() + 3, usage.GetProperty("totalTokens").GetInt32());
    }

    [Fact]
    public async Task Echo_Streamed_IsFramesInOrderWithPadding()
    {
        var messages = await StreamAsync(Stream, Body("""{"text":"one two"}"""));
        Assert.Equal(["messageStart", "contentBlockDelta", "contentBlockDelta", "contentBlockStop", "messageStop", "metadata"], messages.Select(m => m.Event));
        Assert.All(messages, m => Assert.Equal("event", m.Headers[":message-type"]));
        Assert.All(messages, m => Assert.StartsWith("a", m.Json.GetProperty("p").GetString(), StringComparison.Ordinal));
        Assert.True(messages.Select(m => m.Json.GetProperty("p").GetString()!.Length).Distinct().Count() > 1);
        Assert.Equal("one two", string.Concat(messages.Where(m => m.Event == "contentBlockDelta").Select(m => m.Json.GetProperty("delta").GetProperty("text").GetString())));
        Assert.Equal(2, messages[^1].Json.GetProperty("usage").GetProperty("outputTokens").GetInt32());
    }

    [Fact]
    public async Task ToolUse_Streamed_StartsWithItsNameAndEndsWithToolUse()
    {
        var messages = await StreamAsync("/model/m/converse-stream", Body("""{"text":"find it"}""", ",\"toolConfig\":" + Look));
        var start = messages.Single(m => m.Event == "contentBlockStart").Json.GetProperty("start").GetProperty("toolUse");
        Assert.Equal("look", start.GetProperty("name").GetString());
        Assert.StartsWith("tooluse_", start.GetProperty("toolUseId").GetString(), StringComparison.Ordinal);
        Assert.Equal("""{"q":"find it"}""", string.Concat(messages.Where(m => m.Event == "contentBlockDelta").Select(m => m.Json.GetProperty("delta").GetProperty("toolUse").GetProperty("input").GetString())));
        Assert.Equal("tool_use", messages.Single(m => m.Event == "messageStop").Json.GetProperty("stopReason").GetString());
    }

    [Fact]
    public async Task ToolResult_AtTheEnd_IsAnswered()
    {
        var answer = await JsonAsync("/model/m/converse", """
            {"messages":[{"role":"user","content":[{"text":"x"}]},{"role":"assistant","content":[{"toolUse":{"toolUseId":"t1","name":"look","input":{}}}]},
            {"role":"user","content":[{"toolResult":{"toolUseId":"t1","content":[{"text":"RED-98"}]}}]}],"toolConfig":LOOK}
            """.Replace("LOOK", Look.Replace(",\"toolChoice\":{\"any\":{}}", "", StringComparison.Ordinal), StringComparison.Ordinal));
        Assert.Equal("The tool said: RED-98", answer.GetProperty("output").GetProperty("message").GetProperty("content")[0].GetProperty("text").GetString());
    }

    [Fact]
    public async Task Reasoning_IsSigned_AndTakenBackByItsMakerOnly()
    {
        var answer = await JsonAsync("/model/sim%2Fthink/converse", Body("""{"text":"why"}"""));
        var content = answer.GetProperty("output").GetProperty("message").GetProperty("content");
        Assert.Equal("Thinking about: why", content[0].GetProperty("reasoningContent").GetProperty("reasoningText").GetProperty("text").GetString());
        var next = $$"""{"messages":[{"role":"user","content":[{"text":"why"}]},{"role":"assistant","content":{{content.GetRawText()}}},{"role":"user","content":[{"text":"go on"}]}]}""";
        await JsonAsync("/model/m/converse", next);
        await RefusedAsync(next.Replace("about: why", "about: what", StringComparison.Ordinal), "Invalid `signature` in `thinking` block");

        var streamed = await StreamAsync("/model/sim%2Fthink/converse-stream", Body("""{"text":"why"}"""));
        var deltas = streamed.Where(m => m.Event == "contentBlockDelta" && m.Json.GetProperty("contentBlockIndex").GetInt32() == 0).Select(m => m.Json.GetProperty("delta").GetProperty("reasoningContent")).ToList();
        Assert.True(deltas[^1].TryGetProperty("signature", out _));
        Assert.Equal("Thinking about: why", string.Concat(deltas.SkipLast(1).Select(d => d.GetProperty("text").GetString())));
    }

    [Theory]
    [InlineData("""{"messages":[]}""", "must start with a user message")]
    [InlineData("""{"messages":[{"role":"assistant","content":[{"text":"x"}]}]}""", "must start with a user message")]
    [InlineData("""{"messages":[{"role":"user","content":[{"text":"x"}]},{"role":"user","content":[{"text":"y"}]}]}""", "must alternate between user and assistant roles")]
    [InlineData("""{"messages":[{"role":"system","content":[{"text":"x"}]}]}""", "Member must satisfy enum value set: [user, assistant]")]
    [InlineData("""{"messages":[{"role":"user","content":[{"text":" "}]}]}""", "The text field in the ContentBlock object at messages.0.content.0 is blank.")]
    [InlineData("""{"messages":[{"role":"user","content":[]}]}""", "The content field in the Message object at messages.0 is empty.")]
    [InlineData("""{"system":[{"text":""}],"messages":[{"role":"user","content":[{"text":"x"}]}]}""", "The text field in the SystemContentBlock object at system.0 is blank.")]
    [InlineData("""{"messages":[{"role":"user","content":[{"text":"x"}]},{"role":"assistant","content":[{"toolUse":{"toolUseId":"t1","name":"n","input":{}}}]}]}""", "The toolConfig field must be defined")]
    [InlineData("""{"toolConfig":{"tools":[]},"messages":[{"role":"user","content":[{"text":"x"}]},{"role":"assistant","content":[{"toolUse":{"toolUseId":"t1","name":"n","input":"{}"}}]}]}""", "messages.1.content.0.toolUse.input is invalid")]
    [InlineData("""{"toolConfig":{"tools":[]},"messages":[{"role":"user","content":[{"text":"x"}]},{"role":"assistant","content":[{"toolUse":{"toolUseId":"t1","name":"n","input":{}}}]},{"role":"user","content":[{"text":"y"}]}]}""", "Expected toolResult blocks at messages.2.content for the following Ids: t1")]
    [InlineData("""{"toolConfig":{"tools":[]},"messages":[{"role":"user","content":[{"toolResult":{"toolUseId":"t1","content":[]}}]}]}""", "exceeds the number of toolUse blocks of previous turn")]
    [InlineData("""{"toolConfig":{"tools":[{"toolSpec":{"name":"a.b","inputSchema":{"json":{"type":"object"}}}}]},"messages":[{"role":"user","content":[{"text":"x"}]}]}""", "[a-zA-Z0-9_-]+")]
    [InlineData("""{"toolConfig":{"tools":[{"toolSpec":{"name":"a","inputSchema":{"json":{}}}}]},"messages":[{"role":"user","content":[{"text":"x"}]}]}""", "inputSchema.json.type must be one of the following: object.")]
    [InlineData("""{"toolConfig":{"tools":[],"toolChoice":{"none":{}}},"messages":[{"role":"user","content":[{"text":"x"}]}]}""", "toolChoice must have exactly one of auto, any, tool.")]
    public Task Request_ThatBedrockRefuses_GetsItsWording(string body, string wording) => RefusedAsync(body, wording);

    [Theory]
    [InlineData(null, 403, "MissingAuthenticationTokenException")]
    [InlineData("Basic abc", 403, "InvalidSignatureException")]
    [InlineData("AWS4-HMAC-SHA256 Credential=AKID/20260101/us-east-1/bedrock/aws4_request, SignedHeaders=host, Signature=00", 403, "InvalidSignatureException")]
    [InlineData("AWS4-HMAC-SHA256 Credential=AKID/20260101/us-east-1/bedrock/aws4_request, SignedHeaders=host;x-amz-date, Signature=0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef", 200, null)]
    [InlineData("Bearer key", 200, null)]
    public async Task Authorization_IsAskedForAtTheDoor(string? authorization, int status, string? type)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(_host.Address, Converse)) { Content = new StringContent(Body("""{"text":"x"}""")) };
        request.Headers.Add("x-amz-date", "20260101T000000Z");
        if (authorization is not null)
        {
            request.Headers.TryAddWithoutValidation("authorization", authorization);
        }

        using var answer = await Caller.Http.SendAsync(request);
        Assert.Equal(status, (int)answer.StatusCode);
        Assert.Equal(type, answer.Headers.TryGetValues("x-amzn-errortype", out var values) ? values.Single().Split(':')[0] : null);
        Assert.Equal(authorization?.StartsWith("AWS4", StringComparison.Ordinal) == true ? "AKID" : authorization == "Bearer key" ? "key" : null, _host.Record.Last.Credential);
    }

    [Fact]
    public void Signature_OfAmazonsOwnExample_IsAmazonsOwn()
    {
        var headers = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["content-type"] = "application/x-www-form-urlencoded; charset=utf-8",
            ["host"] = "iam.amazonaws.com",
            ["x-amz-date"] = "20150830T123600Z",
        };
        var request = new SignedRequest("GET", "/", "Action=ListUsers&Version=2010-05-08", headers.GetValueOrDefault, ReadOnlyMemory<byte>.Empty);
        Assert.Equal("5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7",
            SigV4.Of(request, "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "20150830/us-east-1/iam/aws4_request", ["content-type", "host", "x-amz-date"]));
        Assert.Null(SigV4.Of(request, "s", "20150830/us-east-1/iam/aws4_request", ["x-missing"]));
    }

    [Theory]
    [InlineData("secret", 200)]
    [InlineData("wrong", 403)]
    public async Task Signature_WhereTheSecretIsKnown_MustBeRight(string secret, int status)
    {
        await using var host = await SimulatorHost.StartAsync(new SimulatorOptions { AwsSecrets = new Dictionary<string, string>(StringComparer.Ordinal) { ["AKID"] = "secret" } });
        var body = Body("""{"text":"x"}""");
        var signed = new SignedRequest("POST", Converse, "", name => name switch { "host" => host.Address.Authority, "x-amz-date" => "20260101T000000Z", _ => null }, Encoding.UTF8.GetBytes(body));
        var signature = SigV4.Of(signed, secret, "20260101/us-east-1/bedrock/aws4_request", ["host", "x-amz-date"]);
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(host.Address, Converse)) { Content = new StringContent(body) };
        request.Headers.Add("x-amz-date", "20260101T000000Z");
        request.Headers.TryAddWithoutValidation("authorization", "AWS4-HMAC-SHA256 Credential=AKID/20260101/us-east-1/bedrock/aws4_request, SignedHeaders=host;x-amz-date, Signature=" + signature);
        using var answer = await Caller.Http.SendAsync(request);
        Assert.Equal(status, (int)answer.StatusCode);
    }

    [Fact]
    public async Task AcceptedCredentials_RefuseOthersAsBedrockDoes()
    {
        await using var host = await SimulatorHost.StartAsync(new SimulatorOptions { AcceptedCredentials = ["good"] });
        using var bad = await Caller.PostAsync(host, Converse, Body("""{"text":"x"}"""), "bad");
        Assert.Equal(HttpStatusCode.Forbidden, bad.StatusCode);
        Assert.StartsWith("UnrecognizedClientException", bad.Headers.GetValues("x-amzn-errortype").Single(), StringComparison.Ordinal);
        using var good = await Caller.PostAsync(host, Converse, Body("""{"text":"x"}"""), "good");
        Assert.Equal(HttpStatusCode.OK, good.StatusCode);
    }

    [Fact]
    public async Task CachePoint_WritesThenReads()
    {
        var marked = $$$"""{"system":[{"text":"{{{new string('s', 8000)}}}"},{"cachePoint":{"type":"default"}}],"messages":[{"role":"user","content":[{"text":"QUESTION"}]}]}""";
        var first = (await JsonAsync(Converse, marked)).GetProperty("usage");
        Assert.Equal(0, first.GetProperty("cacheReadInputTokens").GetInt32());
        var written = first.GetProperty("cacheWriteInputTokens").GetInt32();
        Assert.True(written >= 2000);
        Assert.Equal("5m", first.GetProperty("cacheDetails")[0].GetProperty("ttl").GetString());
        var second = (await JsonAsync(Converse, marked.Replace("QUESTION", "other", StringComparison.Ordinal))).GetProperty("usage");
        Assert.Equal(written, second.GetProperty("cacheReadInputTokens").GetInt32());
        Assert.Equal(second.GetProperty("inputTokens").GetInt32() + second.GetProperty("outputTokens").GetInt32() + written, second.GetProperty("totalTokens").GetInt32());
    }

    [Fact]
    public async Task CountTokens_OfConverse_Counts()
    {
        var count = await JsonAsync("/model/anthropic.claude-m/count-tokens", "{\"input\":{\"converse\":" + Body("""{"text":"x"}""") + "}}");
        Assert.True(count.GetProperty("inputTokens").GetInt32() > 3);
    }

    [Theory]
    [InlineData("us.anthropic.claude-m", """{"input":{"converse":{"messages":[{"role":"user","content":[{"text":"x"}]}]}}}""", "doesn't support counting")]
    [InlineData("amazon.nova-m", """{"input":{"converse":{"messages":[{"role":"user","content":[{"text":"x"}]}]}}}""", "doesn't support counting")]
    [InlineData("anthropic.claude-m", """{"input":{"converse":{"inferenceConfig":{},"messages":[{"role":"user","content":[{"text":"x"}]}]}}}""", "inferenceConfig")]
    [InlineData("anthropic.claude-m", """{"input":{"invokeModel":{"body":"e30="}}}""", "anthropic_version: Field required")]
    [InlineData("anthropic.claude-m", """{"input":{"invokeModel":{"body":"{}"}}}""", "base64")]
    [InlineData("anthropic.claude-m", """{"input":{}}""", "exactly one")]
    public async Task CountTokens_OfWhatItCannotCount_IsRefused(string model, string body, string wording)
    {
        using var answer = await Caller.PostAsync(_host, $"/model/{model}/count-tokens", body, "key");
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Contains(wording, JsonDocument.Parse(await answer.Content.ReadAsStringAsync()).RootElement.GetProperty("message").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task RateLimit_IsAThrottlingException()
    {
        await using var host = await SimulatorHost.StartAsync(new SimulatorOptions { Time = new ManualTime(), RateLimits = new(RequestsPerMinute: 1) });
        using var first = await Caller.PostAsync(host, Converse, Body("""{"text":"x"}"""), "k");
        using var second = await Caller.PostAsync(host, Converse, Body("""{"text":"x"}"""), "k");
        Assert.Equal(HttpStatusCode.TooManyRequests, second.StatusCode);
        Assert.StartsWith("ThrottlingException", second.Headers.GetValues("x-amzn-errortype").Single(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(429, "throttlingException")]
    [InlineData(500, "internalServerException")]
    [InlineData(424, "modelStreamErrorException")]
    public async Task F13_ErrorInTheStream_IsAnExceptionFrame(int status, string type)
    {
        _host.Script.Enqueue(Fault.Of(FaultKind.ErrorEvent, FaultPlace.AfterText) with { Status = status });
        var messages = await StreamAsync(Stream, Body("""{"text":"one two"}"""));
        Assert.Equal(["messageStart", "contentBlockDelta", null], messages.Select(m => m.Event));
        Assert.Equal(type, messages[^1].Exception);
        Assert.Equal("exception", messages[^1].Headers[":message-type"]);
        Assert.True(messages[^1].Json.GetProperty("message").GetString()!.Length > 0);
    }

    [Fact]
    public async Task MalformedFrame_HasRightChecksumsAndBrokenJson()
    {
        _host.Script.Enqueue(Fault.Of(FaultKind.MalformedFrame, FaultPlace.AfterText));
        var messages = await StreamAsync(Stream, Body("""{"text":"one two"}"""));
        Assert.Single(messages, m => m.Payload[^1] != '}');
        using var damaged = await Caller.PostAsync(_host, Stream, Body("""{"text":"one two"}"""), "k", fault: "malformed-frame;variant=crc");
        var bytes = await damaged.Content.ReadAsByteArrayAsync();
        Assert.ThrowsAny<Xunit.Sdk.XunitException>(() => EventStreamMessage.Read(bytes));
    }

    [Fact]
    public async Task F13_MissingTerminal_LeavesOutStopAndCount()
    {
        _host.Script.Enqueue(new Fault(FaultKind.MissingTerminal));
        var messages = await StreamAsync(Stream, Body("""{"text":"one two"}"""));
        Assert.Equal("contentBlockStop", messages[^1].Event);
    }

    [Fact]
    public async Task Invoke_Streamed_HoldsAnthropicsEventsInChunks()
    {
        var messages = await StreamAsync("/model/anthropic.claude-3%3A0/invoke-with-response-stream", Invoke());
        Assert.All(messages, m => Assert.Equal("chunk", m.Event));
        Assert.Equal("anthropic.claude-3:0", _host.Record.Last.Model);
        var inner = messages.Select(m => JsonDocument.Parse(m.Json.GetProperty("bytes").GetBytesFromBase64()).RootElement).ToList();
        Assert.Equal("message_start", inner[0].GetProperty("type").GetString());
        Assert.Equal("message_stop", inner[^1].GetProperty("type").GetString());
        Assert.True(inner[^1].GetProperty("amazon-bedrock-invocationMetrics").GetProperty("outputTokenCount").GetInt32() > 0);
        AnthropicStreamCheck.Run([.. inner.Select(e => new SseEvent(e.GetProperty("type").GetString(), e.GetRawText()))]);

        var whole = await JsonAsync("/model/anthropic.claude-3/invoke", Invoke());
        Assert.Equal("message", whole.GetProperty("type").GetString());
    }

    [Theory]
    [InlineData("""{"max_tokens":9,"messages":[{"role":"user","content":"x"}]}""", "anthropic_version: Field required")]
    [InlineData("""{"anthropic_version":"2023-06-01","max_tokens":9,"messages":[{"role":"user","content":"x"}]}""", "bedrock-2023-05-31")]
    [InlineData("""{"anthropic_version":"bedrock-2023-05-31","model":"m","max_tokens":9,"messages":[{"role":"user","content":"x"}]}""", "extraneous key [model] is not permitted")]
    [InlineData("""{"anthropic_version":"bedrock-2023-05-31","stream":true,"max_tokens":9,"messages":[{"role":"user","content":"x"}]}""", "extraneous key [stream] is not permitted")]
    public Task Invoke_WithAnotherEnvelope_IsRefused(string body, string wording) => RefusedAsync(body, wording, "/model/anthropic.claude/invoke");

    private static string Invoke() => """{"anthropic_version":"bedrock-2023-05-31","max_tokens":99,"messages":[{"role":"user","content":"one two"}]}""";

    private static string Body(string block, string extra = "") => $$"""{"messages":[{"role":"user","content":[{{block}}]}]{{extra}}}""";

    private async Task RefusedAsync(string body, string wording, string path = "/model/m/converse")
    {
        using var answer = await Caller.PostAsync(_host, path, body, "k");
        var text = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.StatusCode == HttpStatusCode.BadRequest, text);
        Assert.Contains(wording, JsonDocument.Parse(text).RootElement.GetProperty("message").GetString(), StringComparison.Ordinal);
        Assert.StartsWith("ValidationException", answer.Headers.GetValues("x-amzn-errortype").Single(), StringComparison.Ordinal);
    }

    private Task<JsonElement> JsonAsync(string path, string body) => Caller.JsonAsync(_host, path, body, "k");

    private async Task<IReadOnlyList<EventStreamMessage>> StreamAsync(string path, string body)
    {
        using var answer = await Caller.PostAsync(_host, path, body, "k");
        Assert.True(answer.StatusCode == HttpStatusCode.OK, await answer.Content.ReadAsStringAsync());
        Assert.Equal("application/vnd.amazon.eventstream", answer.Content.Headers.ContentType!.ToString());
        return EventStreamMessage.Read(await answer.Content.ReadAsByteArrayAsync());
    }
}
