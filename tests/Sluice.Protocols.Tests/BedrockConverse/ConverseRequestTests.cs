using System.Buffers;
using System.Text;
using System.Text.Json;
using Sluice.Protocols.Anthropic;
using Sluice.Protocols.BedrockConverse;
using Sluice.Protocols.Conversation;
using Sluice.Protocols.Degradations;
using Sluice.Protocols.Errors;
using Sluice.Protocols.Formats;
using Sluice.Protocols.OpenAIChat;
using Sluice.Protocols.Tests.Anthropic;
using Sluice.Protocols.Tests.EventStream;
using Sluice.Testing;
using Xunit;

namespace Sluice.Protocols.Tests.BedrockConverse;

public sealed class ConverseRequestTests
{
    private const string Claude = "us.anthropic.claude-sonnet-4-5-20250929-v1:0";

    public static TheoryData<string> Requests() => EventStreamBytes.Rows(SharedData.Recordings("anthropic-messages").Where(r => r.Request() is not null).Select(r => r.Folder));

    public static TheoryData<string> Captures() => AnthropicRecordingTests.Captures();

    [Theory]
    [MemberData(nameof(Requests))]
    public void RecordedRequest_ForClaudeOnBedrock_IsLegal(string folder)
    {
        EventStreamBytes.SkipWithoutData();
        AssertLegal(new Recording(folder).Request()!);
    }

    [Theory]
    [MemberData(nameof(Captures))]
    public void F17_ClientRequest_ForClaudeOnBedrock_IsLegalWithItsCacheMarks(string path)
    {
        EventStreamBytes.SkipWithoutData();
        AssertLegal(AnthropicRecordingTests.CaptureBody(path)!);
    }

