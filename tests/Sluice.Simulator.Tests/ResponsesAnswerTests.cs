using System.Net;
using System.Text.Json;

namespace Sluice.Simulator.Tests;

public sealed class ResponsesAnswerTests : IAsyncLifetime
{
    private const string Path = "/v1/responses";
    private const string Function = ""","tools":[{"type":"function","name":"look","parameters":{"type":"object","properties":{"q":{"type":"string"}},"required":["q"]}}],"tool_choice":"required" """;
    private const string Encrypted = ""","store":false,"include":["reasoning.encrypted_content"],"reasoning":{"summary":"auto"}""";

    private SimulatorHost _host = null!;

    public async ValueTask InitializeAsync() => _host = await SimulatorHost.StartAsync(new SimulatorOptions());

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    [Theory]
    [InlineData("/v1/responses")]
    [InlineData("/responses")]
    [InlineData("/openai/v1/responses")]
    public async Task Echo_WithoutStream_RepeatsTheTextAndAddsUp(string path)
    {
        var answer = await Caller.JsonAsync(_host, path, """{"model":"sim/echo","input":"nonce-1 \"x\"","metadata":{"a":"b"}}""");
        Assert.Equal("response", answer.GetProperty("object").GetString());
        Assert.Equal("completed", answer.GetProperty("status").GetString());
        Assert.Equal("b", answer.GetProperty("metadata").GetProperty("a").GetString());
        var item = Assert.Single(answer.GetProperty("output").EnumerateArray());
        Assert.Equal("message", item.GetProperty("type").GetString());
        Assert.Equal("""[{"type":"output_text","annotations":[],"logprobs":[],"text":"nonce-1 \"x\""}]""", item.GetProperty("content").GetRawText());
        var usage = answer.GetProperty("usage");
        Assert.Equal(3, usage.GetProperty("output_tokens").GetInt32());
        Assert.Equal(usage.GetProperty("input_tokens").GetInt32() + 3, usage.GetProperty("total_tokens").GetInt32());
    }

    [Fact]
    public async Task Echo_Streamed_HasEveryEventInOrder()
    {
        var events = await StreamAsync("""{"model":"sim/echo","stream":true,"input":[{"role":"user","content":[{"type":"input_text","text":"one two"}]}]}""");
        Assert.Equal(
        [
            "response.created", "response.in_progress", "response.output_item.added", "response.content_part.added", "response.output_text.delta", "response.output_text.delta",
            "response.output_text.done", "response.content_part.done", "response.output_item.done", "response.completed",
        ], events.Select(e => e.Name));
        Assert.Equal(Enumerable.Range(0, 10), events.Select(e => e.Json.GetProperty("sequence_number").GetInt32()));
        Assert.All(events, e => Assert.Equal(e.Name, e.Json.GetProperty("type").GetString()));
        Assert.Equal("in_progress", events[0].Json.GetProperty("response").GetProperty("status").GetString());
        Assert.Equal(JsonValueKind.Null, events[0].Json.GetProperty("response").GetProperty("usage").ValueKind);
        Assert.Equal(["one", " two"], events.Where(e => e.Name == "response.output_text.delta").Select(e => e.Json.GetProperty("delta").GetString()));
        Assert.Equal("one two", events[6].Json.GetProperty("text").GetString());
        Assert.Single(events.Skip(2).Take(7).Select(e => e.Json.TryGetProperty("item", out var item) ? item.GetProperty("id").GetString() : e.Json.GetProperty("item_id").GetString()).Distinct());
        var whole = events[^1].Json.GetProperty("response");
        Assert.Equal(events[^2].Json.GetProperty("item").GetRawText(), whole.GetProperty("output")[0].GetRawText());
        Assert.Equal(2, whole.GetProperty("usage").GetProperty("output_tokens").GetInt32());
        Assert.Equal(JsonValueKind.Null, whole.GetProperty("error").ValueKind);
    }

