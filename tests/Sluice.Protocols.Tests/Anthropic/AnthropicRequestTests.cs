using System.Buffers;
using System.Text;
using System.Text.Json;
using Sluice.Protocols.Anthropic;
using Sluice.Protocols.Conversation;
using Sluice.Protocols.Degradations;
using Sluice.Protocols.Errors;
using Sluice.Protocols.Formats;
using Sluice.Protocols.Json;
using Sluice.Protocols.OpenAIChat;
using Sluice.Testing;
using Xunit;

namespace Sluice.Protocols.Tests.Anthropic;

/// <summary>Requests by hand: what other clients send, as Claude must get it.</summary>
public sealed class AnthropicRequestTests
{
    private static readonly ConversationRequest Turn = new()
    {
        From = WireProtocol.OpenAIChat,
        Model = "m",
        Messages = [new Message(Role.User, [new TextPart("hi")])],
    };

    [Fact]
    public void Results_BehindTextAndInOtherOrder_StandFirst()
    {
        var body = Write(Turn with
        {
            Messages =
            [
                new Message(Role.User, [new TextPart("go")]),
                new Message(Role.Assistant, [new TextPart("ok"), Call("a"), Call("b")]),
                new Message(Role.User, [new TextPart("by the way"), Result("b")]),
                new Message(Role.User, [Result("a")]),
            ],
        });
        Assert.Equal("user text|assistant text tool_use:a tool_use:b|user tool_result:b tool_result:a text", Shape(body));
    }

    [Fact]
    public void InstructionsBetweenCallsAndResults_MoveBehindThem()
    {
        var request = Turn with
        {
            Messages =
            [
                new Message(Role.User, [new TextPart("go")]),
                new Message(Role.Assistant, [Call("a")]),
                new Message(Role.System, [new TextPart("be brief")]),
                new Message(Role.User, [Result("a"), new TextPart("more")]),
            ],
        };
        Assert.Equal("user text|assistant tool_use:a|user tool_result:a text text", Shape(Write(request, "claude-sonnet-4-5")));
        Assert.Equal("user text|assistant tool_use:a|user tool_result:a|system text|user text", Shape(Write(request, "claude-opus-4-8")));
    }

    [Fact]
    public void CallWithoutResult_GetsOne_AndResultWithoutCall_BecomesText()
    {
        var degradations = new DegradationLog();
        var body = Write(
            Turn with
            {
                Messages =
                [
                    new Message(Role.User, [Result("lost")]),
                    new Message(Role.Assistant, [Call("a"), Call("b")]),
                    new Message(Role.User, [Result("a"), Result("a"), new TextPart("next")]),
                    new Message(Role.Assistant, [Call("c")]),
                ],
            },
            degradations: degradations);
        Assert.Equal("user text|assistant tool_use:a tool_use:b|user tool_result:a tool_result:b text text|assistant tool_use:c|user tool_result:c", Shape(body));
        Assert.True(body.GetProperty("messages")[2].GetProperty("content")[1].GetProperty("is_error").GetBoolean());
        Assert.Contains(degradations.Entries, d => d.Feature == "tool_result");
    }

    [Fact]
    public void RepeatedIds_BecomeDistinctAndStayPaired()
    {
        var body = Write(Turn with
        {
            Messages =
            [
                new Message(Role.User, [new TextPart("go")]),
                new Message(Role.Assistant, [Call("call_0")]),
                new Message(Role.User, [Result("call_0")]),
                new Message(Role.Assistant, [Call("call_0"), Call("call.1")]),
                new Message(Role.User, [Result("call.1"), Result("call_0")]),
            ],
        });
        var messages = body.GetProperty("messages");
        var second = messages[3].GetProperty("content")[0].GetProperty("id").GetString();
        Assert.Equal("call_0", messages[1].GetProperty("content")[0].GetProperty("id").GetString());
        Assert.NotEqual("call_0", second);
        Assert.Equal(second, messages[4].GetProperty("content")[1].GetProperty("tool_use_id").GetString());
    }

