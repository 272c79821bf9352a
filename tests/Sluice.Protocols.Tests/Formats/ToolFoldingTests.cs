using System.Buffers;
using System.Text;
using System.Text.Json;
using Sluice.Protocols.Conversation;
using Sluice.Protocols.Degradations;
using Sluice.Protocols.Formats;
using Sluice.Protocols.OpenAIChat;
using Sluice.Protocols.OpenAIResponses;
using Sluice.Protocols.Sse;
using Sluice.Protocols.Tests.OpenAIResponses;
using Sluice.Testing;
using Xunit;

namespace Sluice.Protocols.Tests.Formats;

/// <summary>Free-text tools and namespaces, through upstreams that know neither.</summary>
public sealed class ToolFoldingTests
{
    private const string Patch = "*** Begin Patch\n*** Update File: a \"b\".txt\n@@\n-é\\\n+ü\n*** End Patch";

    private static readonly byte[] Client = Encoding.UTF8.GetBytes("""
        {"model":"m","stream":true,"tools":[{"type":"function","name":"shell","parameters":{"type":"object"}},
        {"type":"custom","name":"apply_patch","description":"Edits files.","format":{"type":"grammar","syntax":"lark","definition":"start: BEGIN"}},
        {"type":"namespace","name":"agents","tools":[{"type":"function","name":"spawn","parameters":{"type":"object"}},{"type":"custom","name":"exec"}]}],
        "input":[{"role":"user","content":"q"},{"type":"custom_tool_call","call_id":"call_1","name":"apply_patch","input":"say \"hi\"\n"},{"type":"function_call","call_id":"call_2","namespace":"agents","name":"spawn","arguments":"{\"n\":1}"},
        {"type":"custom_tool_call_output","call_id":"call_1","output":"done"},{"type":"function_call_output","call_id":"call_2","output":"ok"}]}
        """);

    [Theory]
    [InlineData(WireProtocol.AnthropicMessages)]
    [InlineData(WireProtocol.OpenAIChat)]
    public void F09_Request_DeclaresFunctions_AndHistorySaysTheSame(WireProtocol wire)
    {
        var degradations = new DegradationLog();
        var folded = ToolFolding.Fold(Request(), wire, degradations);
        Assert.Equal(["shell", "apply_patch", "agents__spawn", "agents__exec"], folded.Tools.Select(t => Assert.IsType<FunctionTool>(t).Name));
        Assert.All(folded.Tools, t => Assert.Null(t.Namespace));
        var patch = (FunctionTool)folded.Tools[1];
        Assert.StartsWith("Edits files.\n\n", patch.Description, StringComparison.Ordinal);
        Assert.Contains("lark grammar:\nstart: BEGIN", patch.Description, StringComparison.Ordinal);
        using var schema = JsonDocument.Parse(patch.Schema.Utf8);
        Assert.Equal(["input"], schema.RootElement.GetProperty("required").EnumerateArray().Select(r => r.GetString()));
        var calls = folded.Messages.SelectMany(m => m.Parts).OfType<ToolCallPart>().ToList();
        Assert.Equal([("apply_patch", """{"input":"say \"hi\"\n"}"""), ("agents__spawn", """{"n":1}""")], calls.Select(c => (c.Name, c.Arguments.ToString())));
        Assert.All(calls, c => Assert.True(c is { IsCustom: false, Namespace: null, ArgumentsAreJson: true }));
        Assert.Equal(["tools.custom", "tools.namespace"], degradations.Entries.Select(d => d.Feature).Order(StringComparer.Ordinal));

        var output = new ArrayBufferWriter<byte>();
        Assert.Null(WireFormats.Upstream(wire).WriteRequest(folded, new UpstreamTarget("claude-x", ChatDialect.Generic, ModelTraits.Unknown), degradations, output));
        Assert.Empty(wire == WireProtocol.AnthropicMessages ? AnthropicRequestRules.Violations(output.WrittenSpan) : ChatRequestRules.Violations(output.WrittenSpan));
    }

