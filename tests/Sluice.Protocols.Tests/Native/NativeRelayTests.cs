using System.Text;
using Sluice.Protocols.Conversation;
using Sluice.Protocols.Errors;
using Sluice.Protocols.Formats;
using Xunit;

namespace Sluice.Protocols.Tests.Native;

public sealed class NativeRelayTests
{
    private static string Event(string type, string rest) => $"event: {type}\ndata: {{\"type\":\"{type}\"{rest}}}\n\n";

    private static string Chunk(string delta, string finish = "null", string tail = "") =>
        $"data: {{\"id\":\"c1\",\"object\":\"chat.completion.chunk\",\"choices\":[{{\"index\":0,\"delta\":{delta},\"finish_reason\":{finish}}}]{tail}}}\n\n";

    private static NativeRelayRun Anthropic(params string[] events) => NativeRelayRun.Of(WireProtocol.AnthropicMessages, string.Concat(events));

    private static NativeRelayRun Chat(params string[] chunks) => NativeRelayRun.Of(WireProtocol.OpenAIChat, string.Concat(chunks));

    [Fact]
    public void Anthropic_WholeAnswer_HasTheRolesOfTheGate()
    {
        var run = Anthropic(
            Event("message_start", ",\"message\":{\"id\":\"msg_1\",\"usage\":{\"input_tokens\":7,\"output_tokens\":1}}"),
            Event("ping", ""),
            Event("content_block_start", ",\"index\":0,\"content_block\":{\"type\":\"thinking\",\"thinking\":\"\"}"),
            Event("content_block_delta", ",\"index\":0,\"delta\":{\"type\":\"thinking_delta\",\"thinking\":\"\"}"),
            Event("content_block_delta", ",\"index\":0,\"delta\":{\"type\":\"thinking_delta\",\"thinking\":\"hm\"}"),
            Event("content_block_delta", ",\"index\":0,\"delta\":{\"type\":\"signature_delta\",\"signature\":\"abc\"}"),
            Event("content_block_stop", ",\"index\":0"),
            Event("content_block_start", ",\"index\":1,\"content_block\":{\"type\":\"redacted_thinking\",\"data\":\"xx\"}"),
            Event("content_block_stop", ",\"index\":1"),
            Event("content_block_start", ",\"index\":2,\"content_block\":{\"type\":\"text\",\"text\":\"\"}"),
            Event("content_block_delta", ",\"index\":2,\"delta\":{\"type\":\"text_delta\",\"text\":\"Hi\"}"),
            Event("content_block_stop", ",\"index\":2"),
            Event("content_block_start", ",\"index\":3,\"content_block\":{\"type\":\"tool_use\",\"id\":\"t\",\"name\":\"n\",\"input\":{}}"),
            Event("content_block_delta", ",\"index\":3,\"delta\":{\"type\":\"input_json_delta\",\"partial_json\":\"\"}"),
            Event("content_block_delta", ",\"index\":3,\"delta\":{\"type\":\"input_json_delta\",\"partial_json\":\"{}\"}"),
            Event("content_block_stop", ",\"index\":3"),
            Event("content_block_start", ",\"index\":4,\"content_block\":{\"type\":\"web_search_tool_result\",\"tool_use_id\":\"s\",\"content\":[]}"),
            Event("content_block_stop", ",\"index\":4"),
            Event("message_delta", ",\"delta\":{\"stop_reason\":\"tool_use\"},\"usage\":{\"output_tokens\":20}"),
            Event("message_stop", ""));

        Assert.Null(run.Error);
        Assert.Equal(
            [
                SegmentRole.Preamble, SegmentRole.Preamble, SegmentRole.Preamble, SegmentRole.Preamble, SegmentRole.Content, SegmentRole.Preamble,
                SegmentRole.Preamble, SegmentRole.Preamble, SegmentRole.Preamble, SegmentRole.Preamble, SegmentRole.Content, SegmentRole.Preamble,
                SegmentRole.ToolFragment, SegmentRole.ToolFragment, SegmentRole.ToolFragment, SegmentRole.ToolComplete, SegmentRole.Content,
                SegmentRole.Preamble, SegmentRole.Stop, SegmentRole.Terminal,
            ],
            run.Roles);
        Assert.Equal("msg_1", run.Relay.ResponseId);
        Assert.Equal(7, run.Relay.Usage.Input);
        Assert.Equal(20, run.Relay.Usage.Output);
        Assert.Equal(StopReason.ToolUse, run.Relay.StopReason);
        Assert.Equal(6, run.Relay.ContentBytes);
    }

