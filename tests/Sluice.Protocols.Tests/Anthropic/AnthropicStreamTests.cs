using System.Text;
using Sluice.Protocols.Anthropic;
using Sluice.Protocols.Conversation;
using Sluice.Protocols.Degradations;
using Sluice.Protocols.Errors;
using Sluice.Protocols.Formats;
using Sluice.Protocols.Json;
using Sluice.Protocols.OpenAIChat;
using Sluice.Protocols.Sse;
using Xunit;

namespace Sluice.Protocols.Tests.Anthropic;

/// <summary>Streams by hand: small, each with its reason.</summary>
public sealed class AnthropicStreamTests
{
    private const string Start = """{"type":"message_start","message":{"id":"msg_1","model":"m","usage":{"input_tokens":9,"cache_read_input_tokens":5,"output_tokens":1}}}""";
    private const string Stop = """{"type":"message_delta","delta":{"stop_reason":"end_turn","stop_sequence":null},"usage":{"output_tokens":7}}""";
    private const string End = """{"type":"message_stop"}""";

    [Fact]
    public void WholeStream_IsWrittenByteForByte()
    {
        var written = AnthropicAnswer.Write(
        [
            new StreamEvent.Started("chatcmpl-7", "upstream", TokenUsage.Unknown),
            new StreamEvent.PartStarted(0, PartShape.Text),
            new StreamEvent.TextDelta(0, "<b>\"né\"\n🌊"),
            new StreamEvent.PartEnded(0),
            new StreamEvent.PartStarted(1, PartShape.ToolCall) { Id = "call.1", Name = "f" },
            new StreamEvent.PartEnded(1),
            new StreamEvent.Stopped(StopReason.EndTurn, null),
            new StreamEvent.UsageReported(new TokenUsage { Input = 3, CacheWrite1h = 2, Output = 4 }),
            new StreamEvent.Ended(),
        ]);
        var lines = Encoding.UTF8.GetString(written).Split('\n').Where(l => l.StartsWith("data: ", StringComparison.Ordinal)).Select(l => l[6..]).ToList();
        Assert.Equal(
            """{"type":"message_start","message":{"id":"msg_chatcmpl-7","type":"message","role":"assistant","model":"claude-test","content":[],"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":7,"cache_creation_input_tokens":0,"cache_read_input_tokens":0,"output_tokens":0}}}""",
            lines[0]);
        Assert.Equal("""{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}""", lines[1]);
        // Only what JSON demands is escaped; the emoji comes as the writer spells it.
        Assert.StartsWith("""{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"<b>\"né\"\n""", lines[2], StringComparison.Ordinal);
        Assert.Equal("""{"type":"content_block_stop","index":0}""", lines[3]);
        Assert.Matches("""^\{"type":"content_block_start","index":1,"content_block":\{"type":"tool_use","id":"toolu_call1[0-9a-f]{16}","name":"f","input":\{\}\}\}$""", lines[4]);
        Assert.Equal(
            """{"type":"message_delta","delta":{"stop_reason":"tool_use","stop_sequence":null},"usage":{"input_tokens":3,"cache_creation_input_tokens":2,"cache_read_input_tokens":0,"cache_creation":{"ephemeral_5m_input_tokens":0,"ephemeral_1h_input_tokens":2},"output_tokens":4}}""",
            lines[6]);
        Assert.Equal("""{"type":"message_stop"}""", lines[7]);
        Assert.Equal(8, lines.Count);
    }

    [Fact]
    public void ToolUseWithoutACall_IsAnEndTurn() =>
        // A client that is told tool_use and finds no call has nothing to answer, and asks again.
        Assert.Equal("end_turn", AnthropicAnswer.OfStream(AnthropicAnswer.Write([new StreamEvent.Stopped(StopReason.ToolUse, null), new StreamEvent.Ended()])).Stop);

    [Fact]
    public void StartUsageOfZero_IsReplacedByTheEstimate()
    {
        // Some proxies report 0 at the start; clients show it as the context's size.
        var written = AnthropicAnswer.Write([new StreamEvent.Started("x", "m", new TokenUsage { Input = 0, Output = 0 })]);
        Assert.Contains("\"input_tokens\":7", Encoding.UTF8.GetString(written), StringComparison.Ordinal);
    }

    [Fact]
    public void SecondStart_MissingEventLines_GapsAndPings_AreTaken()
    {
        var events = Read(Start, """{"type":"ping"}""", Start,
            """{"type":"content_block_start","index":4,"content_block":{"type":"text","text":"a"}}""",
            """{"type":"content_block_delta","index":4,"delta":{"type":"text_delta","text":""}}""",
            """{"type":"content_block_delta","index":9,"delta":{"type":"text_delta","text":"lost"}}""",
            """{"type":"of_a_newer_api","x":1}""",
            Stop, End, "[DONE]");
        Assert.Equal(["Started", "PartStarted", "TextDelta", "UsageReported", "Stopped", "PartEnded", "Ended"], events.Select(e => e.GetType().Name));
        Assert.Equal((9L, 5L, 7L), (events.OfType<StreamEvent.UsageReported>().Single().Usage.Input, events.OfType<StreamEvent.UsageReported>().Single().Usage.CacheRead, events.OfType<StreamEvent.UsageReported>().Single().Usage.Output));
    }

