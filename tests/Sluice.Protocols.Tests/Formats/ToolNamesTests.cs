using System.Buffers;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Sluice.Protocols.Conversation;
using Sluice.Protocols.Degradations;
using Sluice.Protocols.Formats;
using Sluice.Protocols.Json;
using Sluice.Protocols.OpenAIChat;
using Sluice.Protocols.Sse;
using Sluice.Protocols.Tests.Support;
using Xunit;

namespace Sluice.Protocols.Tests.Formats;

/// <summary>Names of tools that an upstream refuses: another on the way out, the client's own on the way back.</summary>
public sealed partial class ToolNamesTests
{
    // The first eight letters of SHA-256 over a line feed and the name, computed by another program.
    private const string Spaced = "mcp.files/read all";
    private const string SpacedMapped = "mcp_files_read_all_edfe7dec";
    private const string SpacedMappedAgain = "mcp_files_read_all_d5d0ae08";

    private static readonly string Long = "mcp__database__" + new string('q', 55);
    private static readonly string[] Names = ["plain", Spaced, Long, Long + "x", new string('n', 128), new string('n', 129), "a.b:c", "9lives", "-dash", "größe", "a b", "a_b", "ask?", "ask!"];

    public static TheoryData<WireProtocol> Upstreams() => [.. WireFormats.AllUpstreams.Select(u => u.Protocol)];

    [Theory]
    [MemberData(nameof(Upstreams))]
    public void F09_Request_HasOnlyNamesThatTheUpstreamTakes_EachItsOwn(WireProtocol upstream)
    {
        var log = new DegradationLog();
        using var body = JsonDocument.Parse(Write(Request(Names), upstream, log));
        var declared = Declared(body.RootElement, upstream);
        Assert.Equal(Names.Length, declared.Distinct(StringComparer.Ordinal).Count());
        Assert.All(declared, n => Assert.Matches(Rule(upstream), n));
        Assert.Equal(Names.Where(n => Rule(upstream).IsMatch(n)), declared.Where((_, i) => Rule(upstream).IsMatch(Names[i])));
        Assert.Equal(SpacedMapped, declared[1]);
        Assert.Equal(DegradationOutcome.Emulated, Assert.Single(log.Entries, e => e.Feature == "tools.name").Outcome);

        // The calls of the history, and the forced one, say the same.
        var text = body.RootElement.GetRawText();
        Assert.DoesNotContain(Spaced, text, StringComparison.Ordinal);
        Assert.Equal(upstream == WireProtocol.Gemini ? 4 : 3, Regex.Count(text, "\"" + SpacedMapped + "\"", RegexOptions.None, TimeSpan.FromSeconds(1)));
    }

    [Theory]
    [MemberData(nameof(Upstreams))]
    public void F09_Names_AreTheSame_WhateverStandsBesideThem(WireProtocol upstream)
    {
        var alone = Mapped([Spaced], upstream);
        Assert.Equal(alone[0], Mapped([.. Names.Reverse()], upstream)[^2]);
        Assert.Equal(Mapped(Names, upstream), Mapped(Names, upstream));
        var withoutHistory = ToolFolding.Fold(Request(Names) with { Messages = [] }, upstream, new DegradationLog());
        Assert.Equal(Mapped(Names, upstream), withoutHistory.Tools.Select(t => t.Name));
    }

    [Theory]
    [MemberData(nameof(Upstreams))]
    public void F09_Name_ThatAnotherToolHasAlready_IsNotMadeUp(WireProtocol upstream)
    {
        string[] names = [Spaced, SpacedMapped, "plain"];
        var mapped = Mapped(names, upstream);
        Assert.Equal([SpacedMappedAgain, SpacedMapped, "plain"], mapped);
        Assert.Equal(names, Calls(WholeAnswer(upstream, mapped), names, upstream));
    }

    [Theory]
    [MemberData(nameof(Upstreams))]
    public void F09_WholeAnswer_CallsTheToolsByTheClientsNames(WireProtocol upstream) =>
        Assert.Equal(Names, Calls(WholeAnswer(upstream, Mapped(Names, upstream)), Names, upstream));

    [Theory]
    [MemberData(nameof(Upstreams))]
    public void F09_Stream_CallsTheToolsByTheClientsNames(WireProtocol upstream)
    {
        var reader = ToolFolding.Restore(new Told([.. Mapped(Names, upstream).Select((n, i) => new StreamEvent.PartStarted(i, PartShape.ToolCall) { Id = "call_" + i, Name = n })]), Tools(Names), upstream);
        var events = new List<StreamEvent>();
        reader.Read(default, events);
        Assert.Equal(Names, events.Cast<StreamEvent.PartStarted>().Select(e => e.Name));
    }