    [Fact]
    public async Task Deltas_WithoutObfuscation_ArePlain()
    {
        var plain = await StreamAsync("""{"model":"sim/echo","stream":true,"stream_options":{"include_obfuscation":false},"input":"x"}""");
        Assert.DoesNotContain(plain, e => e.Json.TryGetProperty("obfuscation", out _));
        var padded = await StreamAsync("""{"model":"sim/echo","stream":true,"input":"x"}""");
        Assert.Contains(padded, e => e.Json.TryGetProperty("obfuscation", out _));
    }

    [Fact]
    public async Task Function_Streamed_OpensEmptyAndEndsWhole()
    {
        var events = await StreamAsync("""{"model":"any","stream":true,"input":"find it" """ + Function + "}");
        Assert.Equal("""function_call""", events[2].Json.GetProperty("item").GetProperty("type").GetString());
        Assert.Equal("", events[2].Json.GetProperty("item").GetProperty("arguments").GetString());
        Assert.StartsWith("call_", events[2].Json.GetProperty("item").GetProperty("call_id").GetString(), StringComparison.Ordinal);
        Assert.Equal("""{"q":"find it"}""", string.Concat(events.Where(e => e.Name == "response.function_call_arguments.delta").Select(e => e.Json.GetProperty("delta").GetString())));
        Assert.Equal("""{"q":"find it"}""", events.Single(e => e.Name == "response.function_call_arguments.done").Json.GetProperty("arguments").GetString());
        Assert.Equal("""{"q":"find it"}""", events[^1].Json.GetProperty("response").GetProperty("output")[0].GetProperty("arguments").GetString());
    }

    [Fact]
    public async Task CustomTool_InANamespaceOfTheInput_ComesBackWithItAndFreeText()
    {
        var events = await StreamAsync("""
            {"model":"sim/tools","stream":true,"input":[{"type":"additional_tools","role":"developer","tools":[{"type":"namespace","name":"functions","tools":[{"type":"custom","name":"exec","format":{"type":"grammar"}}]}]},
            {"type":"message","role":"user","content":[{"type":"input_text","text":"run it"}]}]}
            """);
        var item = events[^2].Json.GetProperty("item");
        Assert.Equal("custom_tool_call", item.GetProperty("type").GetString());
        Assert.Equal("functions", item.GetProperty("namespace").GetString());
        Assert.Equal("exec", item.GetProperty("name").GetString());
        Assert.Equal("run it", item.GetProperty("input").GetString());
        Assert.Equal("run it", string.Concat(events.Where(e => e.Name == "response.custom_tool_call_input.delta").Select(e => e.Json.GetProperty("delta").GetString())));
    }

    [Fact]
    public async Task ToolOutputs_AtTheEnd_AreAnswered()
    {
        var answer = await Caller.JsonAsync(_host, Path, """
            {"model":"sim/tools","input":[{"role":"user","content":"go"},{"type":"function_call","call_id":"c1","name":"t","arguments":"{}"},{"type":"function_call_output","call_id":"c1","output":"it is RED-98"}],
            "tools":[{"type":"function","name":"t"}]}
            """);
        Assert.Equal("The tool said: it is RED-98", answer.GetProperty("output")[0].GetProperty("content")[0].GetProperty("text").GetString());
    }

