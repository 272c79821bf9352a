using System.Net;
using System.Text;
using System.Text.Json;

namespace Sluice.Simulator.Tests;

/// <summary>The same formats at the clouds that host them, and OpenAI's small ones.</summary>
public sealed class HostedPathTests : IAsyncLifetime
{
    private const string Vertex = "/v1/projects/p/locations/us-east5/publishers/anthropic/models/claude-sonnet-4@20250514:";

    private SimulatorHost _host = null!;

    public async ValueTask InitializeAsync() => _host = await SimulatorHost.StartAsync(new SimulatorOptions());

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    [Fact]
    public async Task VertexClaude_TakesTheModelFromThePathAndTheStreamFromTheVerb()
    {
        const string Body = """{"anthropic_version":"vertex-2023-10-16","max_tokens":99,"messages":[{"role":"user","content":"one two"}]}""";
        var whole = await Caller.JsonAsync(_host, Vertex + "rawPredict", Body);
        Assert.Equal("claude-sonnet-4@20250514", whole.GetProperty("model").GetString());
        using var streamed = await Caller.PostAsync(_host, Vertex + "streamRawPredict", Body);
        Assert.Equal("text/event-stream", streamed.Content.Headers.ContentType!.MediaType);
        AnthropicStreamCheck.Run(SseEvent.Read(await streamed.Content.ReadAsStringAsync()));
        Assert.Equal("claude-sonnet-4@20250514", _host.Record.Last.Model);

        var counted = await Caller.JsonAsync(_host, "/v1/projects/p/locations/l/publishers/anthropic/models/count-tokens:rawPredict", Body.Replace("\"max_tokens\":99", "\"model\":\"c\"", StringComparison.Ordinal));
        Assert.True(counted.GetProperty("input_tokens").GetInt32() > 0);
    }

