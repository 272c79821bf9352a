using System.Net;
using System.Text;
using System.Text.Json;

namespace Sluice.Simulator.Tests;

public sealed class ChatAnswerTests : IAsyncLifetime
{
    private const string Tools = ""","tools":[{"type":"function","function":{"name":"look","parameters":{"type":"object","properties":{"q":{"type":"string"}},"required":["q"]}}}]""";

    private SimulatorHost _host = null!;

    public async ValueTask InitializeAsync() => _host = await SimulatorHost.StartAsync(new SimulatorOptions());

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    [Theory]
    [InlineData("/v1/chat/completions")]
    [InlineData("/chat/completions")]
    [InlineData("/api/v1/chat/completions")]
    public async Task Echo_WithoutStream_RepeatsTheTextAndAddsUp(string path)
    {
        var answer = await Caller.JsonAsync(_host, path, Caller.Chat("sim/echo", "nonce-1 \"x\""));
        var choice = answer.GetProperty("choices")[0];
        Assert.Equal("nonce-1 \"x\"", choice.GetProperty("message").GetProperty("content").GetString());
        Assert.Equal("stop", choice.GetProperty("finish_reason").GetString());
        var usage = answer.GetProperty("usage");
        Assert.Equal(3, usage.GetProperty("completion_tokens").GetInt32());
        Assert.Equal(usage.GetProperty("prompt_tokens").GetInt32() + 3, usage.GetProperty("total_tokens").GetInt32());
    }

    [Fact]
    public async Task Echo_StreamedWithUsage_EndsWithFinishUsageAndDone()
    {
        var events = await StreamAsync(Caller.Chat("sim/echo", "one two three", stream: true, ""","stream_options":{"include_usage":true}"""));
        Assert.Equal("[DONE]", events[^1].Data);
        Assert.All(events, e => Assert.Null(e.Name));
        Assert.Equal("assistant", events[0].Json.GetProperty("choices")[0].GetProperty("delta").GetProperty("role").GetString());
        Assert.Equal("one two three", Content(events));
        Assert.Equal("stop", events[^3].Json.GetProperty("choices")[0].GetProperty("finish_reason").GetString());
        Assert.Equal(0, events[^2].Json.GetProperty("choices").GetArrayLength());
        Assert.Equal(4, events[^2].Json.GetProperty("usage").GetProperty("completion_tokens").GetInt32());
        Assert.Single(events.SkipLast(2), e => e.Json.GetProperty("choices")[0].GetProperty("finish_reason").ValueKind == JsonValueKind.String);
    }

    [Fact]
    public async Task Echo_StreamedWithoutUsageOption_NamesNoUsage()
    {
        var events = await StreamAsync(Caller.Chat("sim/echo", "x", stream: true));
        Assert.All(events.SkipLast(1), e => Assert.False(e.Json.TryGetProperty("usage", out _)));
    }

    [Fact]
    public async Task Tools_Streamed_OpensTheCallThenStreamsItsArguments()
    {
        var events = await StreamAsync(Caller.Chat("sim/tools", "find it", stream: true, Tools));
        var calls = events.SkipLast(1).Where(e => e.Json.GetProperty("choices")[0].GetProperty("delta").TryGetProperty("tool_calls", out _))
            .Select(e => e.Json.GetProperty("choices")[0].GetProperty("delta").GetProperty("tool_calls")[0]).ToList();
        Assert.StartsWith("call_", calls[0].GetProperty("id").GetString(), StringComparison.Ordinal);
        Assert.Equal("look", calls[0].GetProperty("function").GetProperty("name").GetString());
        Assert.All(calls.Skip(1), c => Assert.False(c.TryGetProperty("id", out _)));
        var arguments = string.Concat(calls.Select(c => c.GetProperty("function").GetProperty("arguments").GetString()));
        Assert.Equal("""{"q":"find it"}""", arguments);
        Assert.Equal("tool_calls", events[^2].Json.GetProperty("choices")[0].GetProperty("finish_reason").GetString());
    }