    [Theory]
    [InlineData("""data: {"delta":{"text":"Hi","type":"text_delta"},"index":0,"type":"content_block_delta"}""", SegmentRole.Content)]
    [InlineData("""data: { "type": "content_block_delta", "index": 0, "delta": { "type": "text_delta", "text": "Hi" } }  """, SegmentRole.Content)]
    [InlineData("""data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":""}}""", SegmentRole.Preamble)]
    [InlineData("""data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"\""}}""", SegmentRole.Content)]
    [InlineData("""data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"a"},"extra":1}""", SegmentRole.Content)]
    [InlineData("""data: {"type":"content_block_delta","index":0,"delta":{"type":"citations_delta","citation":{}}}""", SegmentRole.Content)]
    [InlineData("""data: {"type":"content_block_delta","index":0,"delta":{"partial_json":"{","type":"input_json_delta"}}""", SegmentRole.ToolFragment)]
    [InlineData("""data: {"type":"something_new"}""", SegmentRole.Preamble)]
    [InlineData(": comment", SegmentRole.Preamble)]
    [InlineData("event: ping", SegmentRole.Preamble)]
    public void Anthropic_EventSpelledAnotherWay_HasItsRole(string frame, SegmentRole role)
    {
        var run = Anthropic(frame + "\n\n", Event("message_stop", ""));
        Assert.Equal([role, SegmentRole.Terminal], run.Roles);
        Assert.Equal(frame + "\n\n", run.Runs[0].Text);
    }

    [Fact]
    public void Anthropic_SecondMessageStart_IsLeftOut()
    {
        var start = Event("message_start", ",\"message\":{\"id\":\"msg_1\"}");
        var run = Anthropic(start, start, Event("message_stop", ""));
        Assert.Equal([SegmentRole.Preamble, SegmentRole.Terminal], run.Roles);
    }

    [Theory]
    [InlineData("event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\"}}\n\n", ErrorKind.UpstreamError)]
    [InlineData("data: {\"error\":{\"message\":\"x\"}}\n\n", ErrorKind.UpstreamError)]
    [InlineData("{\"error\":{\"message\":\"not framed\"}}", ErrorKind.UpstreamError)]
    [InlineData("data: <html>\n\n", ErrorKind.BadResponse)]
    [InlineData("<html><body>502</body></html>\n", ErrorKind.BadResponse)]
    [InlineData("data: {\"type\":\"message_start\",\n\n", ErrorKind.BadResponse)]
    [InlineData("data: {\"type\":\"message_start\",,}\n\n", ErrorKind.BadResponse)]
    [InlineData("data: {\"type\":\"ping\"}{\"type\":\"ping\"}\n\n", ErrorKind.BadResponse)]
    [InlineData("data: [DONE]\n\n", ErrorKind.BadResponse)]
    [InlineData("", ErrorKind.BadResponse)]
    public void F13_Anthropic_ErrorOrGarbage_ComesBackAndNothingIsPassed(string tail, ErrorKind kind)
    {
        var start = Event("message_start", ",\"message\":{\"id\":\"msg_1\"}");
        var run = Anthropic(start, tail);
        Assert.Equal(kind, run.Error?.Kind);
        Assert.Equal(start, Encoding.UTF8.GetString(run.Output.ToArray()));
    }

    [Fact]
    public void Anthropic_FramesAfterTheTerminal_AreIgnored()
    {
        var run = Anthropic(Event("message_stop", ""), "data: [DONE]\n\n", "garbage\n\n");
        Assert.Null(run.Error);
        Assert.Equal([SegmentRole.Terminal], run.Roles);
    }