    [Fact]
    public void ToolCall_WithoutArguments_HasNoFragments_AndOneWholeInItsStart_HasOne()
    {
        // The API sends one empty fragment for a call without arguments; some servers send the whole call in the start block.
        var events = Read(Start,
            """{"type":"content_block_start","index":0,"content_block":{"type":"tool_use","id":"a","name":"f","input":{}}}""",
            """{"type":"content_block_delta","index":0,"delta":{"type":"input_json_delta","partial_json":""}}""",
            """{"type":"content_block_stop","index":0}""",
            """{"type":"content_block_start","index":1,"content_block":{"type":"tool_use","id":"b","name":"f","input":{"x": 1.0}}}""",
            """{"type":"content_block_stop","index":1}""", Stop, End);
        var fragment = Assert.Single(events.OfType<StreamEvent.ArgumentsDelta>());
        Assert.Equal((1, """{"x": 1.0}"""), (fragment.Part, fragment.Json));
        Assert.Equal(StopReason.ToolUse, events.OfType<StreamEvent.Stopped>().Single().Reason);
    }

    [Fact]
    public void F05_HiddenThinking_KeepsItsSignature()
    {
        // display: omitted gives no text, but the signature must be replayed.
        var events = Read(Start,
            """{"type":"content_block_start","index":0,"content_block":{"type":"thinking","thinking":"","signature":""}}""",
            """{"type":"content_block_delta","index":0,"delta":{"type":"signature_delta","signature":"sig"}}""",
            """{"type":"content_block_stop","index":0}""",
            """{"type":"content_block_start","index":1,"content_block":{"type":"redacted_thinking","data":"sealed"}}""",
            """{"type":"content_block_stop","index":1}""", Stop, End);
        Assert.Equal(["thinking  [sig]", "redacted sealed"], AnthropicAnswer.OfStream(AnthropicAnswer.Write(events)).Blocks);
    }

    [Theory]
    [InlineData("<html>busy</html>")]
    [InlineData("[1]")]
    [InlineData("""{"type":"message_start","message":{}""")]
    public void DataThatIsNoEvent_Fails(string data)
    {
        var failed = Assert.IsType<StreamEvent.Failed>(Read(data)[^1]);
        Assert.Equal(ErrorKind.BadResponse, failed.Error.Kind);
    }

    [Fact]
    public void F13_CutStream_Fails_BeforeAndAfterItsStopReason()
    {
        Assert.IsType<StreamEvent.Failed>(Read(Start)[^1]);
        Assert.IsType<StreamEvent.Failed>(Read(Start, Stop)[^1]);
        Assert.IsType<StreamEvent.Failed>(Read()[^1]);
    }

    [Fact]
    public void ForeignCitationsAndBlocks_AreLeftOutAndSaid()
    {
        var degradations = new DegradationLog();
        var written = AnthropicAnswer.Write(
            [
                new StreamEvent.PartStarted(0, PartShape.Opaque) { Json = RawJson.FromText("{\"type\":\"x\"}") },
                new StreamEvent.PartEnded(0),
                new StreamEvent.PartStarted(1, PartShape.Text),
                new StreamEvent.TextDelta(1, "a"),
                new StreamEvent.CitationDelta(1, RawJson.FromText("{\"type\":\"url_citation\"}")),
                new StreamEvent.PartEnded(1),
                new StreamEvent.Ended(),
            ],
            degradations);
        Assert.Null(AnthropicAnswer.Grammar(written));
        Assert.Equal(["text a"], AnthropicAnswer.OfStream(written).Blocks);
        Assert.Equal(["content.opaque", "citations"], degradations.Entries.Select(d => d.Feature));
    }

    [Theory]
    [InlineData("A second message_start.", "message_start", Start, "message_start", Start)]
    [InlineData("The event line says 'ping', the data 'message_stop'.", "ping", End)]
    [InlineData("message_stop before message_delta.", "message_start", Start, "message_stop", End)]
    [InlineData("message_delta in state BeforeStart.", "message_delta", Stop)]
    [InlineData("The block's index is not 0.", "message_start", Start, "content_block_start", """{"type":"content_block_start","index":1,"content_block":{"type":"text","text":""}}""")]
    [InlineData("A delta outside of a block.", "message_start", Start, "content_block_delta", """{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"x"}}""")]
    [InlineData("A 'thinking_delta' in a 'text' block.", "message_start", Start, "content_block_start", """{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}""", "content_block_delta", """{"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"x"}}""")]
    [InlineData("'ping' after the end of the stream.", "error", """{"type":"error","error":{}}""", "ping", """{"type":"ping"}""")]
    public void Grammar_RefusesWhatClientsBreakOn(string verdict, params string[] namesAndData)
    {
        var grammar = AnthropicFormat.Instance.CreateGrammar();
        string? said = null;
        for (var i = 0; i < namesAndData.Length; i += 2)
        {
            Assert.Null(said);
            said = grammar.Accept(new SseFrame(default, Encoding.UTF8.GetBytes(namesAndData[i]), Encoding.UTF8.GetBytes(namesAndData[i + 1])));
        }

        Assert.Equal(verdict, said);
        Assert.Equal(verdict, grammar.Complete());
    }

    private static List<StreamEvent> Read(params string[] data)
    {
        var reader = AnthropicFormat.Instance.CreateStreamReader(ChatDialect.Generic);
        var events = new List<StreamEvent>();
        foreach (var item in data)
        {
            reader.Read(new SseFrame(default, default, Encoding.UTF8.GetBytes(item)), events);
        }

        reader.Complete(events);
        return events;
    }
}