    [Fact]
    public void AssistantFirst_AndInstructionsAlone_GetAUserTurn()
    {
        Assert.Equal("user text|assistant text|user text", Shape(Write(Turn with { Messages = [new Message(Role.Assistant, [new TextPart("Hello!")]), .. Turn.Messages] })));
        Assert.Equal("user text", Shape(Write(Turn with { System = [new TextPart("You are a poet.")], Messages = [] })));
    }

    [Fact]
    public void NothingToAnswer_IsRefused()
    {
        var error = AnthropicFormat.Instance.WriteRequest(Turn with { Messages = [new Message(Role.User, [new TextPart(" \n")])] }, Target("claude-sonnet-4-6"), new DegradationLog(), new ArrayBufferWriter<byte>());
        Assert.Equal((ErrorKind.InvalidRequest, 400, "messages"), (error!.Kind, error.Status, error.Param));
    }

    [Fact]
    public void EmptyTexts_AreLeftOut_AndAPrefillIsTrimmed()
    {
        var body = Write(Turn with
        {
            Messages = [new Message(Role.User, [new TextPart(""), new TextPart("hi")]), new Message(Role.Assistant, [new TextPart("\n")]), new Message(Role.User, [new TextPart("there")]), new Message(Role.Assistant, [new TextPart("{ ")])],
        });
        Assert.Equal("user text text|assistant text", Shape(body));
        Assert.Equal("{", body.GetProperty("messages")[1].GetProperty("content")[0].GetProperty("text").GetString());
    }

    [Fact]
    public void F05_ForeignThinking_IsDropped_AndClaudesOwnThroughChatComesBackBlockByBlock()
    {
        var details = RawJson.FromText("""
            [{"type":"reasoning.text","text":"one","signature":"s1","format":"anthropic-claude-v1","index":0},
             {"type":"reasoning.encrypted","data":"sealed","format":"anthropic-claude-v1","index":1},
             {"type":"reasoning.text","text":"tw","format":"anthropic-claude-v1","index":2},{"type":"reasoning.text","text":"o","signature":"s2","format":"anthropic-claude-v1","index":2},
             {"type":"reasoning.text","text":"unsigned","format":"anthropic-claude-v1","index":3},{"type":"reasoning.encrypted","data":"x","format":"openai-responses-v1"}]
            """);
        var degradations = new DegradationLog();
        var body = Write(
            Turn with
            {
                Messages =
                [
                    .. Turn.Messages,
                    new Message(Role.Assistant, [new ThinkingPart("of another model") { Signature = "foreign", SignedBy = WireProtocol.OpenAIChat }, new TextPart("a")]),
                    new Message(Role.User, [new TextPart("b")]),
                    new Message(Role.Assistant, [new ThinkingPart("onetwo") { Details = details, SignedBy = WireProtocol.OpenAIChat }, Call("c")]),
                    new Message(Role.User, [Result("c")]),
                ],
            },
            degradations: degradations);
        Assert.Equal("user text|assistant text|user text|assistant thinking redacted_thinking thinking tool_use:c|user tool_result:c", Shape(body));
        var blocks = body.GetProperty("messages")[3].GetProperty("content");
        Assert.Equal(("one", "s1", "sealed", "two", "s2"), (Text(blocks[0], "thinking"), Text(blocks[0], "signature"), Text(blocks[1], "data"), Text(blocks[2], "thinking"), Text(blocks[2], "signature")));
        Assert.Contains(degradations.Entries, d => d.Feature == "thinking.history");
    }

