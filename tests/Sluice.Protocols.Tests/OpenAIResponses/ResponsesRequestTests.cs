using System.Buffers;
using System.Text;
using System.Text.Json;
using Sluice.Protocols.Anthropic;
using Sluice.Protocols.Conversation;
using Sluice.Protocols.Degradations;
using Sluice.Protocols.Errors;
using Sluice.Protocols.Formats;
using Sluice.Protocols.OpenAIChat;
using Sluice.Protocols.OpenAIResponses;
using Sluice.Testing;
using Xunit;

namespace Sluice.Protocols.Tests.OpenAIResponses;

/// <summary>What clients send: read, and written for other upstreams; and what others send, written for Responses.</summary>
public sealed class ResponsesRequestTests
{
    private static readonly UpstreamTarget Gpt = new("gpt-5.2", ChatDialect.OpenAI, ModelTraits.Unknown);

    public static TheoryData<string> Captures() => Rows(
        new[] { "codex", "openclaw", "sdks" }.SelectMany(SharedData.Captures).Where(p => p.EndsWith("-responses.json", StringComparison.Ordinal)));

    public static TheoryData<string> ClaudeCaptures() => Rows(
        new[] { "claude-code", "claude-interactive", "openclaw", "sdks" }.SelectMany(SharedData.Captures).Where(p => p.EndsWith("-anthropic.json", StringComparison.Ordinal) && BodyOf(p) is not null));

    public static TheoryData<string> ChatCaptures() => Rows(
        new[] { "openclaw", "sdks" }.SelectMany(SharedData.Captures).Where(p => p.EndsWith("-chat.json", StringComparison.Ordinal)));

    public static TheoryData<string> Recorded() => Rows(SharedData.Recordings("openai-responses").Where(r => r.Request() is not null).Select(r => r.Folder));

    [Theory]
    [MemberData(nameof(Captures))]
    public void F09_Capture_IsReadWhole(string path)
    {
        Assert.SkipUnless(SharedData.Exists, SharedData.MissingReason);
        var body = BodyOf(path)!;
        var read = OpenAIResponsesFormat.Instance.ReadRequest(body);
        Assert.Null(read.Error);
        using var document = JsonDocument.Parse(body);
        var root = document.RootElement;
        Assert.Equal(ToolsOf(root), read.Value!.Tools.Select(t => (t.Namespace, t.Name)));
        if (root.GetProperty("input").ValueKind == JsonValueKind.Array)
        {
            var items = root.GetProperty("input").EnumerateArray().ToList();
            Assert.Equal(
                items.Where(i => Text(i, "type") is "function_call" or "custom_tool_call").Select(i => (Text(i, "call_id"), Text(i, "namespace"), Text(i, "name"), Text(i, "arguments") ?? Text(i, "input"))),
                read.Value.Messages.SelectMany(m => m.Parts).OfType<ToolCallPart>().Select(c => ((string?)c.Id, c.Namespace, (string?)c.Name, (string?)c.Arguments.ToString())));
            Assert.Equal(
                items.Where(i => Text(i, "type") is "function_call_output" or "custom_tool_call_output").Select(i => Text(i, "call_id")),
                read.Value.Messages.SelectMany(m => m.Parts).OfType<ToolResultPart>().Select(r => (string?)r.CallId));
            Assert.Equal(items.Where(i => Text(i, "role") is not null && i.TryGetProperty("content", out _)).Select(TextsOf), Merge(items, read.Value));
        }
    }

