using System.Buffers;
using System.Text;
using System.Text.Json;
using Sluice.Protocols.Conversation;
using Sluice.Protocols.Degradations;
using Sluice.Protocols.Errors;
using Sluice.Protocols.Formats;
using Sluice.Protocols.Json;
using Sluice.Protocols.OpenAIChat;
using Sluice.Testing;
using Xunit;

namespace Sluice.Protocols.Tests.OpenAIChat;

/// <summary>Requests by hand: what Claude clients send, as Chat upstreams must get it.</summary>
public sealed class ChatRequestTests
{
    private static readonly ConversationRequest Turn = new()
    {
        From = WireProtocol.AnthropicMessages,
        Model = "m",
        Messages = [new Message(Role.User, [new TextPart("hi")])],
    };

    // Bytes that JSON hangs on, and one that is no UTF-8.
    private static readonly byte[] Noise = [.. "\"{}[],:0e\\untx-"u8, 0xff];

    [Fact]
    public void Results_AnyOrder_FollowTheirCallsBeforeUserText()
    {
        var request = Turn with
        {
            Messages =
            [
                new Message(Role.User, [new TextPart("go")]),
                new Message(Role.Assistant, [new ToolCallPart("a", "one", RawJson.EmptyObject), new ToolCallPart("b", "two", RawJson.FromText("{\"x\": 1}"))]),
                new Message(Role.System, [new TextPart("reminder")]),
                new Message(Role.User,
                [
                    new ToolResultPart("b", [new TextPart("B")], IsError: true),
                    new ToolResultPart("a", [new ImagePart(new MediaSource.Base64("image/png", "AAAA"))], IsError: false),
                    new TextPart("and now"),
                ]),
            ],
        };
        var body = Write(request, ChatDialect.OpenAI);
        var messages = body.GetProperty("messages").EnumerateArray().ToList();
        Assert.Equal(["user", "assistant", "tool", "tool", "user", "system", "user"], messages.Select(m => m.GetProperty("role").GetString()));
        Assert.Equal(JsonValueKind.Null, messages[1].GetProperty("content").ValueKind);
        Assert.Equal("{\"x\": 1}", messages[1].GetProperty("tool_calls")[1].GetProperty("function").GetProperty("arguments").GetString());
        Assert.Equal("a", messages[2].GetProperty("tool_call_id").GetString());
        Assert.Equal("[error]\nB", messages[3].GetProperty("content").GetString());
        Assert.Equal("data:image/png;base64,AAAA", messages[4].GetProperty("content")[1].GetProperty("image_url").GetProperty("url").GetString());
        Assert.Equal("and now", messages[6].GetProperty("content").GetString());
    }

    [Fact]
    public void CallWithoutResult_AndResultWithoutCall_StayLegal()
    {
        var request = Turn with
        {
            Messages =
            [
                new Message(Role.Assistant, [new ToolCallPart("a", "one", RawJson.EmptyObject)]),
                new Message(Role.User, [new ToolResultPart("zzz", [new TextPart("orphan")], IsError: false)]),
            ],
        };
        var log = new DegradationLog();
        var body = Write(request, ChatDialect.Generic, log: log);
        Assert.Contains("orphan", body.GetProperty("messages")[2].GetProperty("content").GetString(), StringComparison.Ordinal);
        Assert.Contains(log.Entries, e => e.Feature == "tool_results");
    }

    [Fact]
    public void F19_BillingHeader_IsLeftOutForOtherVendorsAndKeptForClaude()
    {
        var request = Turn with
        {
            System = [new TextPart("x-anthropic-billing-header: cc_version=1; cch=abc;"), new TextPart("one") { Cache = new CacheMark(null) }, new TextPart("two")],
        };
        Assert.Equal("one\n\ntwo", Write(request, ChatDialect.Generic).GetProperty("messages")[0].GetProperty("content").GetString());
        var kept = Write(request, ChatDialect.OpenRouter, "anthropic/claude-sonnet-4.6").GetProperty("messages")[0].GetProperty("content");
        Assert.Equal(3, kept.GetArrayLength());
        Assert.Equal("ephemeral", kept[1].GetProperty("cache_control").GetProperty("type").GetString());
    }