    [Fact]
    public void F09_AnthropicAnswer_IsACustomCall_WhateverTheSplit()
    {
        var arguments = JsonSerializer.Serialize(new { input = Patch });
        for (var split = 0; split <= arguments.Length; split++)
        {
            var answer = Through(WireProtocol.AnthropicMessages,
                ("message_start", """{"type":"message_start","message":{"id":"msg_1","usage":{"input_tokens":1}}}"""),
                ("content_block_start", """{"type":"content_block_start","index":0,"content_block":{"type":"tool_use","id":"toolu_1","name":"apply_patch","input":{}}}"""),
                ("content_block_delta", Delta(arguments[..split])), ("content_block_delta", Delta(arguments[split..])),
                ("content_block_stop", """{"type":"content_block_stop","index":0}"""),
                ("content_block_start", """{"type":"content_block_start","index":1,"content_block":{"type":"tool_use","id":"toolu_2","name":"agents__spawn","input":{}}}"""),
                ("content_block_stop", """{"type":"content_block_stop","index":1}"""),
                ("message_delta", """{"type":"message_delta","delta":{"stop_reason":"tool_use"},"usage":{"output_tokens":1}}"""), ("message_stop", """{"type":"message_stop"}"""));
            Assert.Equal([("apply_patch", Patch)], answer.Custom);
            Assert.Equal([("spawn", "{}")], answer.Calls);
        }

        static string Delta(string piece) => """{"type":"content_block_delta","index":0,"delta":{"type":"input_json_delta","partial_json":""" + JsonSerializer.Serialize(piece) + "}}";
    }