    [Fact]
    public void Chat_TextAnswer_HasTheRolesOfTheGate()
    {
        var run = Chat(
            ": OPENROUTER PROCESSING\n\n",
            Chunk("{\"role\":\"assistant\",\"content\":\"\"}"),
            Chunk("{\"reasoning_content\":\"hm\"}"),
            Chunk("{\"content\":\"He\"}"),
            Chunk("{\"content\":\"llo \\\"you\\\"\"}"),
            Chunk("{\"content\":\"\"}"),
            Chunk("{}", "\"stop\""),
            "data: {\"id\":\"c1\",\"choices\":[],\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":4}}\n\n",
            "data: [DONE]\n\n");
        Assert.Null(run.Error);
        Assert.Equal(
            [
                SegmentRole.Preamble, SegmentRole.Preamble, SegmentRole.Content, SegmentRole.Content, SegmentRole.Content, SegmentRole.Preamble,
                SegmentRole.Stop, SegmentRole.Stop, SegmentRole.Terminal,
            ],
            run.Roles);
        Assert.Equal(StopReason.EndTurn, run.Relay.StopReason);
        Assert.Equal(4, run.Relay.Usage.Output);
        Assert.Equal("c1", run.Relay.ResponseId);
        Assert.Equal(2 + 2 + 11, run.Relay.ContentBytes);
    }

    [Fact]
    public void Chat_ToolCalls_AreCompleteWhenTheNextOneStartsOrTheAnswerStops()
    {
        static string Call(int index, string arguments) => Chunk($"{{\"tool_calls\":[{{\"index\":{index},\"id\":\"x\",\"function\":{{\"name\":\"n\",\"arguments\":\"{arguments}\"}}}}]}}");
        var run = Chat(Call(0, ""), Call(0, "{}"), Call(1, ""), Call(1, "{}"), Chunk("{}", "\"stop\""), "data: [DONE]\n\n");
        Assert.Equal(
            [
                SegmentRole.ToolFragment, SegmentRole.ToolFragment, SegmentRole.ToolComplete, SegmentRole.ToolFragment, SegmentRole.ToolFragment,
                SegmentRole.ToolComplete, SegmentRole.Stop, SegmentRole.Terminal,
            ],
            run.Roles);
        Assert.Equal("", run.Runs[2].Text);
        Assert.Equal(StopReason.ToolUse, run.Relay.StopReason);
        Assert.Equal(4, run.Relay.ContentBytes);
    }

    [Fact]
    public void Chat_InterleavedCalls_AreNotTakenForOneAnother()
    {
        static string Call(int index, string arguments) => Chunk($"{{\"tool_calls\":[{{\"index\":{index},\"function\":{{\"arguments\":\"{arguments}\"}}}}]}}");
        var run = Chat(Call(0, "a"), Call(0, "b"), Call(1, "c"), Call(0, "d"), Call(0, "e"), Chunk("{\"content\":\"x\"}"), Chunk("{\"content\":\"y\"}"), Call(0, "f"), Chunk("{}", "\"stop\""));
        Assert.Equal(
            [
                SegmentRole.ToolFragment, SegmentRole.ToolFragment, SegmentRole.ToolComplete, SegmentRole.ToolFragment, SegmentRole.ToolComplete,
                SegmentRole.ToolFragment, SegmentRole.ToolFragment, SegmentRole.Content, SegmentRole.Content, SegmentRole.ToolFragment,
                SegmentRole.ToolComplete, SegmentRole.Stop, SegmentRole.Terminal,
            ],
            run.Roles);
        Assert.Equal(8, run.Relay.ContentBytes);
    }

    [Fact]
    public void Chat_WholeCallWithItsFinish_IsComplete()
    {
        var run = Chat(Chunk("{\"content\":\"so\",\"tool_calls\":[{\"index\":0,\"id\":\"x\",\"function\":{\"name\":\"n\",\"arguments\":\"{}\"}}]}", "\"tool_calls\""), "data: [DONE]\n\n");
        Assert.Equal([SegmentRole.ToolComplete, SegmentRole.Terminal], run.Roles);
    }

    [Theory]
    [InlineData("{\"content\":\"x\"}", "\"stop\"", SegmentRole.Content)]
    [InlineData("{\"content\":\"x\",\"tool_calls\":[{\"index\":0,\"function\":{\"arguments\":\"{\"}}]}", "null", SegmentRole.ToolFragment)]
    [InlineData("{\"function_call\":{\"name\":\"n\",\"arguments\":\"{\"}}", "null", SegmentRole.ToolFragment)]
    [InlineData("{\"content\":[{\"type\":\"thinking\",\"thinking\":[{\"type\":\"text\",\"text\":\"hm\"}]}]}", "null", SegmentRole.Content)]
    [InlineData("{\"content\":[{\"type\":\"thinking\",\"thinking\":[]}]}", "null", SegmentRole.Preamble)]
    [InlineData("{\"reasoning_details\":[{\"type\":\"reasoning.encrypted\",\"data\":\"xx\"}]}", "null", SegmentRole.Preamble)]
    [InlineData("{\"refusal\":\"no\"}", "null", SegmentRole.Content)]
    [InlineData("{\"images\":[{\"type\":\"image_url\"}]}", "null", SegmentRole.Content)]
    [InlineData("{\"content\":null,\"tool_calls\":null}", "null", SegmentRole.Preamble)]
    [InlineData("{\"content\":\"\"}", "\"\"", SegmentRole.Preamble)]
    public void Chat_Delta_HasItsRole(string delta, string finish, SegmentRole role)
    {
        var run = Chat(Chunk(delta, finish));
        Assert.Equal(role, run.Runs[0].Role);
    }

    [Fact]
    public void Chat_ChunkLikeTheLastTextChunk_IsReadWhereItDiffers()
    {
        var run = Chat(
            Chunk("{\"content\":\"one\"}"),
            Chunk("{\"content\":\"two\"}"),
            Chunk("{\"content\":\"th\"}", "\"length\""),
            Chunk("{\"content\":\"\"}", "null", ",\"usage\":{\"completion_tokens\":9}"));
        Assert.Equal([SegmentRole.Content, SegmentRole.Content, SegmentRole.Content, SegmentRole.Stop, SegmentRole.Terminal], run.Roles);
        Assert.Equal(StopReason.MaxTokens, run.Relay.StopReason);
        Assert.Equal(9, run.Relay.Usage.Output);
        Assert.Equal(8, run.Relay.ContentBytes);
    }

    [Theory]
    [InlineData("ab", "Q", "xyz")]
    [InlineData("q", "", "a1")]
    public void Chat_PaddedChunks_PassWithAnyPadding(string first, string firstPad, string secondPad)
    {
        var run = Chat(
            Chunk($"{{\"content\":\"{first}\"}}", "null", $",\"obfuscation\":\"{firstPad}\""),
            Chunk("{\"content\":\"cd\"}", "null", $",\"obfuscation\":\"{secondPad}\""),
            Chunk("{\"content\":\"ef\"}", "null", ",\"obfuscation\":\"x\",\"error\":\"late\""));
        Assert.Equal([SegmentRole.Content, SegmentRole.Content], run.Roles);
        Assert.Equal(ErrorKind.UpstreamError, run.Error?.Kind);
    }

    [Theory]
    [InlineData("data: {\"error\":{\"code\":502}}\n\n", ErrorKind.UpstreamError)]
    [InlineData("event: error\ndata: {\"message\":\"x\"}\n\n", ErrorKind.UpstreamError)]
    [InlineData("data: {\"object\":\"error\",\"message\":\"x\"}\n\n", ErrorKind.UpstreamError)]
    [InlineData("data: {\"choices\":[{\"index\":0,\"delta\":{},\"error\":{\"code\":1}}]}\n\n", ErrorKind.UpstreamError)]
    [InlineData("data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"error\"}]}\n\n", ErrorKind.UpstreamError)]
    [InlineData("data: {\"x_groq\":{\"error\":\"x\"}}\n\n", ErrorKind.UpstreamError)]
    [InlineData("data: hello\n\n", ErrorKind.BadResponse)]
    [InlineData("data: [DONE\n\n", ErrorKind.BadResponse)]
    [InlineData("data: {\"choices\":[}\n\n", ErrorKind.BadResponse)]
    [InlineData("", ErrorKind.BadResponse)]
    public void F13_Chat_ErrorOrGarbage_ComesBackAndNothingIsPassed(string tail, ErrorKind kind)
    {
        var start = Chunk("{\"role\":\"assistant\"}");
        var run = Chat(start, tail);
        Assert.Equal(kind, run.Error?.Kind);
        Assert.Equal(start, Encoding.UTF8.GetString(run.Output.ToArray()));
    }

    [Fact]
    public void F04_Chat_NoTrailingBlankLine_TheEventIsEnded()
    {
        var run = Chat(Chunk("{}", "\"stop\"").TrimEnd('\n'));
        Assert.Null(run.Error);
        Assert.Equal(Chunk("{}", "\"stop\"") + "data: [DONE]\n\n", Encoding.UTF8.GetString(run.Output.ToArray()));
    }

    [Fact]
    public void Chat_NullErrorAndNullUsage_AreNothing()
    {
        var run = Chat(Chunk("{\"content\":\"a\"}", "null", ",\"usage\":null,\"error\":null"), Chunk("{}", "\"stop\""), "data: [DONE]\n\n");
        Assert.Null(run.Error);
        Assert.Empty(run.UsageObjects);
    }

    [Theory]
    [InlineData(",\"usage\":null", "")]
    [InlineData(", \"usage\" : null, \"x\":1", ", \"x\":1")]
    [InlineData(",\"system_fingerprint\":null,\"usage\":null", "")]
    [InlineData(",\"usage\":null,\"system_fingerprint\":\"fp\"", ",\"system_fingerprint\":\"fp\"")]
    [InlineData(",\"usage\":{\"completion_tokens\":5}", ",\"usage\":{\"completion_tokens\":5}")]
    public void Chat_NullMembersThatAreNotWanted_AreLeftOut(string tail, string expected)
    {
        // The second text passes by the first one's template, and says the name itself.
        string Stream(string end) => Chunk("{\"content\":\"a\"}", tail: end) + Chunk("{\"content\":\",\\\"usage\\\":null\"}", tail: end)
            + Chunk("{\"tool_calls\":[{\"index\":0,\"function\":{\"arguments\":\"{}\"}}]}", tail: end) + Chunk("{}", "\"stop\"", end) + "data: [DONE]\n\n";

        var run = NativeRelayRun.Of(WireProtocol.OpenAIChat, Stream(tail), dropNulls: true);

        Assert.Null(run.Error);
        Assert.Equal(Stream(expected), Encoding.UTF8.GetString(run.Output.ToArray()));
    }

    [Fact]
    public void Chat_NullMembersInFront_AreLeftOutWithTheCommaBehind()
    {
        var run = NativeRelayRun.Of(WireProtocol.OpenAIChat, "data: {\"usage\":null ,\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n", dropNulls: true);

        Assert.Equal("data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n", Encoding.UTF8.GetString(run.Output.ToArray()));
    }

    [Fact]
    public void Chat_GroqUsage_IsMetered()
    {
        var run = Chat(Chunk("{}", "\"stop\"", ",\"x_groq\":{\"id\":\"r\",\"usage\":{\"completion_tokens\":5}}"), "data: [DONE]\n\n");
        Assert.Equal(5, run.Relay.Usage.Output);
    }

    [Fact]
    public void Chat_UsageChunkWithARepeatedFinish_IsDroppedWhenNotAskedFor()
    {
        var finish = Chunk("{}", "\"stop\"");
        var usage = Chunk("{\"role\":\"assistant\",\"content\":\"\"}", "\"stop\"", ",\"usage\":{\"completion_tokens\":5}");
        var run = NativeRelayRun.Of(WireProtocol.OpenAIChat, finish + usage + "data: [DONE]\n\n", dropUsage: true);
        Assert.Equal(finish + "data: [DONE]\n\n", Encoding.UTF8.GetString(run.Output.ToArray()));
        Assert.Equal(5, run.Relay.Usage.Output);
    }

    [Fact]
    public void Chat_UsageBesideTheFinish_IsKept()
    {
        var finish = Chunk("{}", "\"stop\"", ",\"usage\":{\"completion_tokens\":5}");
        var run = NativeRelayRun.Of(WireProtocol.OpenAIChat, finish + "data: [DONE]\n\n", dropUsage: true);
        Assert.Equal(finish + "data: [DONE]\n\n", Encoding.UTF8.GetString(run.Output.ToArray()));
    }

    [Fact]
    public void Relays_MutatedStreams_NeverThrow()
    {
        var anthropic = Encoding.UTF8.GetBytes(
            Event("message_start", ",\"message\":{\"id\":\"m\",\"usage\":{\"input_tokens\":1}}")
            + Event("content_block_start", ",\"index\":0,\"content_block\":{\"type\":\"tool_use\",\"id\":\"t\",\"name\":\"n\",\"input\":{}}")
            + Event("content_block_delta", ",\"index\":0,\"delta\":{\"type\":\"input_json_delta\",\"partial_json\":\"{}\"}")
            + Event("content_block_stop", ",\"index\":0") + Event("message_delta", ",\"delta\":{\"stop_reason\":\"tool_use\"}") + Event("message_stop", ""));
        var chat = Encoding.UTF8.GetBytes(
            Chunk("{\"content\":\"a\"}") + Chunk("{\"content\":\"b\"}") + Chunk("{\"tool_calls\":[{\"index\":0,\"function\":{\"arguments\":\"{\"}}]}")
            + Chunk("{}", "\"stop\"", ",\"usage\":{\"a\":1}") + "data: [DONE]\n\n");
        var random = new Random(5);
        var alphabet = "{}[]\":,\\ \n\rtfn0"u8.ToArray();
        for (var round = 0; round < 20_000; round++)
        {
            var (protocol, stream) = round % 2 == 0 ? (WireProtocol.AnthropicMessages, anthropic) : (WireProtocol.OpenAIChat, chat);
            var mutated = (byte[])stream.Clone();
            for (var change = random.Next(1, 4); change > 0; change--)
            {
                mutated[random.Next(mutated.Length)] = random.Next(4) == 0 ? (byte)random.Next(256) : alphabet[random.Next(alphabet.Length)];
            }

            var run = NativeRelayRun.Of(protocol, mutated, [random.Next(1, 50), 1000], checkUsage: false);
            Assert.True(run.Error is not null || run.Runs[^1].Role == SegmentRole.Terminal);
        }
    }
}