    [Theory]
    // Without a limit of the client's the text keeps its room beside the thinking.
    [InlineData("claude-sonnet-4-5", null, "high", 24576, 16384, null)]
    [InlineData("claude-3-7-sonnet-20250219", 4096L, "high", 4096, 3276, null)]
    [InlineData("claude-haiku-4.5", 1100L, "low", 1100, 1024, null)]
    // No room at all: thinking is left out.
    [InlineData("claude-haiku-4.5", 1000L, "low", 1000, null, null)]
    [InlineData("anthropic/claude-sonnet-4.6", 4096L, "minimal", 4096, null, "low")]
    [InlineData("claude-opus-4-7", 4096L, "xhigh", 4096, null, "xhigh")]
    public void Effort_BecomesABudget_OrGoesOnWhereTheModelTakesIt(string model, long? limit, string effort, int maxTokens, int? budget, string? sent)
    {
        var body = Write(Turn with { MaxOutputTokens = limit, Reasoning = new ReasoningOptions(ReasoningMode.Adaptive) { Effort = effort }, Sampling = new SamplingOptions { Temperature = 0.2 } }, model);
        Assert.Equal(maxTokens, body.GetProperty("max_tokens").GetInt32());
        Assert.Equal(budget, body.TryGetProperty("thinking", out var thinking) && thinking.TryGetProperty("budget_tokens", out var tokens) ? tokens.GetInt32() : null);
        Assert.Equal(sent, body.TryGetProperty("output_config", out var config) ? Text(config, "effort") : null);
        Assert.Equal(sent is null ? budget is null ? null : "enabled" : "adaptive", body.TryGetProperty("thinking", out thinking) ? Text(thinking, "type") : null);
        Assert.Equal(budget is null && sent is null, body.TryGetProperty("temperature", out _));
    }

    [Fact]
    public void Budget_OnAModelThatRefusesOne_BecomesAnEffort()
    {
        var body = Write(Turn with { Reasoning = new ReasoningOptions(ReasoningMode.Budget) { BudgetTokens = 4000 } }, "anthropic/claude-opus-4.7");
        Assert.Equal(("adaptive", "medium"), (Text(body.GetProperty("thinking"), "type"), Text(body.GetProperty("output_config"), "effort")));
    }

    [Fact]
    public void Tools_WithoutType_GetOne_AndTheirBytesStay()
    {
        var body = Encoding.UTF8.GetString(Bytes(Turn with
        {
            Tools =
            [
                new FunctionTool("none", null, default),
                new FunctionTool("empty", "d", RawJson.FromText("{ }")),
                new FunctionTool("untyped", null, RawJson.FromText("""{"properties": {"\ud83d": {"const": 1.50}}}""")),
                new FunctionTool("typed", null, RawJson.FromText("""{ "type":"object", "properties":{"b":{},"a":{}} }""")),
            ],
        }));
        Assert.Contains("""{"name":"none","input_schema":{"type":"object"}}""", body, StringComparison.Ordinal);
        Assert.Contains("""{"name":"empty","description":"d","input_schema":{"type":"object"}}""", body, StringComparison.Ordinal);
        Assert.Contains("""{"type":"object","properties": {"\ud83d": {"const": 1.50}}}""", body, StringComparison.Ordinal);
        Assert.Contains("""{ "type":"object", "properties":{"b":{},"a":{}} }""", body, StringComparison.Ordinal);
    }

    [Fact]
    public void ForeignVendorTools_LeaveNoChoiceBehind_OrAreRefusedWhenForced()
    {
        var tool = new VendorTool("web_search", "web_search", RawJson.FromText("{}"), WireProtocol.OpenAIChat);
        var degradations = new DegradationLog();
        var body = Write(Turn with { Tools = [tool], ToolChoice = new ToolChoice(ToolChoiceMode.Auto), ParallelToolCalls = false }, degradations: degradations);
        Assert.False(body.TryGetProperty("tools", out _));
        Assert.False(body.TryGetProperty("tool_choice", out _));
        Assert.Contains(degradations.Entries, d => d.Feature == "tools.web_search");
        var refused = AnthropicFormat.Instance.WriteRequest(Turn with { Tools = [tool], ToolChoice = new ToolChoice(ToolChoiceMode.Any) }, Target("claude-sonnet-4-6"), new DegradationLog(), new ArrayBufferWriter<byte>());
        Assert.Equal((400, "tools"), (refused!.Status, refused.Param));
    }