    [Fact]
    public async Task Tools_AfterTheResult_AnswersWithWhatItSaid()
    {
        var answer = await Caller.JsonAsync(_host, "/v1/chat/completions", """
            {"model":"sim/tools","messages":[{"role":"user","content":"go"},
            {"role":"assistant","content":null,"tool_calls":[{"id":"call_1","type":"function","function":{"name":"t","arguments":"{}"}}]},
            {"role":"tool","tool_call_id":"call_1","content":"it is RED-98"}],"tools":[{"type":"function","function":{"name":"t"}}]}
            """);
        Assert.Contains("it is RED-98", answer.GetProperty("choices")[0].GetProperty("message").GetProperty("content").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task JsonSchema_AsResponseFormat_AnswersJsonThatFits()
    {
        var answer = await Caller.JsonAsync(_host, "/v1/chat/completions", Caller.Chat("any", "hello", extra:
            ""","response_format":{"type":"json_schema","json_schema":{"name":"n","schema":{"type":"object","properties":{"n":{"type":"integer","minimum":5},"tags":{"type":"array","items":{"$ref":"#/$defs/t"}}},"required":["n","tags"],"$defs":{"t":{"enum":["a"]}}}}}"""));
        Assert.Equal("""{"n":5,"tags":["a"]}""", answer.GetProperty("choices")[0].GetProperty("message").GetProperty("content").GetString());
    }

    [Fact]
    public async Task Think_Streamed_PutsThinkingIntoReasoningContent()
    {
        var events = await StreamAsync(Caller.Chat("sim/think", "why", stream: true));
        var reasoning = string.Concat(events.SkipLast(1).Select(e => e.Json.GetProperty("choices")[0].GetProperty("delta"))
            .Select(d => d.TryGetProperty("reasoning_content", out var r) ? r.GetString() : ""));
        Assert.Contains("why", reasoning, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"model":"m","messages":[{"role":"assistant","tool_calls":[{"id":"c1","type":"function","function":{"name":"n","arguments":"{}"}}]},{"role":"user","content":"x"}]}""", "The following tool_call_ids did not have response messages: c1")]
    [InlineData("""{"model":"m","messages":[{"role":"tool","tool_call_id":"c9","content":"x"}]}""", "must be a response to a preceeding message with 'tool_calls'")]
    [InlineData("""{"model":"m","messages":[{"role":"boss","content":"x"}]}""", "Invalid value: 'boss'")]
    [InlineData("""{"messages":[]}""", "you must provide a model parameter")]
    public async Task Request_ThatOpenAIRefuses_GetsItsWording(string body, string wording)
    {
        using var answer = await Caller.PostAsync(_host, "/v1/chat/completions", body);
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        var error = JsonDocument.Parse(await answer.Content.ReadAsStringAsync()).RootElement.GetProperty("error");
        Assert.Contains(wording, error.GetProperty("message").GetString(), StringComparison.Ordinal);
        Assert.Equal("invalid_request_error", error.GetProperty("type").GetString());
    }

    [Fact]
    public async Task Models_WithoutAnthropicVersion_ComeInOpenAIsShape()
    {
        var models = JsonDocument.Parse(await Caller.Http.GetStringAsync(new Uri(_host.Address, "/v1/models"))).RootElement;
        Assert.Equal("list", models.GetProperty("object").GetString());
        Assert.Equal(3, models.GetProperty("data").GetArrayLength());
    }

    private static string Content(IReadOnlyList<SseEvent> events) => string.Concat(events.SkipLast(1)
        .SelectMany(e => e.Json.GetProperty("choices").EnumerateArray())
        .Select(c => c.GetProperty("delta").TryGetProperty("content", out var text) ? text.GetString() : ""));

    private async Task<IReadOnlyList<SseEvent>> StreamAsync(string body)
    {
        using var answer = await Caller.PostAsync(_host, "/v1/chat/completions", body);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        return SseEvent.Read(Encoding.UTF8.GetString(await answer.Content.ReadAsByteArrayAsync()));
    }
}