    [Fact]
    public void F18_EarlierTurns_AreABytePrefixOfLaterOnes()
    {
        var longer = Turn with { Messages = [.. Turn.Messages, new Message(Role.Assistant, [new TextPart("yes")]), new Message(Role.User, [new TextPart("more")])] };
        var first = Bytes(Turn, ChatDialect.Generic);
        var second = Bytes(longer, ChatDialect.Generic);
        Assert.True(second.AsSpan().StartsWith(first.AsSpan()[..^2]));
    }

    [Fact]
    public void ToolIds_ForMistralAndOpenAI_HaveTheirShapeAndStayApart()
    {
        var ids = new[] { "toolu_01ABCDEFGHIJKLMNOPQRSTUV", new string('x', 60), "abc", "ABCdef123" };
        var request = Turn with
        {
            Messages =
            [
                new Message(Role.Assistant, [.. ids.Select(i => new ToolCallPart(i, "t", RawJson.EmptyObject))]),
                new Message(Role.User, [.. ids.Select(i => new ToolResultPart(i, [new TextPart("r")], IsError: false))]),
            ],
        };
        var mistral = Write(request, ChatDialect.Mistral).GetProperty("messages")[0].GetProperty("tool_calls").EnumerateArray().Select(c => c.GetProperty("id").GetString()!).ToList();
        Assert.All(mistral, i => Assert.Matches("^[a-zA-Z0-9]{9}$", i));
        Assert.Equal(4, mistral.Distinct().Count());
        Assert.Equal("ABCdef123", mistral[3]);
        var openai = Write(request, ChatDialect.OpenAI).GetProperty("messages")[0].GetProperty("tool_calls").EnumerateArray().Select(c => c.GetProperty("id").GetString()!).ToList();
        Assert.All(openai, i => Assert.InRange(i.Length, 1, 40));
        Assert.Equal(ids[0], openai[0]);
    }