    [Fact]
    public void F09_RealStream_OfAChatServer_ReachesAnAnthropicClientUnderItsOwnName()
    {
        var tools = Tools([Spaced]);
        var target = Passage.Client with { Tools = tools };
        var relay = new TranslatedRelay(
            ToolFolding.Restore(WireFormats.Upstream(WireProtocol.OpenAIChat).CreateStreamReader(ChatDialect.Generic), tools, WireProtocol.OpenAIChat),
            WireFormats.Client(WireProtocol.AnthropicMessages).CreateStreamWriter(target, new DegradationLog()));
        var segments = new StreamSegments();
        var text = new StringBuilder();
        foreach (var data in new[]
        {
            """{"id":"c","choices":[{"index":0,"delta":{"role":"assistant","tool_calls":[{"index":0,"id":"call_9","type":"function","function":{"name":"mcp_files_read_all_edfe7dec","arguments":""}}]}}]}""",
            """{"id":"c","choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":"{\"p\":1}"}}]}}]}""",
            """{"id":"c","choices":[{"index":0,"delta":{},"finish_reason":"tool_calls"}]}""",
            "[DONE]",
        })
        {
            var bytes = Encoding.UTF8.GetBytes(data);
            Assert.Null(relay.Advance(new SseFrame(bytes, default, bytes), segments));
            for (var i = 0; i < segments.Count; i++)
            {
                text.Append(Encoding.UTF8.GetString(segments[i].Bytes.Span));
            }

            segments.Clear();
        }

        Assert.Contains("\"name\":\"mcp.files/read all\"", text.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain(SpacedMapped, text.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Upstreams))]
    public void F09_NamesThatTheUpstreamTakes_AreTheSameRequest(WireProtocol upstream)
    {
        var request = Request([.. Names.Where(n => Rule(upstream).IsMatch(n))]);
        request = request with { Messages = [request.Messages[0]], ToolChoice = null };
        Assert.Same(request, ToolFolding.Fold(request, upstream, new DegradationLog()));
    }

    [Fact]
    public void F09_VendorsTool_KeepsTheNameThatItsVendorGaveIt()
    {
        var request = Request([Spaced]) with
        {
            Tools = [.. Tools([Spaced]), new VendorTool("web.search/1", "web.search/1", RawJson.EmptyObject, WireProtocol.AnthropicMessages)],
            ToolChoice = new ToolChoice(ToolChoiceMode.Named, "web.search/1"),
        };
        var folded = ToolFolding.Fold(request, WireProtocol.OpenAIChat, new DegradationLog());
        Assert.Equal([SpacedMapped, "web.search/1"], folded.Tools.Select(t => t.Name));
        Assert.Equal("web.search/1", folded.ToolChoice!.Name);
    }

    [Fact]
    public void F09_FreeTextTool_ForResponses_StaysOne_UnderALegalName()
    {
        var tool = new CustomTool(Spaced, null, default);
        var request = Request([Spaced]) with { Tools = [tool], Messages = [new Message(Role.Assistant, [new ToolCallPart("c", Spaced, RawJson.FromText("any {text")) { IsCustom = true, ArgumentsAreJson = false }])] };
        var folded = ToolFolding.Fold(request, WireProtocol.OpenAIResponses, new DegradationLog());
        Assert.Equal(SpacedMapped, Assert.IsType<CustomTool>(Assert.Single(folded.Tools)).Name);
        var call = Assert.IsType<ToolCallPart>(Assert.Single(folded.Messages[0].Parts));
        Assert.Equal((SpacedMapped, true, "any {text"), (call.Name, call.IsCustom, call.Arguments.ToString()));

        var answer = new ConversationResponse { Parts = [call with { Arguments = RawJson.FromText("""{"input":"is the text itself"}""") }] };
        var restored = Assert.IsType<ToolCallPart>(Assert.Single(ToolFolding.Restore(answer, [tool], WireProtocol.OpenAIResponses).Parts));
        Assert.Equal((Spaced, true, """{"input":"is the text itself"}"""), (restored.Name, restored.IsCustom, restored.Arguments.ToString()));
    }

    private static Tool[] Tools(string[] names) => [.. names.Select(n => new FunctionTool(n, "d", RawJson.FromText("""{"type":"object","properties":{"p":{"type":"integer"}}}""")))];

    private static ConversationRequest Request(string[] names) => new()
    {
        From = WireProtocol.OpenAICompletions,
        Model = "m",
        MaxOutputTokens = 100,
        Tools = Tools(names),
        ToolChoice = new ToolChoice(ToolChoiceMode.Named, Spaced),
        Messages =
        [
            new Message(Role.User, [new TextPart("q")]),
            new Message(Role.Assistant, [new ToolCallPart("call_1", Spaced, RawJson.FromText("""{"p":1}"""))]),
            new Message(Role.User, [new ToolResultPart("call_1", [new TextPart("r")], IsError: false)]),
        ],
    };