    [Theory]
    [InlineData("""{"max_tokens":9,"messages":[{"role":"user","content":"x"}]}""", "anthropic_version: Field required")]
    [InlineData("""{"anthropic_version":"vertex-2023-10-16","model":"m","max_tokens":9,"messages":[{"role":"user","content":"x"}]}""", "model: Extra inputs are not permitted")]
    [InlineData("""{"anthropic_version":"bedrock-2023-05-31","max_tokens":9,"messages":[{"role":"user","content":"x"}]}""", "vertex-2023-10-16")]
    public async Task VertexClaude_WithAnotherEnvelope_IsRefused(string body, string wording)
    {
        using var answer = await Caller.PostAsync(_host, Vertex + "rawPredict", body);
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Contains(wording, JsonDocument.Parse(await answer.Content.ReadAsStringAsync()).RootElement.GetProperty("error").GetProperty("message").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task VertexClaude_OverQuota_SpeaksAsGoogle_AndOverloadedAsAnthropic()
    {
        const string Body = """{"anthropic_version":"vertex-2023-10-16","max_tokens":9,"messages":[{"role":"user","content":"x"}]}""";
        using var quota = await Caller.PostAsync(_host, Vertex + "rawPredict", Body, fault: "429");
        Assert.Contains("RESOURCE_EXHAUSTED", await quota.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        using var busy = await Caller.PostAsync(_host, Vertex + "rawPredict", Body, fault: "529");
        Assert.Contains("overloaded_error", await busy.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task AzureClaude_OnItsPath_TakesTheApiKeyHeader()
    {
        using var answer = await AzureAsync("/anthropic/v1/messages", Caller.Messages("sim/echo", "x"));
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal("azure-key", _host.Record.Last.Credential);
    }

    [Theory]
    [InlineData("/openai/deployments/echo/chat/completions?api-version=2024-10-21", true)]
    [InlineData("/openai/v1/chat/completions", true)]
    [InlineData("/models/chat/completions?api-version=2024-05-01-preview", true)]
    [InlineData("/v1/chat/completions", false)]
    public async Task AzureChat_Streamed_BeginsWithFilterResultsAndNoChoices(string path, bool azure)
    {
        using var answer = await AzureAsync(path, Caller.Chat("sim/echo", "one two", stream: true));
        var events = SseEvent.Read(await answer.Content.ReadAsStringAsync());
        Assert.Equal("azure-key", _host.Record.Last.Credential);
        Assert.Equal(azure, events[0].Json.TryGetProperty("prompt_filter_results", out _));
        if (azure)
        {
            Assert.Equal("", events[0].Json.GetProperty("id").GetString());
            Assert.Equal(0, events[0].Json.GetProperty("choices").GetArrayLength());
        }

        Assert.Equal("assistant", events[azure ? 1 : 0].Json.GetProperty("choices")[0].GetProperty("delta").GetProperty("role").GetString());
        Assert.Equal("[DONE]", events[^1].Data);
    }

    [Fact]
    public async Task AzureDeployment_NamesTheModel_AndNeedsAnApiVersion()
    {
        using var answer = await AzureAsync("/openai/deployments/my-gpt/chat/completions?api-version=2024-10-21", """{"messages":[{"role":"user","content":"x"}]}""");
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal("my-gpt", _host.Record.Last.Model);
        using var undated = await AzureAsync("/openai/deployments/my-gpt/chat/completions", """{"messages":[{"role":"user","content":"x"}]}""");
        Assert.Equal(HttpStatusCode.NotFound, undated.StatusCode);
        Assert.Equal("""{"error":{"code":"404","message":"Resource not found"}}""", await undated.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task AzureErrors_HaveTheStatusAsCode_AndTheFiltersInnerError()
    {
        const string Path = "/openai/deployments/d/chat/completions?api-version=1";
        using var key = await Caller.PostAsync(_host, Path, Caller.Chat("m", "x"), fault: "401");
        Assert.Contains("\"code\":\"401\"", await key.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        using var filtered = await Caller.PostAsync(_host, Path, Caller.Chat("m", "x"), fault: "400;variant=filter");
        var error = JsonDocument.Parse(await filtered.Content.ReadAsStringAsync()).RootElement.GetProperty("error");
        Assert.Equal("content_filter", error.GetProperty("code").GetString());
        Assert.Equal("ResponsibleAIPolicyViolation", error.GetProperty("innererror").GetProperty("code").GetString());
    }

    [Fact]
    public async Task AzureResponses_OnTheirPath_AreAnswered()
    {
        using var answer = await AzureAsync("/openai/v1/responses", """{"model":"sim/echo","input":"x"}""");
        Assert.Contains("output_text", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Completions_Whole_AreTextCompletions()
    {
        var answer = await Caller.JsonAsync(_host, "/v1/completions", """{"model":"sim/echo","prompt":"one two"}""");
        Assert.Equal("text_completion", answer.GetProperty("object").GetString());
        Assert.Equal("""[{"text":"one two","index":0,"logprobs":null,"finish_reason":"stop"}]""", answer.GetProperty("choices").GetRawText());
        Assert.Equal(2, answer.GetProperty("usage").GetProperty("completion_tokens").GetInt32());
    }

    [Fact]
    public async Task Completions_Streamed_EndWithUsageAndDone()
    {
        using var answer = await Caller.PostAsync(_host, "/v1/completions", """{"model":"sim/echo","prompt":["one two"],"stream":true,"stream_options":{"include_usage":true}}""");
        var events = SseEvent.Read(await answer.Content.ReadAsStringAsync());
        Assert.Equal("[DONE]", events[^1].Data);
        Assert.Equal("one two", string.Concat(events.SkipLast(2).Select(e => e.Json.GetProperty("choices")[0].GetProperty("text").GetString())));
        Assert.Equal("stop", events[^3].Json.GetProperty("choices")[0].GetProperty("finish_reason").GetString());
        Assert.Equal(2, events[^2].Json.GetProperty("usage").GetProperty("completion_tokens").GetInt32());
    }

    [Theory]
    [InlineData("""{"prompt":"x"}""", "model")]
    [InlineData("""{"model":"m"}""", "prompt")]
    public async Task Completions_WithoutWhatTheyNeed_AreRefused(string body, string wording)
    {
        using var answer = await Caller.PostAsync(_host, "/v1/completions", body);
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Contains(wording, await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Embeddings_OfEqualTexts_AreEqualInBothEncodings()
    {
        var plain = await Caller.JsonAsync(_host, "/v1/embeddings", """{"model":"e","input":["x","y","x"]}""");
        var vectors = plain.GetProperty("data").EnumerateArray().Select(d => d.GetProperty("embedding").EnumerateArray().Select(v => v.GetSingle()).ToArray()).ToList();
        Assert.Equal(3, vectors.Count);
        Assert.Equal(8, vectors[0].Length);
        Assert.Equal(vectors[0], vectors[2]);
        Assert.NotEqual(vectors[0], vectors[1]);
        Assert.Equal(plain.GetProperty("usage").GetProperty("prompt_tokens").GetInt32(), plain.GetProperty("usage").GetProperty("total_tokens").GetInt32());
        Assert.Equal(0, _host.Record.Last.Usage!.Output);

        var packed = await Caller.JsonAsync(_host, "/v1/embeddings", """{"model":"e","input":"x","encoding_format":"base64"}""");
        var bytes = packed.GetProperty("data")[0].GetProperty("embedding").GetBytesFromBase64();
        Assert.Equal(vectors[0], Enumerable.Range(0, 8).Select(i => BitConverter.ToSingle(bytes, i * 4)));
        var small = await Caller.JsonAsync(_host, "/v1/embeddings", """{"model":"e","input":[1,2,3],"dimensions":2}""");
        Assert.Equal(2, Assert.Single(small.GetProperty("data").EnumerateArray()).GetProperty("embedding").GetArrayLength());
        using var empty = await Caller.PostAsync(_host, "/v1/embeddings", """{"model":"e","input":[]}""");
        Assert.Equal(HttpStatusCode.BadRequest, empty.StatusCode);
    }

    private async Task<HttpResponseMessage> AzureAsync(string path, string body)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(_host.Address, path)) { Content = new StringContent(body, Encoding.UTF8, "application/json") };
        request.Headers.Add("api-key", "azure-key");
        return await Caller.Http.SendAsync(request);
    }
}