    [Fact]
    public async Task Reasoning_Encrypted_DiffersBetweenAddedAndDoneAndOnlyTheLastIsTakenBack()
    {
        var events = await StreamAsync("""{"model":"sim/think","stream":true,"input":"why" """ + Encrypted + "}");
        Assert.Equal(
            ["response.output_item.added", "response.reasoning_summary_part.added", "response.reasoning_summary_text.delta"], events.Skip(2).Take(3).Select(e => e.Name));
        var added = events[2].Json.GetProperty("item");
        var done = events.First(e => e.Name == "response.output_item.done").Json.GetProperty("item");
        var (early, late) = (added.GetProperty("encrypted_content").GetString()!, done.GetProperty("encrypted_content").GetString()!);
        Assert.Equal(added.GetProperty("id").GetString(), done.GetProperty("id").GetString());
        Assert.True(early.Length < late.Length);
        Assert.Equal("Thinking about: why", done.GetProperty("summary")[0].GetProperty("text").GetString());

        using var good = await Caller.PostAsync(_host, Path, Replay(done.GetRawText()));
        Assert.Equal(HttpStatusCode.OK, good.StatusCode);
        await RefusedAsync(Replay(done.GetRawText().Replace(late, early, StringComparison.Ordinal)), "could not be verified", "invalid_encrypted_content");
        await RefusedAsync(Replay(done.GetRawText().Replace("\"rs_", "\"rs_other", StringComparison.Ordinal)), "did not match the target item id", "invalid_encrypted_content");

        await using var other = await SimulatorHost.StartAsync(new SimulatorOptions { Seed = 2 });
        using var foreign = await Caller.PostAsync(other, Path, Replay(done.GetRawText()));
        Assert.Contains("invalid_encrypted_content", await foreign.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task StoredResponse_IsKnownAgain_AndOthersAreNot()
    {
        var stored = await Caller.JsonAsync(_host, Path, """{"model":"sim/tools","input":"go" """ + Function + "}");
        var call = stored.GetProperty("output")[0].GetProperty("call_id").GetString();
        var next = $$"""{"model":"sim/tools","previous_response_id":"{{stored.GetProperty("id").GetString()}}","input":[{"type":"function_call_output","call_id":"{{call}}","output":"42"}]}""";
        var answer = await Caller.JsonAsync(_host, Path, next);
        Assert.Equal("The tool said: 42", answer.GetProperty("output")[0].GetProperty("content")[0].GetProperty("text").GetString());

        var passing = await Caller.JsonAsync(_host, Path, """{"model":"sim/echo","store":false,"input":"go"}""");
        await RefusedAsync($$"""{"model":"m","previous_response_id":"{{passing.GetProperty("id").GetString()}}","input":"x"}""", "not found", "previous_response_not_found");
    }

    [Fact]
    public async Task Reasoning_ByIdAlone_IsKnownOnlyWhereItWasStored()
    {
        var stored = await Caller.JsonAsync(_host, Path, """{"model":"sim/think","input":"why"}""");
        var item = stored.GetProperty("output")[0].GetRawText();
        using var good = await Caller.PostAsync(_host, Path, Replay(item));
        Assert.Equal(HttpStatusCode.OK, good.StatusCode);

        var passing = await Caller.JsonAsync(_host, Path, """{"model":"sim/think","store":false,"input":"why"}""");
        using var gone = await Caller.PostAsync(_host, Path, Replay(passing.GetProperty("output")[0].GetRawText()));
        Assert.Equal(HttpStatusCode.NotFound, gone.StatusCode);
        Assert.Contains("Items are not persisted", await gone.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Length_Reached_IsIncomplete()
    {
        var events = await StreamAsync($$"""{"model":"sim/echo","stream":true,"max_output_tokens":16,"input":"{{new string('a', 200)}}"}""");
        Assert.Equal("response.incomplete", events[^1].Name);
        var response = events[^1].Json.GetProperty("response");
        Assert.Equal("incomplete", response.GetProperty("status").GetString());
        Assert.Equal("max_output_tokens", response.GetProperty("incomplete_details").GetProperty("reason").GetString());
        Assert.Equal(64, response.GetProperty("output")[0].GetProperty("content")[0].GetProperty("text").GetString()!.Length);
    }

    [Fact]
    public async Task JsonSchema_AsTextFormat_AnswersJsonThatFits()
    {
        var answer = await Caller.JsonAsync(_host, Path, """{"model":"m","input":"x","text":{"format":{"type":"json_schema","name":"n","schema":{"type":"object","properties":{"n":{"type":"integer","minimum":5}},"required":["n"]}}}}""");
        Assert.Equal("""{"n":5}""", answer.GetProperty("output")[0].GetProperty("content")[0].GetProperty("text").GetString());
    }

    [Theory]
    [InlineData("""{"input":"x"}""", "Missing required parameter: 'model'.", "missing_required_parameter")]
    [InlineData("""{"model":"m"}""", "must be provided", "missing_required_parameter")]
    [InlineData("""{"model":"m","input":"x","stop":["a"]}""", "Unknown parameter: 'stop'.", "unknown_parameter")]
    [InlineData("""{"model":"m","messages":[]}""", "Unknown parameter: 'messages'.", "unknown_parameter")]
    [InlineData("""{"model":"m","input":"x","max_output_tokens":15}""", "Expected a value >= 16, but got 15 instead.", "integer_below_min_value")]
    [InlineData("""{"model":"m","input":"x","previous_response_id":"resp_unknown"}""", "Previous response with id 'resp_unknown' not found.", "previous_response_not_found")]
    [InlineData("""{"model":"m","input":[{"type":"function_call_output","call_id":"c9","output":"x"}]}""", "No tool call found for function call output with call_id c9.", null)]
    [InlineData("""{"model":"m","input":[{"type":"function_call","call_id":"c1","name":"n","arguments":"{}"},{"role":"user","content":"x"}]}""", "No tool output found for function call c1.", null)]
    [InlineData("""{"model":"m","input":[{"type":"custom_tool_call","call_id":"c1","name":"n","input":"x"}]}""", "No tool output found for custom tool call c1.", null)]
    [InlineData("""{"model":"m","input":[{"type":"function_call","call_id":"c1","name":"n","arguments":{}}]}""", "Invalid type for 'input[0].arguments'", "invalid_type")]
    [InlineData("""{"model":"m","input":[{"type":"reasoning","id":"rs_1","summary":[],"encrypted_content":"gAAAAABforeign"}]}""", "could not be verified", "invalid_encrypted_content")]
    [InlineData("""{"model":"m","input":[{"role":"boss","content":"x"}]}""", "Invalid value: 'boss'", "invalid_value")]
    [InlineData("""{"model":"m","input":[{"role":"assistant","content":[{"type":"input_text","text":"x"}]}]}""", "Supported values are: 'output_text' and 'refusal'.", "invalid_value")]
    [InlineData("""{"model":"m","input":[{"role":"user","content":[{"type":"text","text":"x"}]}]}""", "Invalid value: 'text'.", "invalid_value")]
    [InlineData("""{"model":"m","input":"x","tools":[{"type":"function","function":{"name":"n"}}]}""", "Missing required parameter: 'tools[0].name'.", "missing_required_parameter")]
    [InlineData("""{"model":"m","input":"x","tools":[{"type":"function","name":"n","strict":true,"parameters":{"type":"object"}}]}""", "'additionalProperties' is required", "invalid_function_parameters")]
    [InlineData("""{"model":"m","input":[{"id":"msg_1","role":"user","content":"x"},{"id":"msg_1","role":"user","content":"y"}]}""", "Duplicate item found with id msg_1", null)]
    public Task Request_ThatOpenAIRefuses_GetsItsWording(string body, string wording, string? code) => RefusedAsync(body, wording, code);

    [Fact]
    public async Task Reasoning_WithoutWhatFollowed_IsRefused()
    {
        var stored = await Caller.JsonAsync(_host, Path, """{"model":"sim/think","input":"why" """ + Encrypted + "}");
        var item = stored.GetProperty("output")[0].GetRawText();
        await RefusedAsync($$"""{"model":"m","input":[{{item}},{"role":"user","content":"x"}]}""", "without its required following item", null);
        await RefusedAsync($$"""{"model":"m","input":[{{item}}]}""", "without its required following item", null);
    }

    [Fact]
    public async Task InputTokens_CountsWithoutAnswering()
    {
        var count = await Caller.JsonAsync(_host, "/v1/responses/input_tokens", """{"model":"m","input":"12345678"}""");
        Assert.Equal("""{"object":"response.input_tokens","input_tokens":3}""", count.GetRawText());
    }

    [Fact]
    public async Task Cache_LongPrefix_IsReadInSteps()
    {
        async Task<int> CachedAsync(string question) => (await Caller.JsonAsync(_host, Path,
            $$"""{"model":"sim/echo","instructions":"{{new string('s', 9000)}}","input":"{{question}}"}""")).GetProperty("usage").GetProperty("input_tokens_details").GetProperty("cached_tokens").GetInt32();
        Assert.Equal(0, await CachedAsync("first"));
        Assert.Equal(2048, await CachedAsync("second"));
    }

    [Fact]
    public async Task RateLimit_HasOpenAIsHeaders()
    {
        await using var host = await SimulatorHost.StartAsync(new SimulatorOptions { Time = new ManualTime(), RateLimits = new(RequestsPerMinute: 1) });
        using var first = await Caller.PostAsync(host, Path, """{"model":"m","input":"x"}""", "k");
        Assert.Equal("1", first.Headers.GetValues("x-ratelimit-limit-requests").Single());
        using var second = await Caller.PostAsync(host, Path, """{"model":"m","input":"x"}""", "k");
        Assert.Equal(HttpStatusCode.TooManyRequests, second.StatusCode);
        Assert.Equal("60", second.Headers.GetValues("retry-after").Single());
    }

    [Fact]
    public async Task F13_ErrorEvent_IsAnErrorAndAFailedResponseInSequence()
    {
        _host.Script.Enqueue(Fault.Of(FaultKind.ErrorEvent, FaultPlace.AfterText) with { Status = 429 });
        var events = await StreamAsync("""{"model":"sim/echo","stream":true,"input":"one two"}""");
        Assert.Equal(["response.output_text.delta", "error", "response.failed"], events.TakeLast(3).Select(e => e.Name));
        Assert.Equal("rate_limit_exceeded", events[^2].Json.GetProperty("error").GetProperty("code").GetString());
        Assert.Equal("rate_limit_exceeded", events[^1].Json.GetProperty("response").GetProperty("error").GetProperty("code").GetString());
        Assert.Equal(Enumerable.Range(0, events.Count), events.Select(e => e.Json.GetProperty("sequence_number").GetInt32()));
    }

    [Fact]
    public async Task F13_MissingTerminal_LeavesOutTheCompletedEvent()
    {
        _host.Script.Enqueue(new Fault(FaultKind.MissingTerminal));
        var events = await StreamAsync("""{"model":"sim/echo","stream":true,"input":"one two"}""");
        Assert.Equal("response.output_item.done", events[^1].Name);
    }

    private static string Replay(string item) => $$"""{"model":"m","input":[{"role":"user","content":"why"},{{item}},{"role":"assistant","content":[{"type":"output_text","text":"ok"}]},{"role":"user","content":"go on"}]}""";

    private async Task RefusedAsync(string body, string wording, string? code)
    {
        using var answer = await Caller.PostAsync(_host, Path, body);
        var text = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.StatusCode == HttpStatusCode.BadRequest, text);
        var error = JsonDocument.Parse(text).RootElement.GetProperty("error");
        Assert.Contains(wording, error.GetProperty("message").GetString(), StringComparison.Ordinal);
        Assert.Equal("invalid_request_error", error.GetProperty("type").GetString());
        Assert.Equal(code, error.GetProperty("code").GetString());
    }

    private async Task<IReadOnlyList<SseEvent>> StreamAsync(string body)
    {
        using var answer = await Caller.PostAsync(_host, Path, body);
        var text = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.StatusCode == HttpStatusCode.OK, text);
        return SseEvent.Read(text);
    }
}