    private static string[] Mapped(string[] names, WireProtocol upstream) =>
        [.. ToolFolding.Fold(Request(names), upstream, new DegradationLog()).Tools.Select(t => t.Name)];

    private static byte[] Write(ConversationRequest request, WireProtocol upstream, DegradationLog log)
    {
        var output = new ArrayBufferWriter<byte>();
        var column = UpstreamCase.All.First(u => u.Format.Protocol == upstream);
        Assert.Null(column.Format.WriteRequest(ToolFolding.Fold(request, upstream, log), column.Target, log, output));
        return output.WrittenSpan.ToArray();
    }

    private static List<string> Declared(JsonElement body, WireProtocol upstream) => upstream switch
    {
        WireProtocol.OpenAIChat => [.. body.GetProperty("tools").EnumerateArray().Select(t => t.GetProperty("function").GetProperty("name").GetString()!)],
        WireProtocol.Gemini => [.. body.GetProperty("tools")[0].GetProperty("functionDeclarations").EnumerateArray().Select(t => t.GetProperty("name").GetString()!)],
        WireProtocol.BedrockConverse => [.. body.GetProperty("toolConfig").GetProperty("tools").EnumerateArray().Select(t => t.GetProperty("toolSpec").GetProperty("name").GetString()!)],
        _ => [.. body.GetProperty("tools").EnumerateArray().Select(t => t.GetProperty("name").GetString()!)],
    };

    // As the vendors state them.
    private static Regex Rule(WireProtocol upstream) => upstream switch
    {
        WireProtocol.AnthropicMessages => UpTo128(),
        WireProtocol.Gemini => LetterFirst(),
        _ => UpTo64(),
    };

    private static ConversationResponse WholeAnswer(WireProtocol upstream, string[] called)
    {
        var calls = called.Select((n, i) => (Id: "call_" + i, Name: n)).ToList();
        object answer = upstream switch
        {
            WireProtocol.AnthropicMessages => new { id = "msg_1", type = "message", role = "assistant", content = calls.Select(c => new { type = "tool_use", id = c.Id, name = c.Name, input = new { p = 1 } }), stop_reason = "tool_use", usage = new { input_tokens = 1, output_tokens = 1 } },
            WireProtocol.OpenAIChat => new { id = "c", choices = new[] { new { index = 0, finish_reason = "tool_calls", message = new { role = "assistant", tool_calls = calls.Select(c => new { id = c.Id, type = "function", function = new { name = c.Name, arguments = "{\"p\":1}" } }) } } } },
            WireProtocol.OpenAIResponses => new { id = "resp_1", status = "completed", output = calls.Select(c => new { type = "function_call", id = "fc_" + c.Id, call_id = c.Id, name = c.Name, arguments = "{\"p\":1}", status = "completed" }) },
            WireProtocol.Gemini => new { candidates = new[] { new { finishReason = "STOP", content = new { role = "model", parts = calls.Select(c => new { functionCall = new { id = c.Id, name = c.Name, args = new { p = 1 } } }) } } } },
            _ => new { output = new { message = new { role = "assistant", content = calls.Select(c => new { toolUse = new { toolUseId = c.Id, name = c.Name, input = new { p = 1 } } }) } }, stopReason = "tool_use", usage = new { inputTokens = 1, outputTokens = 1, totalTokens = 2 } },
        };
        var parsed = WireFormats.Upstream(upstream).ReadResponse(JsonSerializer.SerializeToUtf8Bytes(answer), ChatDialect.Generic);
        Assert.Null(parsed.Error);
        return parsed.Value!;
    }

    private static string[] Calls(ConversationResponse answer, string[] names, WireProtocol upstream) =>
        [.. ToolFolding.Restore(answer, Tools(names), upstream).Parts.OfType<ToolCallPart>().Select(c => c.Name)];

    [GeneratedRegex("^[a-zA-Z0-9_-]{1,128}$", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex UpTo128();

    [GeneratedRegex("^[a-zA-Z0-9_-]{1,64}$", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex UpTo64();

    [GeneratedRegex("^[a-zA-Z_][a-zA-Z0-9_.:-]{0,63}$", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex LetterFirst();

    private sealed class Told(IReadOnlyList<StreamEvent> told) : IStreamReader
    {
        public void Read(in SseFrame frame, List<StreamEvent> events) => events.AddRange(told);

        public void Complete(List<StreamEvent> events)
        {
        }
    }
}
