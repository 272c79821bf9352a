using System.Net;
using System.Text;
using System.Text.Json;

namespace Sluice.Simulator.Tests;

public sealed class AnthropicAnswerTests : IAsyncLifetime
{
    private const string Weather = ""","tools":[{"name":"get_weather","description":"","input_schema":{"type":"object","properties":{"city":{"type":"string"},"days":{"type":"integer","minimum":3},"unit":{"enum":["C","F"]}},"required":["city","days","unit"]}}]""";

    private SimulatorHost _host = null!;

    public async ValueTask InitializeAsync() => _host = await SimulatorHost.StartAsync(new SimulatorOptions());

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    [Fact]
    public async Task Echo_WithoutStream_RepeatsTheTextExactly()
    {
        var answer = await Caller.JsonAsync(_host, "/v1/messages", Caller.Messages("sim/echo", "nonce-4711 \"ü🙂\" \\ end"));
        Assert.Equal("nonce-4711 \"ü🙂\" \\ end", answer.GetProperty("content")[0].GetProperty("text").GetString());
        Assert.Equal("end_turn", answer.GetProperty("stop_reason").GetString());
        Assert.Equal("message", answer.GetProperty("type").GetString());
        Assert.Equal("assistant", answer.GetProperty("role").GetString());
        Assert.StartsWith("msg_", answer.GetProperty("id").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Echo_Streamed_HasTheOfficialOrderOfEvents()
    {
        var events = await StreamAsync(Caller.Messages("sim/echo", "one two three 🙂🙂🙂🙂🙂🙂🙂🙂", stream: true));
        var text = AnthropicStreamCheck.Run(events).Blocks.Single();
        Assert.Equal("one two three 🙂🙂🙂🙂🙂🙂🙂🙂", text.Text);
        Assert.Equal(["message_start", "content_block_start", "ping"], events.Take(3).Select(e => e.Name));
        Assert.Equal(["content_block_stop", "message_delta", "message_stop"], events.TakeLast(3).Select(e => e.Name));
    }

    [Fact]
    public async Task Tools_FirstTurn_CallsWithArgumentsThatFitTheSchema()
    {
        var events = await StreamAsync(Caller.Messages("sim/tools", "Weather?", stream: true, Weather));
        var check = AnthropicStreamCheck.Run(events);
        Assert.Equal("tool_use", check.StopReason);
        var call = check.Blocks.Single();
        Assert.Equal("tool_use", call.Type);
        var arguments = JsonDocument.Parse(call.Text).RootElement;
        Assert.Equal(JsonValueKind.String, arguments.GetProperty("city").ValueKind);
        Assert.True(arguments.GetProperty("days").GetInt32() >= 3);
        Assert.Equal("C", arguments.GetProperty("unit").GetString());
    }

    [Fact]
    public async Task Tools_AfterTheResult_AnswersWithWhatItSaid()
    {
        const string Body = """
            {"model":"sim/tools","max_tokens":100,"tools":[{"name":"t","input_schema":{"type":"object"}}],"messages":[
            {"role":"user","content":"go"},
            {"role":"assistant","content":[{"type":"tool_use","id":"toolu_1","name":"t","input":{}}]},
            {"role":"user","content":[{"type":"tool_result","tool_use_id":"toolu_1","content":[{"type":"text","text":"it is RED-99"}]}]}]}
            """;
        var answer = await Caller.JsonAsync(_host, "/v1/messages", Body);
        Assert.Contains("it is RED-99", answer.GetProperty("content")[0].GetProperty("text").GetString(), StringComparison.Ordinal);
        Assert.Equal("end_turn", answer.GetProperty("stop_reason").GetString());
    }

    [Fact]
    public async Task Parallel_InThePrompt_MakesAsManyCallsWithDistinctIds()
    {
        var events = await StreamAsync(Caller.Messages("any", "call parallel 3 please", stream: true, Weather));
        var calls = AnthropicStreamCheck.Run(events).Blocks;
        Assert.Equal(3, calls.Count);
        Assert.Equal(3, calls.Select(c => c.Id).Distinct(StringComparer.Ordinal).Count());
    }

    [Fact]
    public async Task ToolWithoutArguments_Streamed_IsOneEmptyPiece()
    {
        var events = await StreamAsync(Caller.Messages("sim/tools", "go", stream: true, ""","tools":[{"name":"now","input_schema":{"type":"object","properties":{}}}]"""));
        var pieces = events.Where(e => e.Name == "content_block_delta").Select(e => e.Json.GetProperty("delta").GetProperty("partial_json").GetString());
        Assert.Equal([""], pieces);
    }

    [Fact]
    public async Task Think_BlockSentBackUnchanged_IsAccepted()
    {
        var thinking = await ThinkAsync();
        using var answer = await Caller.PostAsync(_host, "/v1/messages", SecondTurn(thinking.GetProperty("thinking").GetString()!, thinking.GetProperty("signature").GetString()!));
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
    }

    [Fact]
    public async Task Think_BlockAltered_IsRefusedWithAnthropicsWording()
    {
        var thinking = await ThinkAsync();
        using var answer = await Caller.PostAsync(_host, "/v1/messages", SecondTurn(thinking.GetProperty("thinking").GetString()! + " ", thinking.GetProperty("signature").GetString()!));
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Contains("messages.1.content.0: Invalid `signature` in `thinking` block", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Think_BlockOfAnotherProvider_IsRefused()
    {
        await using var other = await SimulatorHost.StartAsync(new SimulatorOptions { Seed = 2 });
        var thinking = await ThinkAsync();
        using var answer = await Caller.PostAsync(other, "/v1/messages", SecondTurn(thinking.GetProperty("thinking").GetString()!, thinking.GetProperty("signature").GetString()!));
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
    }

    [Fact]
    public async Task Think_Streamed_SignsWhatItStreamed()
    {
        var check = AnthropicStreamCheck.Run(await StreamAsync(Caller.Messages("sim/think", "why?", stream: true)));
        Assert.Equal(["thinking", "text"], check.Blocks.Select(b => b.Type));
        using var answer = await Caller.PostAsync(_host, "/v1/messages", SecondTurn(check.Blocks[0].Text, check.Blocks[0].Signature!));
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
    }

    [Fact]
    public async Task JsonSchema_InOutputConfig_AnswersJsonThatFits()
    {
        var answer = await Caller.JsonAsync(_host, "/v1/messages", Caller.Messages("any", "Fix the login", extra:
            ""","output_config":{"format":{"type":"json_schema","schema":{"type":"object","properties":{"title":{"type":"string"},"isNew":{"type":"boolean"}},"required":["title","isNew"],"additionalProperties":false}}}"""));
        var json = JsonDocument.Parse(answer.GetProperty("content")[0].GetProperty("text").GetString()!).RootElement;
        Assert.Equal("Fix the login", json.GetProperty("title").GetString());
        Assert.Equal(JsonValueKind.True, json.GetProperty("isNew").ValueKind);
        Assert.Equal(2, json.EnumerateObject().Count());
    }

    [Fact]
    public async Task MaxTokens_Reached_CutsAndSaysSo()
    {
        var answer = await Caller.JsonAsync(_host, "/v1/messages", """{"model":"sim/echo","max_tokens":2,"messages":[{"role":"user","content":"12345678tail"}]}""");
        Assert.Equal("12345678", answer.GetProperty("content")[0].GetProperty("text").GetString());
        Assert.Equal("max_tokens", answer.GetProperty("stop_reason").GetString());
        Assert.Equal(2, answer.GetProperty("usage").GetProperty("output_tokens").GetInt32());
    }

    [Fact]
    public async Task CountTokens_OfAPrompt_EqualsTheUsageOfItsAnswer()
    {
        var counted = await Caller.JsonAsync(_host, "/v1/messages/count_tokens", Caller.Messages("sim/echo", "count me"));
        var answered = await Caller.JsonAsync(_host, "/v1/messages", Caller.Messages("sim/echo", "count me"));
        Assert.True(counted.GetProperty("input_tokens").GetInt32() > 0);
        Assert.Equal(counted.GetProperty("input_tokens").GetInt32(), answered.GetProperty("usage").GetProperty("input_tokens").GetInt32());
    }

    [Theory]
    [InlineData("""{"max_tokens":1,"messages":[]}""", "model: Field required")]
    [InlineData("""{"model":"m","max_tokens":1,"messages":[]}""", "messages: at least one message is required")]
    [InlineData("""{"model":"m","messages":[{"role":"user","content":"x"}]}""", "max_tokens: Field required")]
    [InlineData("""{"model":"m","max_tokens":1,"messages":[{"role":"tool","content":"x"}]}""", "messages.0.role: Input should be 'user' or 'assistant'")]
    [InlineData("""{"model":"m","max_tokens":1,"messages":[{"role":"assistant","content":[{"type":"tool_use","id":"a","name":"n","input":{}}]},{"role":"user","content":"x"}]}""", "`tool_use` ids were found without `tool_result` blocks immediately after: a.")]
    [InlineData("""{"model":"m","max_tokens":1,"messages":[{"role":"user","content":[{"type":"tool_result","tool_use_id":"zz","content":"x"}]}]}""", "unexpected `tool_use_id` found in `tool_result` blocks: zz.")]
    public async Task Request_ThatAnthropicRefuses_GetsItsWording(string body, string wording)
    {
        using var answer = await Caller.PostAsync(_host, "/v1/messages", body);
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        var error = JsonDocument.Parse(await answer.Content.ReadAsStringAsync()).RootElement;
        Assert.Equal("error", error.GetProperty("type").GetString());
        Assert.Equal("invalid_request_error", error.GetProperty("error").GetProperty("type").GetString());
        Assert.Contains(wording, error.GetProperty("error").GetProperty("message").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Models_WithAnthropicVersion_ComeInAnthropicsShape()
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(_host.Address, "/v1/models?limit=1000"));
        request.Headers.Add("anthropic-version", "2023-06-01");
        using var answer = await Caller.Http.SendAsync(request);
        var models = JsonDocument.Parse(await answer.Content.ReadAsStringAsync()).RootElement;
        Assert.Equal(["sim/echo", "sim/tools", "sim/think"], models.GetProperty("data").EnumerateArray().Select(m => m.GetProperty("id").GetString()));
        Assert.False(models.GetProperty("has_more").GetBoolean());
    }

    [Fact]
    public async Task Agent_NamesAFile_ReadsItInItsWorkingDirectoryThenAnswers()
    {
        const string Tools = ""","tools":[{"name":"Bash","input_schema":{"type":"object","properties":{"command":{"type":"string"}}}},{"name":"Read","input_schema":{"type":"object","properties":{"file_path":{"type":"string"},"limit":{"type":"integer"}},"required":["file_path"]}}]""";
        var first = "{\"model\":\"claude-x\",\"max_tokens\":99" + Tools + """
            ,"messages":[{"role":"user","content":[{"type":"text","text":"<system-reminder>\n - Primary working directory: /home/me/app\n - Platform: linux\n</system-reminder>"},{"type":"text","text":"Read notes.txt and tell me the marker."}]}
            """;
        var call = (await Caller.JsonAsync(_host, "/v1/messages", first + "]}")).GetProperty("content")[0];
        Assert.Equal("Read", call.GetProperty("name").GetString());
        Assert.Equal("""{"file_path":"/home/me/app/notes.txt"}""", call.GetProperty("input").GetRawText());

        var second = first + ",{\"role\":\"assistant\",\"content\":[" + call.GetRawText() + "]},{\"role\":\"user\",\"content\":[{\"type\":\"tool_result\",\"tool_use_id\":"
            + Caller.Quoted(call.GetProperty("id").GetString()!) + ",\"content\":\"1\\tthe marker is MAGIC-1\"}]}]}";
        var answer = await Caller.JsonAsync(_host, "/v1/messages", second);
        Assert.Contains("MAGIC-1", answer.GetProperty("content")[0].GetProperty("text").GetString(), StringComparison.Ordinal);
    }

    // Claude Code's instructions in mid-conversation name files of their own, and come as the user's where a format has no place for them.
    [Theory]
    [InlineData("system-reminder")]
    [InlineData("system")]
    public async Task FileRead_InstructionsBehindTheQuestion_AreNotTheQuestion(string mark)
    {
        var answer = await Caller.JsonAsync(_host, "/v1/messages", $$"""
            {"model":"claude-x","max_tokens":99,"tools":[{"name":"Read","input_schema":{"type":"object","properties":{"file_path":{"type":"string"} } } }],
            "messages":[{"role":"user","content":[{"type":"text","text":"Read notes.txt and tell me the marker."},
            {"type":"text","text":"<{{mark}}>\nUse the tools of /srv/other.json.\n - Primary working directory: /home/me/app\n</{{mark}}>"}]}]}
            """);

        Assert.Equal("""{"file_path":"/home/me/app/notes.txt"}""", answer.GetProperty("content")[0].GetProperty("input").GetRawText());
    }

    private async Task<JsonElement> ThinkAsync()
    {
        var answer = await Caller.JsonAsync(_host, "/v1/messages", Caller.Messages("sim/think", "why is it so?"));
        var thinking = answer.GetProperty("content")[0];
        Assert.Equal("thinking", thinking.GetProperty("type").GetString());
        return thinking;
    }

    private static string SecondTurn(string thinking, string signature) => $$"""
        {"model":"sim/think","max_tokens":100,"messages":[{"role":"user","content":"why is it so?"},
        {"role":"assistant","content":[{"type":"thinking","thinking":{{Caller.Quoted(thinking)}},"signature":{{Caller.Quoted(signature)}}},{"type":"text","text":"so"}]},
        {"role":"user","content":"and then?"}]}
        """;

    private async Task<IReadOnlyList<SseEvent>> StreamAsync(string body)
    {
        using var answer = await Caller.PostAsync(_host, "/v1/messages", body);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal("text/event-stream", answer.Content.Headers.ContentType!.MediaType);
        return SseEvent.Read(Encoding.UTF8.GetString(await answer.Content.ReadAsByteArrayAsync()));
    }
}