    [Theory]
    [MemberData(nameof(Captures))]
    public void F09_Capture_ForOtherUpstreams_IsLegalAndTheSameEachTime(string path)
    {
        Assert.SkipUnless(SharedData.Exists, SharedData.MissingReason);
        var body = BodyOf(path)!;
        foreach (var (wire, target) in new[]
        {
            (WireProtocol.AnthropicMessages, new UpstreamTarget("claude-sonnet-5", ChatDialect.Generic, ModelTraits.Unknown)),
            (WireProtocol.OpenAIChat, new UpstreamTarget("deepseek-chat", ChatDialect.DeepSeek, ModelTraits.Unknown)),
            (WireProtocol.OpenAIResponses, Gpt),
        })
        {
            var first = WriteFor(body, wire, target);
            var broken = wire switch
            {
                WireProtocol.AnthropicMessages => AnthropicRequestRules.Violations(first),
                WireProtocol.OpenAIChat => ChatRequestRules.Violations(first),
                _ => ResponsesRequestRules.Violations(first),
            };
            Assert.Empty(broken);
            Assert.Equal(first, WriteFor(body, wire, target));
            using var before = JsonDocument.Parse(body);
            using var after = JsonDocument.Parse(first);

            // Every tool that the client runs reaches the model.
            var declared = ToolsOf(before.RootElement).Count(t => t.Name != "web_search");
            Assert.Equal(declared, after.RootElement.TryGetProperty("tools", out var tools) ? wire switch
            {
                WireProtocol.OpenAIResponses => ToolsOf(after.RootElement).Count(t => t.Name != "web_search"),
                _ => tools.EnumerateArray().Count(t => !t.TryGetProperty("name", out var name) || name.GetString() != "web_search"),
            }
            : 0);
        }
    }

    [Theory]
    [MemberData(nameof(ClaudeCaptures))]
    public void F18_ClaudeCapture_ForResponses_IsLegalAndTheSameEachTime(string path)
    {
        Assert.SkipUnless(SharedData.Exists, SharedData.MissingReason);
        LegalForResponses(AnthropicFormat.Instance, BodyOf(path)!);
    }

    [Theory]
    [MemberData(nameof(ChatCaptures))]
    public void ChatCapture_ForResponses_IsLegalAndTheSameEachTime(string path)
    {
        Assert.SkipUnless(SharedData.Exists, SharedData.MissingReason);
        LegalForResponses(OpenAIChatFormat.Instance, BodyOf(path)!);
    }

    [Theory]
    [MemberData(nameof(Recorded))]
    public void RecordedRequest_IsReadOrRefusedForAReason(string folder)
    {
        Assert.SkipUnless(SharedData.Exists, SharedData.MissingReason);
        var body = new Recording(folder).Request()!;
        using var document = JsonDocument.Parse(body);
        if (document.RootElement.ValueKind != JsonValueKind.Object || !document.RootElement.TryGetProperty("input", out _))
        {
            // Calls of other operations stand in the same folder.
            Assert.NotNull(OpenAIResponsesFormat.Instance.ReadRequest(body).Error);
            return;
        }

        var read = OpenAIResponsesFormat.Instance.ReadRequest(body);
        var root = document.RootElement;
        var stored = new[] { "previous_response_id", "conversation", "prompt" }.FirstOrDefault(n => root.TryGetProperty(n, out var v) && v.ValueKind != JsonValueKind.Null)
            ?? (root.TryGetProperty("background", out var b) && b.ValueKind == JsonValueKind.True ? "background" : null);
        if (stored is not null)
        {
            Assert.Contains(read.Error!.Param, new[] { "previous_response_id", "conversation", "prompt", "background" });
            return;
        }

        if (folder.EndsWith("req-llm-tool-round-trip-2--0", StringComparison.Ordinal))
        {
            // OpenAI answered it with 400 too: role "tool".
            Assert.Equal("input[2]", read.Error!.Param);
            return;
        }

        Assert.Null(read.Error);
        Assert.Equal(Text(root, "model"), read.Value!.Model);

        // Nothing is lost: what OpenAI took is written for it again, item by item.
        if (root.GetProperty("input").ValueKind == JsonValueKind.Array && root.GetProperty("input").EnumerateArray().All(i => Text(i, "type") is not ("additional_tools" or "reasoning")))
        {
            using var written = JsonDocument.Parse(WriteFor(body, WireProtocol.OpenAIResponses, Gpt));
            Assert.Equal(
                root.GetProperty("input").EnumerateArray().Select(i => Text(i, "type") ?? "message").Where(t => t != "message").Order(),
                written.RootElement.GetProperty("input").EnumerateArray().Select(i => Text(i, "type")!).Where(t => t != "message").Order());
        }
    }