    [Fact]
    public void ForcedTool_WhileThinking_BecomesAuto()
    {
        var request = Turn with
        {
            Tools = [new FunctionTool("f", null, default)],
            ToolChoice = new ToolChoice(ToolChoiceMode.Named, "f"),
            ParallelToolCalls = false,
        };
        Assert.Equal("""{"type":"tool","name":"f","disable_parallel_tool_use":true}""", Write(request).GetProperty("tool_choice").GetRawText());
        Assert.Equal("""{"type":"auto","disable_parallel_tool_use":true}""", Write(request with { Reasoning = new ReasoningOptions(ReasoningMode.Adaptive) }).GetProperty("tool_choice").GetRawText());
    }

    [Fact]
    public void Media_IsCarriedInAnthropicsShapes()
    {
        var body = Write(Turn with
        {
            Messages =
            [
                new Message(Role.User,
                [
                    new ImagePart(new MediaSource.Base64("image/jpg", "AAAA")),
                    new DocumentPart(new MediaSource.Base64("text/markdown", Convert.ToBase64String("# né"u8))) { Title = "a.md" },
                    new DocumentPart(new MediaSource.Base64("application/pdf", "JVBE")),
                    new ImagePart(new MediaSource.FileId("file-1")),
                    new AudioPart("wav", "AAAA"),
                ]),
            ],
        });
        Assert.Equal(
            """[{"type":"image","source":{"type":"base64","media_type":"image/jpeg","data":"AAAA"}},{"type":"document","source":{"type":"text","media_type":"text/plain","data":"# né"},"title":"a.md"},{"type":"document","source":{"type":"base64","media_type":"application/pdf","data":"JVBE"}},{"type":"text","text":"[file left out: it was uploaded to another vendor]"},{"type":"text","text":"[audio left out: this model takes no sound]"}]""",
            body.GetProperty("messages")[0].GetProperty("content").GetRawText());
    }

    [Fact]
    public void F17_Marks_BeyondFour_AreDroppedAndSaid()
    {
        var degradations = new DegradationLog();
        var body = Write(
            Turn with { Messages = [new Message(Role.User, [.. Enumerable.Range(0, 6).Select(i => new TextPart("t" + i) { Cache = new CacheMark("1h") })])] },
            degradations: degradations);
        Assert.Equal(4, AnthropicRequestRules.CacheMarks(body));
        Assert.Equal("""{"type":"ephemeral","ttl":"1h"}""", body.GetProperty("messages")[0].GetProperty("content")[0].GetProperty("cache_control").GetRawText());
        Assert.Contains(degradations.Entries, d => d.Feature == "cache_control");
    }

    [Fact]
    public void AnthropicMembers_ThatAreNotKnown_ComeBackWhereTheyStood()
    {
        var body = """{"model":"m","max_tokens":9,"messages":[{"role":"user","content":"x"}],"metadata":{"user_id":"u","tier":"gold"},"output_config":{"effort":"low","later":[1]},"context_management":{"edits":[]},"thinking":{"type":"disabled"}}"""u8.ToArray();
        var written = Write(AnthropicFormat.Instance.ReadRequest(body).Value!);
        Assert.Equal("""{"user_id":"u","tier":"gold"}""", written.GetProperty("metadata").GetRawText());
        Assert.Equal("""{"effort":"low","later":[1]}""", written.GetProperty("output_config").GetRawText());
        Assert.Equal("""{"edits":[]}""", written.GetProperty("context_management").GetRawText());
        Assert.Equal("""{"type":"disabled"}""", written.GetProperty("thinking").GetRawText());
    }