    [Fact]
    public void F10_DeferredTools_AreAllLoadedAndReported()
    {
        var log = new DegradationLog();
        var request = Turn with
        {
            Tools =
            [
                new FunctionTool("a", "d", RawJson.FromText("{\"type\":\"object\",\"$schema\":\"x\"}")) { DeferLoading = true },
                new VendorTool("tool_search_tool_regex_20251119", "tool_search", RawJson.EmptyObject, WireProtocol.AnthropicMessages),
                new VendorTool("bash_20250124", "bash", RawJson.EmptyObject, WireProtocol.AnthropicMessages),
                new VendorTool("web_search_20250305", "web_search", RawJson.EmptyObject, WireProtocol.AnthropicMessages),
            ],
        };
        var tools = Write(request, ChatDialect.Generic, log: log).GetProperty("tools");
        Assert.Equal(["a", "bash"], tools.EnumerateArray().Select(t => t.GetProperty("function").GetProperty("name").GetString()));
        Assert.Equal("{\"type\":\"object\",\"$schema\":\"x\"}", tools[0].GetProperty("function").GetProperty("parameters").GetRawText());
        Assert.Equal(
            ["defer_loading", "tools.bash_20250124", "tools.tool_search_tool_regex_20251119", "tools.web_search_20250305"],
            log.Entries.Select(e => e.Feature).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void ServerTool_AloneOrForced_IsRefusedByName()
    {
        var search = new VendorTool("web_search_20250305", "web_search", RawJson.EmptyObject, WireProtocol.AnthropicMessages);
        var alone = OpenAIChatFormat.Instance.WriteRequest(Turn with { Tools = [search] }, Target(ChatDialect.Generic, "m"), new DegradationLog(), new ArrayBufferWriter<byte>());
        Assert.Equal((ErrorKind.InvalidRequest, 400), (alone!.Kind, alone.Status));
        Assert.Contains("web_search", alone.Message, StringComparison.Ordinal);
        var forced = Turn with { Tools = [new FunctionTool("a", null, RawJson.EmptyObject), search], ToolChoice = new ToolChoice(ToolChoiceMode.Named, "web_search") };
        Assert.NotNull(OpenAIChatFormat.Instance.WriteRequest(forced, Target(ChatDialect.Generic, "m"), new DegradationLog(), new ArrayBufferWriter<byte>()));
    }

    [Theory]
    [InlineData("openai", "gpt-5.2", "max_completion_tokens")]
    [InlineData("openai", "o3-mini", "max_completion_tokens")]
    [InlineData("openai", "gpt-4o", "max_tokens")]
    [InlineData("openrouter", "openai/gpt-5", "max_tokens")]
    public void OutputLimit_HasTheNameTheModelTakes(string dialect, string model, string name)
    {
        var log = new DegradationLog();
        var body = Write(Turn with { MaxOutputTokens = 5, Sampling = new SamplingOptions { Temperature = 0.5, TopK = 3 } }, ChatDialect.ByName(dialect)!, model, log);
        Assert.Equal(5, body.GetProperty(name).GetInt32());
        Assert.Equal(dialect == "openai" && name == "max_completion_tokens", !body.TryGetProperty("temperature", out _));
    }

    [Fact]
    public void F05_Signatures_GoOnlyToTheirMaker()
    {
        var request = Turn with
        {
            Messages =
            [
                new Message(Role.User, [new TextPart("q")]),
                new Message(Role.Assistant,
                [
                    new ThinkingPart("because") { Signature = "SIG", SignedBy = WireProtocol.AnthropicMessages },
                    new ThinkingPart("") { RedactedData = "BLOB", SignedBy = WireProtocol.AnthropicMessages },
                    new ToolCallPart("a", "t", RawJson.EmptyObject),
                ]),
                new Message(Role.User, [new ToolResultPart("a", [], IsError: false)]),
            ],
        };
        var claude = Write(request, ChatDialect.OpenRouter, "anthropic/claude-sonnet-4.6").GetProperty("messages")[1].GetProperty("reasoning_details");
        Assert.Equal(("SIG", "BLOB"), (claude[0].GetProperty("signature").GetString(), claude[1].GetProperty("data").GetString()));
        foreach (var dialect in ChatDialect.Names.Select(n => ChatDialect.ByName(n)!))
        {
            var other = Encoding.UTF8.GetString(Bytes(request, dialect));
            Assert.DoesNotContain("SIG", other, StringComparison.Ordinal);
            Assert.DoesNotContain("BLOB", other, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void F07_DeepSeek_GetsReasoningBackOnToolTurns()
    {
        var request = Turn with
        {
            Reasoning = new ReasoningOptions(ReasoningMode.Adaptive) { Effort = "high" },
            Messages =
            [
                new Message(Role.Assistant, [new ThinkingPart("because"), new ToolCallPart("a", "t", RawJson.EmptyObject)]),
                new Message(Role.User, [new ToolResultPart("a", [new TextPart("r")], IsError: false)]),
                new Message(Role.Assistant, [new ToolCallPart("b", "t", RawJson.EmptyObject)]),
                new Message(Role.User, [new ToolResultPart("b", [new TextPart("r")], IsError: false)]),
            ],
        };
        var body = Write(request, ChatDialect.DeepSeek, "deepseek-chat");
        Assert.Equal("because", body.GetProperty("messages")[0].GetProperty("reasoning_content").GetString());
        Assert.Equal("", body.GetProperty("messages")[2].GetProperty("reasoning_content").GetString());
        Assert.Equal("enabled", body.GetProperty("thinking").GetProperty("type").GetString());
    }

    [Fact]
    public void Stream_AlwaysAsksForUsage() =>
        Assert.True(Write(Turn with { Stream = true }, ChatDialect.Generic).GetProperty("stream_options").GetProperty("include_usage").GetBoolean());

    [Fact]
    public void ReadRequest_EveryRole_IsUnderstood()
    {
        var read = OpenAIChatFormat.Instance.ReadRequest("""
            {"model":"m","messages":[
              {"role":"system","content":"s1"},{"role":"developer","content":[{"type":"text","text":"s2","cache_control":{"type":"ephemeral","ttl":"1h"}}]},
              {"role":"user","content":[{"type":"text","text":"u"},{"type":"image_url","image_url":{"url":"data:image/png;base64,AA==","detail":"low"}},{"type":"image_url","image_url":{"url":"https://x/y.png"}}]},
              {"role":"assistant","content":null,"reasoning_content":"r","tool_calls":[{"id":"a","type":"function","function":{"name":"t","arguments":{"k":1}}},{"id":"b","type":"function","function":{"name":"t","arguments":"{bad"}}]},
              {"role":"tool","tool_call_id":"a","content":"ra"},{"role":"tool","tool_call_id":"b","content":[{"type":"text","text":"rb"}]},
              {"role":"system","content":"mid"},{"role":"user","content":"end"}],
             "max_completion_tokens":9,"stop":"x","n":2,"tool_choice":{"type":"function","function":{"name":"t"}},"reasoning":{"max_tokens":100},"stream_options":{"include_usage":true}}
            """u8.ToArray()).Value!;
        Assert.Equal(["s1", "s2"], read.System.Cast<TextPart>().Select(t => t.Text));
        Assert.Equal("1h", read.System[1].Cache!.Ttl);
        Assert.Equal([Role.User, Role.Assistant, Role.User, Role.System, Role.User], read.Messages.Select(m => m.Role));
        Assert.Equal(new MediaSource.Base64("image/png", "AA=="), ((ImagePart)read.Messages[0].Parts[1]).Source);
        Assert.False(((ToolCallPart)read.Messages[1].Parts[2]).ArgumentsAreJson);
        Assert.Equal(["a", "b"], read.Messages[2].Parts.Cast<ToolResultPart>().Select(r => r.CallId));
        Assert.Equal((9L, 100L, true), (read.MaxOutputTokens, read.Reasoning!.BudgetTokens, read.IncludeStreamUsage));
        Assert.Equal(new ToolChoice(ToolChoiceMode.Named, "t"), read.ToolChoice);
        Assert.Equal(["n"], read.Extras.Select(e => e.Name));
    }

    [Theory]
    [InlineData("""{"model":"m"}""", "messages")]
    [InlineData("""{"model":5,"messages":[]}""", "model")]
    [InlineData("""{"model":"m","messages":[{"role":"user","content":5}]}""", "messages[0].content")]
    [InlineData("""{"model":"m","messages":[{"role":"user","content":[{"type":"text"}]}]}""", "messages[0].content[0].text")]
    [InlineData("""{"model":"m","messages":[{"role":"king","content":"x"}]}""", "messages[0].role")]
    [InlineData("""{"model":"m","messages":[],"temperature":"hot"}""", "temperature")]
    [InlineData("""{"model":"m","messages":[],"tools":[{"type":"function","function":{}}]}""", "tools[0].function.name")]
    public void ReadRequest_WrongType_NamesTheMember(string body, string param)
    {
        var error = OpenAIChatFormat.Instance.ReadRequest(Encoding.UTF8.GetBytes(body)).Error!;
        Assert.Equal((ErrorKind.InvalidRequest, param), (error.Kind, error.Param));
    }

    [Fact]
    public void MutatedRequestsAndAnswers_NeverThrow()
    {
        var random = new Random(11);
        var request = """{"model":"m","messages":[{"role":"assistant","content":[{"type":"thinking","thinking":[{"text":"a"}]}],"tool_calls":[{"id":"a","function":{"name":"t","arguments":"{}"}}],"reasoning_details":[{"format":"anthropic-claude-v1","text":"x"}]},{"role":"tool","tool_call_id":"a","content":"\ud83d"}],"tools":[{"type":"function","function":{"name":"t","parameters":{}}}],"stop":["a"],"reasoning":{"effort":"low"}}"""u8.ToArray();
        var answer = """{"id":"a","choices":[{"index":0,"message":{"role":"assistant","content":"x","reasoning":"r","annotations":[{"type":"url_citation"}],"tool_calls":[{"id":"a","function":{"name":"t","arguments":"{}"}}]},"finish_reason":"stop"}],"usage":{"prompt_tokens":1,"completion_tokens":2,"prompt_tokens_details":{"cached_tokens":1}}}"""u8.ToArray();
        for (var round = 0; round < 20_000; round++)
        {
            var (a, b) = (request.ToArray(), answer.ToArray());
            for (var change = random.Next(1, 4); change > 0; change--)
            {
                a[random.Next(a.Length)] = Noise[random.Next(Noise.Length)];
                b[random.Next(b.Length)] = Noise[random.Next(Noise.Length)];
            }

            var read = OpenAIChatFormat.Instance.ReadRequest(a);
            Assert.NotEqual(read.Value is null, read.Error is null);
            if (read.Value is { } good)
            {
                OpenAIChatFormat.Instance.WriteRequest(good, Target(ChatDialect.OpenRouter, "claude"), new DegradationLog(), new ArrayBufferWriter<byte>());
            }

            var response = OpenAIChatFormat.Instance.ReadResponse(b, ChatDialect.Perplexity);
            Assert.NotEqual(response.Value is null, response.Error is null);
            if (response.Value is { } whole)
            {
                OpenAIChatFormat.Instance.WriteResponse(whole, ChatTestKit.Client, new DegradationLog(), new ArrayBufferWriter<byte>());
            }

            Assert.NotNull(OpenAIChatFormat.Instance.ReadError(400, b));
        }
    }

    [Fact]
    public void Grammar_RefusesWhatClientsChokeOn()
    {
        const string Head = "\"id\":\"x\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"m\"";
        string Chunk(string delta, string finish = "null") => "data: {" + Head + ",\"choices\":[{\"index\":0,\"delta\":" + delta + ",\"finish_reason\":" + finish + "}]}\n\n";
        var role = Chunk("{\"role\":\"assistant\",\"content\":\"\"}");
        var stop = Chunk("{}", "\"stop\"");
        Assert.Null(ChatTestKit.Grammar(Encoding.UTF8.GetBytes(role + ": comment\n\n" + Chunk("{\"content\":\"a\"}") + stop + "data: [DONE]\n\n")));
        foreach (var bad in new[]
        {
            stop + "data: [DONE]\n\n",
            role + stop,
            role + "data: [DONE]\n\n",
            role + stop + stop + "data: [DONE]\n\n",
            role + stop + "data: [DONE]\n\ndata: [DONE]\n\n",
            role + Chunk("{\"tool_calls\":[{\"index\":1,\"id\":\"a\",\"function\":{\"name\":\"t\"}}]}") + stop + "data: [DONE]\n\n",
            role + Chunk("{\"tool_calls\":[{\"index\":0,\"function\":{\"arguments\":\"\"}}]}") + stop + "data: [DONE]\n\n",
            "event: x\n" + role + stop + "data: [DONE]\n\n",
            "",
        })
        {
            Assert.NotNull(ChatTestKit.Grammar(Encoding.UTF8.GetBytes(bad)));
        }
    }

    private static UpstreamTarget Target(ChatDialect dialect, string model) => new(model, dialect, ModelTraits.Unknown);

    private static byte[] Bytes(ConversationRequest request, ChatDialect dialect, string model = "m", DegradationLog? log = null)
    {
        var output = new ArrayBufferWriter<byte>();
        Assert.Null(OpenAIChatFormat.Instance.WriteRequest(request, Target(dialect, model), log ?? new DegradationLog(), output));
        return output.WrittenSpan.ToArray();
    }

    private static JsonElement Write(ConversationRequest request, ChatDialect dialect, string model = "m", DegradationLog? log = null)
    {
        var bytes = Bytes(request, dialect, model, log);
        Assert.Empty(ChatRequestRules.Violations(bytes));
        using var document = JsonDocument.Parse(bytes);
        return document.RootElement.Clone();
    }
}