    [Theory]
    [InlineData("previous_response_id", "\"resp_1\"")]
    [InlineData("conversation", "\"conv_1\"")]
    [InlineData("conversation", "{\"id\":\"conv_1\"}")]
    [InlineData("background", "true")]
    public void Request_ThatNeedsAMemory_IsRefusedWithWhatToDo(string name, string value)
    {
        var error = Read($$"""{"model":"m","input":"hi","{{name}}":{{value}}}""").Error!;
        Assert.Equal((ErrorKind.InvalidRequest, name), (error.Kind, error.Param));
        Assert.Contains("Sluice keeps no responses", error.Message, StringComparison.Ordinal);
        Assert.Matches("Send the whole conversation|use 'stream'", error.Message);
    }

    [Theory]
    [InlineData("""{"type":"item_reference","id":"msg_1"}""")]
    [InlineData("""{"id":"rs_1"}""")]
    public void Input_ThatNamesAStoredItem_IsRefusedWithWhatToDo(string item)
    {
        var error = Read($$"""{"model":"m","input":[{"role":"user","content":"hi"},{{item}}]}""").Error!;
        Assert.Equal("input[1]", error.Param);
        Assert.Contains("Send the item itself", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"model":"m","previous_response_id":null,"conversation":null,"background":false,"store":false,"truncation":"disabled","include":["reasoning.encrypted_content"],"input":"hi"}""", 0)]
    [InlineData("""{"model":"m","store":true,"input":"hi"}""", 1)]
    [InlineData("""{"model":"m","include":["web_search_call.action.sources"],"truncation":"auto","metadata":{"a":"b"},"input":"hi"}""", 3)]
    public void Members_ThatSayNothingElse_AreNoExtras(string body, int extras)
    {
        Assert.Equal(extras, Read(body).Value!.Extras.Count);
    }

    [Fact]
    public void StoreTrue_ForAnotherUpstream_IsReported()
    {
        var degradations = new DegradationLog();
        AnthropicFormat.Instance.WriteRequest(Read("""{"model":"m","store":true,"input":"hi"}""").Value!, new UpstreamTarget("claude-x", ChatDialect.Generic, ModelTraits.Unknown), degradations, new ArrayBufferWriter<byte>());
        Assert.Contains(degradations.Entries, d => d.Feature == "store");
    }

    [Fact]
    public void Instructions_AndLeadingDeveloperMessages_AreSystem_LaterOnesStayInPlace()
    {
        var request = Read("""
            {"model":"m","instructions":"a","input":[{"role":"system","content":"b"},{"type":"message","role":"developer","content":[{"type":"input_text","text":"c"}]},
            {"role":"user","content":"d"},{"role":"developer","content":"e"}]}
            """).Value!;
        Assert.Equal(["a", "b", "c"], request.System.Cast<TextPart>().Select(t => t.Text));
        Assert.Equal([(Role.User, "d"), (Role.System, "e")], request.Messages.Select(m => (m.Role, ((TextPart)m.Parts[0]).Text)));
    }

    [Fact]
    public void Items_OfOneTurn_AreOneMessage_AndResultsAreOne()
    {
        var request = Read("""
            {"model":"m","input":[{"role":"user","content":"q"},
            {"type":"reasoning","id":"rs_1","summary":[{"type":"summary_text","text":"one"},{"type":"summary_text","text":"two"}],"encrypted_content":"gAAA"},
            {"type":"message","id":"msg_1","role":"assistant","status":"completed","content":[{"type":"output_text","text":"t","annotations":[]}]},
            {"type":"function_call","id":"fc_1","call_id":"call_1","name":"f","arguments":"{\"a\": 1}"},
            {"type":"custom_tool_call","id":"ctc_1","call_id":"call_2","name":"p","namespace":"n","input":"*** Begin"},
            {"type":"function_call_output","call_id":"call_1","output":"r"},
            {"type":"custom_tool_call_output","call_id":"call_2","output":[{"type":"input_text","text":"x"},{"type":"input_image","image_url":"data:image/png;base64,AA==","detail":"high"}]}]}
            """).Value!;
        Assert.Equal([Role.User, Role.Assistant, Role.User], request.Messages.Select(m => m.Role));
        var turn = request.Messages[1].Parts;
        Assert.Equal(new ThinkingPart("one\n\ntwo") { Id = "rs_1", Signature = "gAAA", SignedBy = WireProtocol.OpenAIResponses }, turn[0]);
        Assert.Equal("t", Assert.IsType<TextPart>(turn[1]).Text);
        var call = Assert.IsType<ToolCallPart>(turn[2]);
        Assert.Equal(("call_1", "f", "{\"a\": 1}", false), (call.Id, call.Name, call.Arguments.ToString(), call.IsCustom));
        var custom = Assert.IsType<ToolCallPart>(turn[3]);
        Assert.Equal(("call_2", "p", "n", "*** Begin", true), (custom.Id, custom.Name, custom.Namespace, custom.Arguments.ToString(), custom.IsCustom));
        Assert.Equal(["call_1", "call_2"], request.Messages[2].Parts.Cast<ToolResultPart>().Select(r => r.CallId));
        var image = Assert.IsType<ImagePart>(((ToolResultPart)request.Messages[2].Parts[1]).Parts[1]);
        Assert.Equal(new MediaSource.Base64("image/png", "AA=="), image.Source);
        Assert.Equal("high", image.Detail);
    }

    [Fact]
    public void F09_Tools_OfEveryKind_AreKept()
    {
        var request = Read("""
            {"model":"m","tools":[{"type":"function","name":"f","parameters":{"type":"object"},"strict":true},{"type":"namespace","name":"n","description":"d","tools":[{"type":"function","name":"g","parameters":{}}]},
            {"type":"custom","name":"c","description":"x","format":{"type":"grammar","syntax":"lark","definition":"start: A"}},{"type":"web_search","external_web_access":true},{"type":"brand_new","x":1}],
            "input":[{"type":"additional_tools","role":"developer","tools":[{"type":"namespace","name":"functions","tools":[{"type":"custom","name":"exec"}]}]},{"role":"user","content":"hi"}]}
            """).Value!;
        Assert.Equal(
            [("FunctionTool", null, "f"), ("FunctionTool", "n", "g"), ("CustomTool", null, "c"), ("VendorTool", null, "web_search"), ("VendorTool", null, "brand_new"), ("CustomTool", "functions", "exec")],
            request.Tools.Select(t => (t.GetType().Name, t.Namespace, t.Name)));
        Assert.Equal("""{"type":"brand_new","x":1}""", ((VendorTool)request.Tools[4]).Json.ToString());
    }

    [Fact]
    public void UnknownItems_AreCarriedVerbatim()
    {
        var request = Read("""{"model":"m","input":[{"role":"user","content":"a"},{"type":"web_search_call","id":"ws_1","action":{"q": 1}},{"type":"computer_call_output","call_id":"c","output":{}}]}""").Value!;
        Assert.Equal([("web_search_call", Role.Assistant), ("computer_call_output", Role.User)], request.Messages.Skip(1).Select(m => (((OpaquePart)m.Parts[0]).Type, m.Role)));
        Assert.Equal("""{"type":"web_search_call","id":"ws_1","action":{"q": 1}}""", ((OpaquePart)request.Messages[1].Parts[0]).Json.ToString());
    }

    [Theory]
    [InlineData("\"auto\"", ToolChoiceMode.Auto, null)]
    [InlineData("\"required\"", ToolChoiceMode.Any, null)]
    [InlineData("\"none\"", ToolChoiceMode.None, null)]
    [InlineData("""{"type":"function","name":"f"}""", ToolChoiceMode.Named, "f")]
    [InlineData("""{"type":"custom","name":"c"}""", ToolChoiceMode.Named, "c")]
    [InlineData("""{"type":"web_search"}""", ToolChoiceMode.Named, "web_search")]
    [InlineData("""{"type":"allowed_tools","mode":"required","tools":[{"type":"function","name":"f"}]}""", ToolChoiceMode.Any, null)]
    public void ToolChoice_InEveryForm_IsRead(string value, ToolChoiceMode mode, string? name)
    {
        Assert.Equal(new ToolChoice(mode, name), Read($$"""{"model":"m","input":"hi","tool_choice":{{value}}}""").Value!.ToolChoice);
    }

    [Fact]
    public void Options_AreRead()
    {
        var request = Read("""
            {"model":"m","input":"hi","stream":true,"max_output_tokens":50,"temperature":0.5,"top_p":0.9,"parallel_tool_calls":false,"reasoning":{"effort":"low","summary":"auto"},
            "text":{"verbosity":"low","format":{"type":"json_schema","name":"n","schema":{"type":"object"},"strict":true}},"prompt_cache_key":"k","user":"u","service_tier":"flex"}
            """).Value!;
        Assert.Equal((true, 50L, false, "k", "u", "flex"), (request.Stream, request.MaxOutputTokens, request.ParallelToolCalls, request.PromptCacheKey, request.EndUser, request.ServiceTier));
        Assert.Equal(new SamplingOptions { Temperature = 0.5, TopP = 0.9 }, request.Sampling);
        Assert.Equal(new ReasoningOptions(ReasoningMode.Adaptive) { Effort = "low" }, request.Reasoning);
        Assert.Equal(("n", true, """{"type":"object"}"""), (request.ResponseFormat!.Name, request.ResponseFormat.Strict, request.ResponseFormat.Schema.ToString()));
        Assert.Equal(["reasoning.summary", "text.verbosity"], request.Extras.Select(e => e.Name));
        var written = Encoding.UTF8.GetString(Write(request, Gpt));
        Assert.Contains("""
            "reasoning":{"effort":"low","summary":"auto"},"text":{"format":{"type":"json_schema","name":"n","schema":{"type":"object"},"strict":true},"verbosity":"low"}
            """.Trim(), written, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("[]", null)]
    [InlineData("""{"input":"x"}""", "model")]
    [InlineData("""{"model":"m"}""", "input")]
    [InlineData("""{"model":"m","input":7}""", "input")]
    [InlineData("""{"model":"m","input":[{"role":"tool","content":"x"}]}""", "input[0]")]
    [InlineData("""{"model":"m","input":[{"type":"function_call","name":"f","arguments":"{}"}]}""", "input[0].call_id")]
    [InlineData("""{"model":"m","input":[{"role":"user","content":[{"type":"input_text"}]}]}""", "input[0].content[0].text")]
    [InlineData("""{"model":"m","input":"x","max_output_tokens":"many"}""", "max_output_tokens")]
    public void Request_ThatIsWrong_NamesTheMember(string body, string? param)
    {
        Assert.Equal(param, Read(body).Error!.Param);
    }

    [Fact]
    public void Write_FromClaude_KeepsOnlyWhatTheUpstreamTakes()
    {
        var request = AnthropicFormat.Instance.ReadRequest(Encoding.UTF8.GetBytes("""
            {"model":"x","max_tokens":8,"stop_sequences":["END"],"top_k":3,"temperature":1,"system":[{"type":"text","text":"s1"},{"type":"text","text":"s2","cache_control":{"type":"ephemeral"}}],
            "messages":[{"role":"user","content":"q"},{"role":"assistant","content":[{"type":"thinking","thinking":"t","signature":"claude"},{"type":"text","text":"a"},{"type":"tool_use","id":"toolu_1","name":"f","input":{"b":1}},{"type":"tool_use","id":"toolu_2","name":"f","input":{}}]},
            {"role":"user","content":[{"type":"tool_result","tool_use_id":"toolu_2","content":"two","is_error":true},{"type":"tool_result","tool_use_id":"toolu_1","content":[{"type":"image","source":{"type":"base64","media_type":"image/png","data":"AA=="}}]},{"type":"text","text":"go on"}]}],
            "tools":[{"name":"f","input_schema":{"type":"object","properties":{"b":{"type":"integer"}}}}]}
            """)).Value!;
        var degradations = new DegradationLog();
        var body = Write(request, Gpt, degradations);
        Assert.Empty(ResponsesRequestRules.Violations(body));
        using var document = JsonDocument.Parse(body);
        var root = document.RootElement;
        Assert.Equal("s1\n\ns2", Text(root, "instructions"));
        Assert.Equal(16, root.GetProperty("max_output_tokens").GetInt32());
        Assert.Equal(
            ["message user", "message assistant", "function_call toolu_1", "function_call toolu_2", "function_call_output toolu_1", "function_call_output toolu_2", "message user"],
            root.GetProperty("input").EnumerateArray().Select(i => Text(i, "type") + " " + (Text(i, "role") ?? Text(i, "call_id"))));
        Assert.Equal("""[{"type":"input_image","image_url":"data:image/png;base64,AA=="}]""", root.GetProperty("input")[4].GetProperty("output").GetRawText());
        Assert.Equal("[error]\ntwo", Text(root.GetProperty("input")[5], "output"));
        Assert.False(root.GetProperty("tools")[0].GetProperty("strict").GetBoolean());
        Assert.Equal(["cache_control", "max_tokens", "sampling.temperature", "sampling.top_k", "stop", "thinking.history", "tool_results.is_error"], degradations.Entries.Select(d => d.Feature).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void F07_ReasoningWithoutItsItem_IsLeftOutAndReported()
    {
        var request = Read("""{"model":"m","input":[{"role":"user","content":"q"},{"type":"reasoning","id":"rs_1","summary":[],"encrypted_content":"gAAA"},{"role":"user","content":"again"}]}""").Value!;
        var degradations = new DegradationLog();
        var body = Write(request, Gpt, degradations);
        Assert.Empty(ResponsesRequestRules.Violations(body));
        Assert.DoesNotContain("gAAA", Encoding.UTF8.GetString(body), StringComparison.Ordinal);
        Assert.Contains(degradations.Entries, d => d.Feature == "thinking.history");
    }

    [Fact]
    public void ForeignReasoning_InANativeBody_IsCutOut()
    {
        const string Own = """{"type":"reasoning","id":"rs_1","summary":[],"encrypted_content":"gAAA"}""";
        const string Foreign = """{"type":"reasoning","id":"rs_2","summary":[],"encrypted_content":"sluice1.anthropic.YWJj"}""";
        const string Text = """{"role":"user","content":"a \"sluice1.\" b"}""";
        foreach (var (before, after) in new[] { ($"{Text},{Foreign},{Own}", $"{Text},{Own}"), ($"{Text}, {Foreign} ,{Foreign}", Text), ($"{Foreign},{Text}", Text), ($"{Own},{Text}", $"{Own},{Text}") })
        {
            var body = Encoding.UTF8.GetBytes($$"""{"model":"m","input":[{{before}}]}""");
            var text = Encoding.UTF8.GetString(body);
            foreach (var cut in ReasoningCuts.Of(body, all: false).Reverse())
            {
                text = text.Remove(cut.Span.Start, cut.Span.Length);
            }

            Assert.Equal($$"""{"model":"m","input":[{{after}}]}""", text);
        }
    }

    private static void LegalForResponses(IClientFormat client, byte[] body)
    {
        var read = client.ReadRequest(body);
        Assert.Null(read.Error);
        var first = Write(read.Value!, Gpt);
        Assert.Empty(ResponsesRequestRules.Violations(first));
        Assert.Equal(first, Write(client.ReadRequest(body).Value!, Gpt));
        using var document = JsonDocument.Parse(first);
        Assert.Equal(read.Value!.Tools.Count(t => t is FunctionTool), document.RootElement.TryGetProperty("tools", out var tools) ? tools.EnumerateArray().Count(t => Text(t, "type") == "function") : 0);
    }

    private static Parsed<ConversationRequest> Read(string body) => OpenAIResponsesFormat.Instance.ReadRequest(Encoding.UTF8.GetBytes(body));

    private static byte[] Write(ConversationRequest request, UpstreamTarget target, DegradationLog? degradations = null)
    {
        var output = new ArrayBufferWriter<byte>();
        Assert.Null(OpenAIResponsesFormat.Instance.WriteRequest(request, target, degradations ?? new DegradationLog(), output));
        return output.WrittenSpan.ToArray();
    }

    private static byte[] WriteFor(byte[] body, WireProtocol wire, UpstreamTarget target)
    {
        var read = OpenAIResponsesFormat.Instance.ReadRequest(body);
        Assert.Null(read.Error);
        var degradations = new DegradationLog();
        var output = new ArrayBufferWriter<byte>();
        Assert.Null(WireFormats.Upstream(wire).WriteRequest(ToolFolding.Fold(read.Value!, wire, degradations), target, degradations, output));
        return output.WrittenSpan.ToArray();
    }

    // Every tool, wherever it is declared, with its namespace.
    private static List<(string? Namespace, string Name)> ToolsOf(JsonElement root)
    {
        var lists = new List<JsonElement>();
        if (root.TryGetProperty("input", out var input) && input.ValueKind == JsonValueKind.Array)
        {
            lists.AddRange(input.EnumerateArray().Where(i => Text(i, "type") == "additional_tools").Select(i => i.GetProperty("tools")));
        }

        if (root.TryGetProperty("tools", out var tools))
        {
            lists.Add(tools);
        }

        var found = new List<(string?, string)>();
        foreach (var tool in lists.SelectMany(l => l.EnumerateArray()))
        {
            if (Text(tool, "type") == "namespace")
            {
                found.AddRange(tool.GetProperty("tools").EnumerateArray().Select(t => ((string?)Text(tool, "name"), Text(t, "name")!)));
            }
            else
            {
                found.Add((null, Text(tool, "name") ?? Text(tool, "type")!));
            }
        }

        return found;
    }

    private static string TextsOf(JsonElement item) =>
        item.GetProperty("content").ValueKind == JsonValueKind.String ? item.GetProperty("content").GetString()! : string.Join('|', item.GetProperty("content").EnumerateArray().Select(p => Text(p, "text")));

    // Texts by message in the client's order: the leading instructions have lost their borders, so they are cut as the items are.
    private static IEnumerable<string> Merge(List<JsonElement> items, ConversationRequest request)
    {
        var texts = new Queue<string>(request.System.OfType<TextPart>().Select(t => t.Text).Concat(request.Messages.SelectMany(m => m.Parts).OfType<TextPart>().Select(t => t.Text)));
        foreach (var item in items.Where(i => Text(i, "role") is not null && i.TryGetProperty("content", out _)))
        {
            var count = item.GetProperty("content").ValueKind == JsonValueKind.String ? 1 : item.GetProperty("content").GetArrayLength();
            yield return string.Join('|', Enumerable.Range(0, count).Select(_ => texts.Dequeue()));
        }

        Assert.Empty(texts);
    }

    private static byte[]? BodyOf(string path)
    {
        using var capture = JsonDocument.Parse(File.ReadAllBytes(path));
        return capture.RootElement.TryGetProperty("body", out var body) && body.ValueKind == JsonValueKind.Object ? Encoding.UTF8.GetBytes(body.GetRawText()) : null;
    }

    private static string? Text(JsonElement holder, string name) => ResponsesAnswer.Member(holder, name);

    private static TheoryData<string> Rows(IEnumerable<string> rows)
    {
        var data = new TheoryData<string>();
        foreach (var row in rows)
        {
            data.Add(row);
        }

        if (!SharedData.Exists)
        {
            data.Add("missing");
        }

        return data;
    }
}