    [Theory]
    [InlineData("""[1]""", null, "Input should be a JSON object, found a list")]
    [InlineData("""{"model":"m"}""", "messages", "messages: Field required")]
    [InlineData("""{"model":7,"messages":[]}""", "model", "model: Input should be a string, found a number")]
    [InlineData("""{"messages":[{"role":"tool","content":""}]}""", "messages.0.role", "messages.0.role: Input should be 'user' or 'assistant'")]
    [InlineData("""{"messages":[{"role":"user"}]}""", "messages.0.content", "messages.0.content: Field required")]
    [InlineData("""{"messages":[{"role":"user","content":[{"type":"text"}]}]}""", "messages.0.content.0.text", "messages.0.content.0.text: Field required")]
    [InlineData("""{"messages":[{"role":"user","content":[{"type":"image","source":{"type":"ftp"}}]}]}""", "messages.0.content.0.source.type", "messages.0.content.0.source.type: Input should be 'base64', 'url', 'file', 'text' or 'content'")]
    [InlineData("""{"messages":[],"max_tokens":1.5}""", "max_tokens", "max_tokens: Input should be an integer, found a number")]
    [InlineData("""{"messages":[],"tool_choice":{"type":"maybe"}}""", "tool_choice.type", "tool_choice.type: Input should be 'auto', 'any', 'tool' or 'none'")]
    public void ReadRequest_OfTheWrongShape_NamesThePath(string body, string? path, string message)
    {
        var error = AnthropicFormat.Instance.ReadRequest(Encoding.UTF8.GetBytes(body)).Error;
        Assert.Equal((ErrorKind.InvalidRequest, path, message), (error!.Kind, error.Param, error.Message));
    }

    [Theory]
    [InlineData("claude-opus-4-8", true)]
    [InlineData("anthropic/claude-opus-4.8", true)]
    [InlineData("claude-sonnet-5", true)]
    [InlineData("us.anthropic.claude-sonnet-5-20270101-v1:0", true)]
    [InlineData("claude-opus-4-7", false)]
    [InlineData("claude-opus-4-20250514", false)]
    [InlineData("claude-sonnet-4-6", false)]
    // The old order: the number behind is the minor version, not the major one.
    [InlineData("claude-3-5-sonnet-20241022", false)]
    [InlineData("claude-3-5-haiku@20241022", false)]
    [InlineData("anthropic/claude-3.7-sonnet:thinking", false)]
    [InlineData("deepseek/deepseek-chat", false)]
    public void SystemTurns_ReachOnlyModelsThatTakeThem(string model, bool taken)
    {
        var body = Write(Turn with { Messages = [.. Turn.Messages, new Message(Role.System, [new TextPart("note")])] }, model);
        Assert.Equal(taken ? "user text|system text" : "user text text", Shape(body));
        Assert.Equal(taken ? "note" : "<system>\nnote\n</system>", Text(body.GetProperty("messages")[taken ? 1 : 0].GetProperty("content")[taken ? 0 : 1], "text"));
    }

    private static ToolCallPart Call(string id) => new(id, "f", RawJson.EmptyObject);

    private static ToolResultPart Result(string id) => new(id, [new TextPart("r")], IsError: false);

    private static UpstreamTarget Target(string model) => new(model, ChatDialect.Generic, ModelTraits.Unknown);

    private static byte[] Bytes(ConversationRequest request, string model = "claude-sonnet-4-6", DegradationLog? degradations = null)
    {
        var output = new ArrayBufferWriter<byte>();
        Assert.Null(AnthropicFormat.Instance.WriteRequest(request, Target(model), degradations ?? new DegradationLog(), output));
        return output.WrittenSpan.ToArray();
    }

    private static JsonElement Write(ConversationRequest request, string model = "claude-sonnet-4-6", DegradationLog? degradations = null)
    {
        var bytes = Bytes(request, model, degradations);
        Assert.Empty(AnthropicRequestRules.Violations(bytes));
        using var document = JsonDocument.Parse(bytes);
        return document.RootElement.Clone();
    }

    private static string Shape(JsonElement body) => string.Join('|', body.GetProperty("messages").EnumerateArray().Select(m =>
        Text(m, "role") + string.Concat(m.GetProperty("content").EnumerateArray().Select(b =>
            " " + Text(b, "type") + ((Text(b, "id") ?? Text(b, "tool_use_id")) is { } id ? ":" + id : "")))));

    private static string? Text(JsonElement holder, string name) => holder.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}