    [Fact]
    public void Request_OfEveryPart_IsExactlyThis()
    {
        var written = FromAnthropic("""
            {"model":"m","max_tokens":100,"temperature":0.5,"top_p":0.9,"top_k":7,"stop_sequences":["END"," "],"stream":true,
             "system":[{"type":"text","text":"Be short."},{"type":"text","text":"Be kind.","cache_control":{"type":"ephemeral","ttl":"1h"}}],
             "tools":[{"name":"f","description":"does","input_schema":{"type":"object","properties":{}},"cache_control":{"type":"ephemeral"}}],
             "tool_choice":{"type":"tool","name":"f"},
             "messages":[
               {"role":"user","content":[{"type":"text","text":" "},{"type":"image","source":{"type":"base64","media_type":"image/jpg","data":"AAAA"}},{"type":"text","text":"what?"}]},
               {"role":"assistant","content":[{"type":"thinking","thinking":"hm","signature":"c2ln"},{"type":"redacted_thinking","data":"RGF0YQ=="},{"type":"tool_use","id":"toolu_1","name":"f","input":{"b":1.0,"a":"\u00e9"}}]},
               {"role":"user","content":[{"type":"tool_result","tool_use_id":"toolu_1","is_error":true,"content":[{"type":"text","text":"no"}],"cache_control":{"type":"ephemeral"}},{"type":"text","text":"go on"}]}]}
            """);
        Assert.Equal("""
            {"toolConfig":{"tools":[{"toolSpec":{"name":"f","description":"does","inputSchema":{"json":{"type":"object","properties":{}}}}},{"cachePoint":{"type":"default"}}],"toolChoice":{"tool":{"name":"f"}}},
            "system":[{"text":"Be short."},{"text":"Be kind."},{"cachePoint":{"type":"default","ttl":"1h"}}],
            "messages":[{"role":"user","content":[{"image":{"format":"jpeg","source":{"bytes":"AAAA"}}},{"text":"what?"}]},
            {"role":"assistant","content":[{"reasoningContent":{"reasoningText":{"text":"hm","signature":"c2ln"}}},{"reasoningContent":{"redactedContent":"UkdGMFlRPT0="}},{"toolUse":{"toolUseId":"toolu_1","name":"f","input":{"b":1.0,"a":"\u00e9"}}}]},
            {"role":"user","content":[{"toolResult":{"toolUseId":"toolu_1","content":[{"text":"no"}],"status":"error"}},{"cachePoint":{"type":"default"}},{"text":"go on"}]}],
            "inferenceConfig":{"maxTokens":100,"temperature":0.5,"topP":0.9,"stopSequences":["END"]},"additionalModelRequestFields":{"top_k":7}}
            """.ReplaceLineEndings(""), written.Json);
        Assert.Equal(["stop_sequences"], written.Features);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(5)]
    public void F03_ParallelCalls_KeepTheirResults_WhateverTheirOrder(int count)
    {
        var calls = Enumerable.Range(0, count).Select(i => (ContentPart)new ToolCallPart("call|" + i, "f" + i, Json.RawJson.FromText($$"""{"n":{{i}}}"""))).ToList();
        var results = Enumerable.Range(0, count).Reverse().Select(i => (ContentPart)new ToolResultPart("call|" + i, [new TextPart("r" + i)], IsError: false)).ToList();
        var written = Write(Ask([new Message(Role.User, [new TextPart("go")]), new Message(Role.Assistant, calls), .. results.Select(r => new Message(Role.User, [r]))]));
        var messages = written.Body.GetProperty("messages");
        Assert.Equal(3, messages.GetArrayLength());
        var uses = messages[1].GetProperty("content").EnumerateArray().Select(b => b.GetProperty("toolUse")).ToList();
        var answers = messages[2].GetProperty("content").EnumerateArray().Select(b => b.GetProperty("toolResult"))
            .ToDictionary(r => r.GetProperty("toolUseId").GetString()!, r => r.GetProperty("content")[0].GetProperty("text").GetString());
        Assert.Equal(count, uses.Count);
        for (var i = 0; i < count; i++)
        {
            Assert.Equal("f" + i, uses[i].GetProperty("name").GetString());
            Assert.Equal($$"""{"n":{{i}}}""", uses[i].GetProperty("input").GetRawText());
            Assert.Equal("r" + i, answers[uses[i].GetProperty("toolUseId").GetString()!]);
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void F05_ThinkingOfAnAnswer_ComesBackByteForByte(bool streamed)
    {
        const string thought = "h\u00e9 \u0001 \"q\"";
        const string signature = "EqQB/+sig==";
        var blob = Convert.ToBase64String(Encoding.UTF8.GetBytes("RW5jcnlwdGVk"));
        byte[] answer;
        if (streamed)
        {
            var text = JsonSerializer.Serialize(thought);
            var written = AnthropicAnswer.Write(ConverseAnswer.Read(
            [
                .. EventStreamBytes.Event("messageStart", """{"role":"assistant"}"""),
                .. EventStreamBytes.Event("contentBlockDelta", $$$$$"""{"contentBlockIndex":0,"delta":{"reasoningContent":{"text":{{{{{text}}}}}}},"p":"ab"}"""),
                .. EventStreamBytes.Event("contentBlockDelta", $$$$$"""{"contentBlockIndex":0,"delta":{"reasoningContent":{"signature":"{{{{{signature[..4]}}}}}"}}}"""),
                .. EventStreamBytes.Event("contentBlockDelta", $$$$$"""{"contentBlockIndex":0,"delta":{"reasoningContent":{"signature":"{{{{{signature[4..]}}}}}"}}}"""),
                .. EventStreamBytes.Event("contentBlockStop", """{"contentBlockIndex":0}"""),
                .. EventStreamBytes.Event("contentBlockDelta", $$$$$"""{"contentBlockIndex":1,"delta":{"reasoningContent":{"redactedContent":"{{{{{blob}}}}}"}}}"""),
                .. EventStreamBytes.Event("contentBlockStop", """{"contentBlockIndex":1}"""),
                .. EventStreamBytes.Event("contentBlockStart", """{"contentBlockIndex":2,"start":{"toolUse":{"toolUseId":"tooluse_x","name":"f"}}}"""),
                .. EventStreamBytes.Event("contentBlockStop", """{"contentBlockIndex":2}"""),
                .. EventStreamBytes.Event("messageStop", """{"stopReason":"tool_use"}"""),
            ]));
            Assert.Null(AnthropicAnswer.Grammar(written));

            // As a client puts its history together.
            var blocks = AnthropicAnswer.OfStream(written).Blocks;
            Assert.Equal([$"thinking {thought} [{signature}]", "redacted RW5jcnlwdGVk", "tool tooluse_x f {}"], blocks);
            answer = Encoding.UTF8.GetBytes($$$$$"""
                [{"type":"thinking","thinking":{{{{{text}}}}},"signature":"{{{{{signature}}}}}"},{"type":"redacted_thinking","data":"RW5jcnlwdGVk"},{"type":"tool_use","id":"tooluse_x","name":"f","input":{}}]
                """);
        }
        else
        {
            var body = $$$$$"""
                {"output":{"message":{"role":"assistant","content":[{"reasoningContent":{"reasoningText":{"text":{{{{{JsonSerializer.Serialize(thought)}}}}},"signature":"{{{{{signature}}}}}"}}},{"reasoningContent":{"redactedContent":"{{{{{blob}}}}}"}},{"toolUse":{"toolUseId":"tooluse_x","name":"f","input":{}}}]}},"stopReason":"tool_use","usage":{"inputTokens":1,"outputTokens":2,"totalTokens":3}}
                """;
            var output = new ArrayBufferWriter<byte>();
            AnthropicFormat.Instance.WriteResponse(BedrockConverseFormat.Instance.ReadResponse(Encoding.UTF8.GetBytes(body), ChatDialect.Generic).Value!, AnthropicAnswer.Client, new DegradationLog(), output);
            using var written = JsonDocument.Parse(output.WrittenMemory);
            answer = Encoding.UTF8.GetBytes(written.RootElement.GetProperty("content").GetRawText());
        }

        var next = FromAnthropic($$$$$"""
            {"model":"m","max_tokens":4000,"thinking":{"type":"enabled","budget_tokens":1024},"tools":[{"name":"f","input_schema":{"type":"object"}}],
             "messages":[{"role":"user","content":"go"},{"role":"assistant","content":{{{{{Encoding.UTF8.GetString(answer)}}}}}},{"role":"user","content":[{"type":"tool_result","tool_use_id":"tooluse_x","content":"done"}]}]}
            """);
        var history = next.Body.GetProperty("messages")[1].GetProperty("content");
        Assert.Equal(thought, history[0].GetProperty("reasoningContent").GetProperty("reasoningText").GetProperty("text").GetString());
        Assert.Equal(signature, history[0].GetProperty("reasoningContent").GetProperty("reasoningText").GetProperty("signature").GetString());
        Assert.Equal(blob, history[1].GetProperty("reasoningContent").GetProperty("redactedContent").GetString());
        Assert.Equal("tooluse_x", history[2].GetProperty("toolUse").GetProperty("toolUseId").GetString());
        Assert.Equal("""{"thinking":{"type":"enabled","budget_tokens":1024}}""", next.Body.GetProperty("additionalModelRequestFields").GetRawText());
    }

    [Fact]
    public void F05_ThinkingForAnotherFamily_IsLeftOutAndSaid()
    {
        var message = new Message(Role.Assistant, [new ThinkingPart("hm") { Signature = "s", SignedBy = WireProtocol.AnthropicMessages }, new TextPart("a")]);
        var request = Ask([new Message(Role.User, [new TextPart("q")]), message, new Message(Role.User, [new TextPart("r")])]);
        Assert.DoesNotContain("reasoningContent", Write(request, "us.amazon.nova-lite-v1:0").Json, StringComparison.Ordinal);
        Assert.Contains("thinking.history", Write(request, "us.amazon.nova-lite-v1:0").Features);
        Assert.Contains("reasoningContent", Write(request).Json, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(Claude, "tools system 1h messages messages", "")]
    [InlineData("us.amazon.nova-pro-v1:0", "system messages messages", "cache_control,cache_control.ttl")]
    [InlineData("anthropic.claude-3-7-sonnet-20250219-v1:0", "tools system messages messages", "cache_control.ttl")]
    [InlineData("meta.llama3-3-70b-instruct-v1:0", "", "cache_control")]
    public void F17_CacheMarks_AreCachePoints_WhereTheModelTakesThem(string model, string points, string lost)
    {
        var hour = new CacheMark("1h");
        var five = new CacheMark(null);
        var request = Ask([new Message(Role.User, [new TextPart("a") { Cache = five }]), new Message(Role.Assistant, [new TextPart("b")]), new Message(Role.User, [new TextPart("c") { Cache = new CacheMark("5m") }])]) with
        {
            System = [new TextPart("s") { Cache = hour }],
            Tools = [new FunctionTool("f", null, Json.RawJson.EmptyObject) { Cache = five }],
        };
        var written = Write(request, model);
        Assert.Equal(points, string.Join(' ', ConverseRequestRules.CachePoints(written.Body)));
        Assert.Equal(lost, string.Join(',', written.Features));
    }

    [Fact]
    public void F17_MoreThanFourMarks_AreFour_AndSaid()
    {
        var request = Ask([new Message(Role.User, [.. Enumerable.Range(0, 6).Select(i => new TextPart("t" + i) { Cache = new CacheMark(null) })])]);
        var written = Write(request);
        Assert.Equal(4, ConverseRequestRules.CachePoints(written.Body).Count);
        Assert.Equal(["cache_control"], written.Features);
    }

    [Fact]
    public void F17_AutomaticCache_EndsTheLastMessage()
    {
        var written = Write(Ask([new Message(Role.User, [new TextPart("a")])]) with { AutomaticCache = new CacheMark(null) });
        Assert.Equal("""[{"text":"a"},{"cachePoint":{"type":"default"}}]""", written.Body.GetProperty("messages")[0].GetProperty("content").GetRawText());
    }

    [Fact]
    public void ToolChoiceNone_WithoutHistory_LeavesTheToolsOut()
    {
        var request = Ask([new Message(Role.User, [new TextPart("a")])]) with { Tools = [new FunctionTool("f", null, default)], ToolChoice = new ToolChoice(ToolChoiceMode.None) };
        var written = Write(request);
        Assert.False(written.Body.TryGetProperty("toolConfig", out _));
        Assert.Equal(["tool_choice"], written.Features);
    }

    [Fact]
    public void ToolChoiceNone_WithHistory_KeepsTheToolsWithoutAChoice()
    {
        var request = Ask(CallAndResult()) with { Tools = [new FunctionTool("f", null, default)], ToolChoice = new ToolChoice(ToolChoiceMode.None) };
        var written = Write(request);
        Assert.Equal("""{"tools":[{"toolSpec":{"name":"f","inputSchema":{"json":{"type":"object"}}}}]}""", written.Body.GetProperty("toolConfig").GetRawText());
        Assert.Equal(["tool_choice"], written.Features);
    }

    [Fact]
    public void HistoryOfCalls_WithoutTools_DeclaresThem()
    {
        var written = Write(Ask(CallAndResult()));
        Assert.Equal("f", written.Body.GetProperty("toolConfig").GetProperty("tools")[0].GetProperty("toolSpec").GetProperty("name").GetString());
        Assert.Equal(["tools"], written.Features);
    }

    [Fact]
    public void ForcedTool_WhileClaudeThinks_BecomesAuto()
    {
        var request = Ask([new Message(Role.User, [new TextPart("a")])]) with
        {
            Tools = [new FunctionTool("f", null, default)],
            ToolChoice = new ToolChoice(ToolChoiceMode.Any),
            Reasoning = new ReasoningOptions(ReasoningMode.Budget) { BudgetTokens = 2000 },
            MaxOutputTokens = 4000,
            Sampling = new SamplingOptions { Temperature = 0.3, TopK = 4 },
        };
        var written = Write(request);
        Assert.Equal("""{"auto":{}}""", written.Body.GetProperty("toolConfig").GetProperty("toolChoice").GetRawText());
        Assert.Equal("""{"maxTokens":4000}""", written.Body.GetProperty("inferenceConfig").GetRawText());
        Assert.Equal(["tool_choice", "sampling.temperature", "sampling.top_k"], written.Features);
    }

    [Theory]
    [InlineData("us.amazon.nova-2-lite-v1:0", """{"reasoningConfig":{"type":"enabled","maxReasoningEffort":"high"}}""")]
    [InlineData("openai.gpt-oss-120b-1:0", """{"reasoning_effort":"high"}""")]
    [InlineData("us.anthropic.claude-opus-4-6-v1", """{"thinking":{"type":"adaptive"},"output_config":{"effort":"high"}}""")]
    [InlineData("anthropic.claude-sonnet-4-20250514-v1:0", """{"thinking":{"type":"enabled","budget_tokens":16384}}""")]
    [InlineData("meta.llama3-3-70b-instruct-v1:0", "")]
    public void Effort_InTheWordsOfTheFamily(string model, string fields)
    {
        var request = Ask([new Message(Role.User, [new TextPart("a")])]) with { Reasoning = new ReasoningOptions(ReasoningMode.Adaptive) { Effort = "high" }, MaxOutputTokens = 30_000 };
        var written = Write(request, model);
        Assert.Equal(fields, written.Body.TryGetProperty("additionalModelRequestFields", out var found) ? found.GetRawText() : "");
    }

    [Fact]
    public void ResponseFormat_IsATextOfJson()
    {
        var schema = """{"type":"object","properties":{"a":{"type":"string","description":"\"q\""}}}""";
        var written = Write(Ask([new Message(Role.User, [new TextPart("a")])]) with { ResponseFormat = new ResponseFormat(ResponseFormatKind.JsonSchema) { Name = "n", Schema = Json.RawJson.FromText(schema) } });
        var format = written.Body.GetProperty("outputConfig").GetProperty("textFormat");
        Assert.Equal("json_schema", format.GetProperty("type").GetString());
        Assert.Equal(schema, format.GetProperty("structure").GetProperty("jsonSchema").GetProperty("schema").GetString());
        Assert.Equal("n", format.GetProperty("structure").GetProperty("jsonSchema").GetProperty("name").GetString());
    }

    [Fact]
    public void Documents_HaveLegalNamesOfTheirOwn_AndTextBesideThem()
    {
        var pdf = new MediaSource.Base64("application/pdf", "AAAA");
        var written = Write(Ask([new Message(Role.User, [new DocumentPart(pdf) { Title = "Q3/Report__(final).pdf" }, new DocumentPart(pdf) { Title = "Q3/Report (final) pdf" }, new DocumentPart(new MediaSource.PlainText("text/plain", "h\u00e9"))])]));
        var content = written.Body.GetProperty("messages")[0].GetProperty("content");
        Assert.Equal(["Q3 Report (final) pdf", "Q3 Report (final) pdf 2", "document"], content.EnumerateArray().Take(3).Select(b => b.GetProperty("document").GetProperty("name").GetString()));
        Assert.Equal("""{"format":"txt","name":"document","source":{"bytes":"aMOp"}}""", content[2].GetProperty("document").GetRawText());
        Assert.Equal("(document)", content[3].GetProperty("text").GetString());
    }

    [Fact]
    public void ImageByAddress_IsRefused()
    {
        var image = new ImagePart(new MediaSource.Url("https://example.com/a.png"));
        var inResult = Ask([new Message(Role.User, [new TextPart("q")]), new Message(Role.Assistant, [new ToolCallPart("c", "f", Json.RawJson.EmptyObject)]), new Message(Role.User, [new ToolResultPart("c", [image], IsError: false)])]);
        foreach (var request in new[] { Ask([new Message(Role.User, [image])]), inResult })
        {
            var error = BedrockConverseFormat.Instance.WriteRequest(request, Target(Claude), new DegradationLog(), new ArrayBufferWriter<byte>());
            Assert.Equal(ErrorKind.InvalidRequest, error?.Kind);
            Assert.Equal("messages", error?.Param);
        }
    }

    [Theory]
    [InlineData("priority", "priority", "")]
    [InlineData("standard_only", "default", "")]
    [InlineData("auto", null, "")]
    [InlineData("scale", null, "service_tier")]
    public void ServiceTier_IsTranslated(string asked, string? tier, string lost)
    {
        var written = Write(Ask([new Message(Role.User, [new TextPart("a")])]) with { ServiceTier = asked });
        Assert.Equal(tier, written.Body.TryGetProperty("serviceTier", out var found) ? found.GetProperty("type").GetString() : null);
        Assert.Equal(lost, string.Join(',', written.Features));
    }

    [Theory]
    [InlineData("user-1@x", true)]
    [InlineData("{\"device\":1}", false)]
    public void EndUser_IsMetadata_AndAHashWhereItsCharactersAreNotAllowed(string user, bool kept)
    {
        var written = Write(Ask([new Message(Role.User, [new TextPart("a")])]) with { EndUser = user });
        Assert.Equal(kept, written.Body.GetProperty("requestMetadata").GetProperty("user_id").GetString() == user);
        Assert.Equal(!kept, written.Features.Contains("metadata.user_id"));
    }

    [Fact]
    public void F34_Betas_AreAListOfWhatConverseTakes()
    {
        var written = FromAnthropic("""{"model":"m","max_tokens":9,"anthropic_beta":["context-1m-2025-08-07","made-up-1"],"messages":[{"role":"user","content":"a"}]}""");
        Assert.Equal("""{"anthropic_beta":["context-1m-2025-08-07"]}""", written.Body.GetProperty("additionalModelRequestFields").GetRawText());
        Assert.Equal(["anthropic-beta.made-up-1"], written.Features);
    }

    private static List<Message> CallAndResult() =>
    [
        new Message(Role.User, [new TextPart("q")]),
        new Message(Role.Assistant, [new ToolCallPart("c", "f", Json.RawJson.EmptyObject)]),
        new Message(Role.User, [new ToolResultPart("c", [], IsError: false)]),
    ];

    private static void AssertLegal(byte[] body)
    {
        var read = AnthropicFormat.Instance.ReadRequest(body);
        Assert.Null(read.Error);
        var output = new ArrayBufferWriter<byte>();
        var degradations = new DegradationLog();
        var error = BedrockConverseFormat.Instance.WriteRequest(read.Value!, Target(Claude), degradations, output);
        if (error is not null)
        {
            // What Bedrock cannot take at all: media by address, or a tool of Anthropic's own that must be called.
            var text = Encoding.UTF8.GetString(body);
            Assert.True(text.Contains("\"url\"", StringComparison.Ordinal) || text.Contains("\"tool_choice\"", StringComparison.Ordinal), error.Message);
            return;
        }

        using var before = JsonDocument.Parse(body);
        using var after = JsonDocument.Parse(output.WrittenMemory);
        Assert.Empty(ConverseRequestRules.Violations(after.RootElement));
        var marks = AnthropicRequestRules.CacheMarks(before.RootElement);
        var points = ConverseRequestRules.CachePoints(after.RootElement).Count;
        if (!degradations.Entries.Any(e => e.Feature == "cache_control" || e.Feature.StartsWith("tools.", StringComparison.Ordinal) || e.Feature.StartsWith("content.", StringComparison.Ordinal)))
        {
            Assert.Equal(marks, points);
        }

        Assert.True(points <= marks, "more cache points than marks");
        var again = new ArrayBufferWriter<byte>();
        BedrockConverseFormat.Instance.WriteRequest(AnthropicFormat.Instance.ReadRequest(body).Value!, Target(Claude), new DegradationLog(), again);
        Assert.Equal(output.WrittenSpan.ToArray(), again.WrittenSpan.ToArray());
    }

    private static ConversationRequest Ask(IReadOnlyList<Message> messages) => new() { From = WireProtocol.OpenAIChat, Model = "m", Messages = messages };

    private static UpstreamTarget Target(string model) => new(model, ChatDialect.Generic, ModelTraits.Unknown);

    private static Written FromAnthropic(string body) => Write(AnthropicFormat.Instance.ReadRequest(Encoding.UTF8.GetBytes(body)).Value!);

    private static Written Write(ConversationRequest request, string model = Claude)
    {
        var output = new ArrayBufferWriter<byte>();
        var degradations = new DegradationLog();
        Assert.Null(BedrockConverseFormat.Instance.WriteRequest(request, Target(model), degradations, output));
        using var document = JsonDocument.Parse(output.WrittenMemory);
        Assert.Empty(ConverseRequestRules.Violations(document.RootElement));
        return new Written(Encoding.UTF8.GetString(output.WrittenSpan), document.RootElement.Clone(), [.. degradations.Entries.Select(e => e.Feature)]);
    }

    private sealed record Written(string Json, JsonElement Body, List<string> Features);
}