    [Fact]
    public void F09_ChatAnswer_IsACustomCall_WithItsNamespace()
    {
        string? stream = null;
        var answer = Through(WireProtocol.OpenAIChat, bytes => stream = bytes,
            ("", """{"id":"c","choices":[{"index":0,"delta":{"role":"assistant","tool_calls":[{"index":0,"id":"call_9","type":"function","function":{"name":"agents__exec","arguments":"{\"input\":\"1 + "}}]}}]}"""),
            ("", """{"id":"c","choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":"1\"}"}}]}}]}"""),
            ("", """{"id":"c","choices":[{"index":0,"delta":{},"finish_reason":"tool_calls"}]}"""), ("", "[DONE]"));
        Assert.Equal([("exec", "1 + 1")], answer.Custom);
        Assert.Contains("\"namespace\":\"agents\"", stream, StringComparison.Ordinal);
        Assert.Contains("response.custom_tool_call_input.done", stream, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"input":"a\nb"}""", "a\nb")]
    [InlineData("""{"patch":"a"}""", "a")]
    [InlineData("\"a\"", "a")]
    [InlineData("plain *** text", "plain *** text")]
    [InlineData("{}", "")]
    [InlineData("""{"a":"b","c":"d"}""", """{"a":"b","c":"d"}""")]
    public void F09_WholeAnswer_WhateverTheModelMadeOfTheArgument_IsText(string arguments, string expected)
    {
        var response = new ConversationResponse { Parts = [new TextPart("t"), new ToolCallPart("call_1", "apply_patch", Json.RawJson.FromText(arguments))], StopReason = StopReason.ToolUse };
        var call = (ToolCallPart)ToolFolding.Restore(response, Request().Tools, WireProtocol.OpenAIChat).Parts[1];
        Assert.Equal((expected, true, "apply_patch"), (call.Arguments.ToString(), call.IsCustom, call.Name));
    }

    [Fact]
    public void Names_ThatAreLongOrIllegalOrTaken_AreShortenedApart_AndFoundAgain()
    {
        var longName = new string('x', 80);
        Tool[] tools =
        [
            new FunctionTool("a__b", null, default), new FunctionTool("b", null, default) { Namespace = "a" }, new FunctionTool("b", null, default) { Namespace = "mcp/ü" }, new CustomTool(longName, null, default) { Namespace = "s" },
            new CustomTool(longName, null, default) { Namespace = "t" },
        ];
        var folded = ToolFolding.Fold(Request() with { Tools = tools, Messages = [] }, WireProtocol.AnthropicMessages, new DegradationLog());
        var names = folded.Tools.Select(t => t.Name).ToList();
        Assert.Equal(tools.Length, names.Distinct(StringComparer.Ordinal).Count());
        Assert.All(names, n => Assert.Matches("^[a-zA-Z0-9_-]{1,64}$", n));
        Assert.Equal("a__b", names[0]);
        var answer = ToolFolding.Restore(new ConversationResponse { Parts = [.. names.Select(n => new ToolCallPart("c", n, Json.RawJson.EmptyObject))] }, tools, WireProtocol.AnthropicMessages);
        Assert.Equal(tools.Select(t => (t.Namespace, t.Name)), answer.Parts.Cast<ToolCallPart>().Select(c => (c.Namespace, c.Name)));
    }

    [Fact]
    public void History_DoesNotChangeTheNamesOfTools()
    {
        var tools = Request().Tools;
        var without = ToolFolding.Fold(Request() with { Messages = [] }, WireProtocol.OpenAIChat, new DegradationLog());
        var with = ToolFolding.Fold(
            Request() with { Messages = [new Message(Role.Assistant, [new ToolCallPart("c", "spawn", Json.RawJson.EmptyObject) { Namespace = "gone" }, new ToolCallPart("d", "agents__spawn", Json.RawJson.EmptyObject) { Namespace = "" }])] },
            WireProtocol.OpenAIChat, new DegradationLog());
        Assert.Equal(without.Tools.Select(t => t.Name), with.Tools.Select(t => t.Name));
        Assert.Equal("gone__spawn", ((ToolCallPart)with.Messages[0].Parts[0]).Name);
        Assert.Equal(tools.Count, with.Tools.Count);
    }

    [Fact]
    public void NothingToFold_IsTheSameRequest()
    {
        var plain = Request() with { Tools = [new FunctionTool("f", null, default)], Messages = [] };
        Assert.Same(plain, ToolFolding.Fold(plain, WireProtocol.AnthropicMessages, new DegradationLog()));
        var own = Request();
        Assert.Same(own, ToolFolding.Fold(own, WireProtocol.OpenAIResponses, new DegradationLog()));
    }

    [Fact]
    public void ForcedTool_IsForcedUnderItsFoldedName()
    {
        var folded = ToolFolding.Fold(Request() with { ToolChoice = new ToolChoice(ToolChoiceMode.Named, "exec") }, WireProtocol.AnthropicMessages, new DegradationLog());
        Assert.Equal("agents__exec", folded.ToolChoice!.Name);
    }

    private static ConversationRequest Request() => OpenAIResponsesFormat.Instance.ReadRequest(Client).Value!;

    private static ResponsesAnswer Through(WireProtocol wire, params (string Event, string Data)[] frames) => Through(wire, _ => { }, frames);

    // As the server does it: the reader restores, the relay writes for the client.
    private static ResponsesAnswer Through(WireProtocol wire, Action<string> see, params (string Event, string Data)[] frames)
    {
        var tools = Request().Tools;
        var target = ResponsesAnswer.Client with { Tools = tools };
        var relay = new TranslatedRelay(
            ToolFolding.Restore(WireFormats.Upstream(wire).CreateStreamReader(ChatDialect.Generic), tools, wire),
            OpenAIResponsesFormat.Instance.CreateStreamWriter(target, new DegradationLog()));
        var segments = new StreamSegments();
        var output = new List<byte>();
        foreach (var (name, data) in frames)
        {
            var raw = Encoding.UTF8.GetBytes((name.Length > 0 ? "event: " + name + "\n" : "") + "data: " + data + "\n\n");
            Assert.Null(relay.Advance(new SseFrame(raw, Encoding.UTF8.GetBytes(name), Encoding.UTF8.GetBytes(data)), segments));
            for (var i = 0; i < segments.Count; i++)
            {
                output.AddRange(segments[i].Bytes.Span);
            }

            segments.Clear();
        }

        Assert.Null(relay.Complete(segments));
        Assert.Equal(StopReason.ToolUse, relay.StopReason);
        byte[] stream = [.. output];
        Assert.Null(ResponsesAnswer.Grammar(stream));
        see(Encoding.UTF8.GetString(stream));
        return ResponsesAnswer.OfStream(stream);
    }
}
