using System.Buffers;
using System.Text;
using Sluice.Protocols.Conversation;
using Sluice.Protocols.Errors;
using Sluice.Protocols.Formats;
using Sluice.Protocols.Sse;
using Xunit;

namespace Sluice.Protocols.Tests.Native;

public sealed class TranslatedRelayTests
{
    // Gives out the events of one frame after another; Complete gives out what is left.
    private sealed class ScriptedReader(params StreamEvent[][] frames) : IStreamReader
    {
        private int _next;

        public void Read(in SseFrame frame, List<StreamEvent> events) => events.AddRange(frames[_next++]);

        public void Complete(List<StreamEvent> events)
        {
            while (_next < frames.Length)
            {
                events.AddRange(frames[_next++]);
            }
        }
    }

    // Writes each event's name, but holds some back until a later event.
    private sealed class HoldingWriter(Func<StreamEvent, bool> holds) : IStreamWriter
    {
        private string _held = "";

        public void Write(StreamEvent streamEvent, IBufferWriter<byte> output)
        {
            _held += streamEvent.GetType().Name + ";";
            if (!holds(streamEvent))
            {
                output.Write(Encoding.UTF8.GetBytes(_held));
                _held = "";
            }
        }
    }

    private static List<(SegmentRole Role, string Text)> Run(IStreamRelay relay, int frames, out UpstreamError? error)
    {
        var output = new StreamSegments();
        error = null;
        for (var i = 0; i < frames && error is null; i++)
        {
            error = relay.Advance(new SseFrame(default, default, default), output);
        }

        error ??= relay.Complete(output);
        return [.. Enumerable.Range(0, output.Count).Select(i => (output[i].Role, Encoding.UTF8.GetString(output[i].Bytes.Span)))];
    }

    [Fact]
    public void Events_WrittenAtOnce_HaveTheirOwnRoles()
    {
        StreamEvent[] events =
        [
            new StreamEvent.Started("id-1", "m", new TokenUsage { Input = 5 }),
            new StreamEvent.PartStarted(0, PartShape.Thinking),
            new StreamEvent.ThinkingDelta(0, ""),
            new StreamEvent.ThinkingDelta(0, "hm"),
            new StreamEvent.SignatureDelta(0, "s"),
            new StreamEvent.PartEnded(0),
            new StreamEvent.PartStarted(1, PartShape.ToolCall),
            new StreamEvent.ArgumentsDelta(1, "{}"),
            new StreamEvent.PartEnded(1),
            new StreamEvent.Stopped(StopReason.ToolUse, null),
            new StreamEvent.UsageReported(new TokenUsage { Input = 5, Output = 9 }),
            new StreamEvent.Ended(),
        ];
        var relay = new TranslatedRelay(new ScriptedReader(events), new HoldingWriter(_ => false));
        var runs = Run(relay, 1, out var error);
        Assert.Null(error);
        Assert.Equal(
            [
                SegmentRole.Preamble, SegmentRole.Preamble, SegmentRole.Preamble, SegmentRole.Content, SegmentRole.Preamble, SegmentRole.Preamble,
                SegmentRole.ToolFragment, SegmentRole.ToolFragment, SegmentRole.ToolComplete, SegmentRole.Stop, SegmentRole.Stop, SegmentRole.Terminal,
            ],
            runs.Select(r => r.Role));
        Assert.Equal("id-1", relay.ResponseId);
        Assert.Equal(StopReason.ToolUse, relay.StopReason);
        Assert.Equal(9, relay.Usage.Output);
        Assert.Equal(4, relay.ContentBytes);
    }

    [Fact]
    public void Text_HeldBackByTheWriter_KeepsItsRoleWhenItComes()
    {
        var relay = new TranslatedRelay(
            new ScriptedReader([new StreamEvent.TextDelta(0, "a"), new StreamEvent.PartEnded(0), new StreamEvent.Ended()]),
            new HoldingWriter(e => e is StreamEvent.TextDelta));
        var runs = Run(relay, 1, out _);
        Assert.Equal([(SegmentRole.Content, "TextDelta;PartEnded;"), (SegmentRole.Terminal, "Ended;")], runs);
    }

    [Fact]
    public void ParallelCall_HeldUntilTheFirstEnds_IsStillAFragment()
    {
        var relay = new TranslatedRelay(
            new ScriptedReader(
            [
                new StreamEvent.PartStarted(0, PartShape.ToolCall),
                new StreamEvent.PartStarted(1, PartShape.ToolCall),
                new StreamEvent.ArgumentsDelta(1, "{"),
                new StreamEvent.PartEnded(0),
                new StreamEvent.PartEnded(1),
                new StreamEvent.Ended(),
            ]),
            new HoldingWriter(e => e is StreamEvent.PartStarted { Part: 1 } or StreamEvent.ArgumentsDelta { Part: 1 }));
        var runs = Run(relay, 1, out _);
        Assert.Equal(
            [
                (SegmentRole.ToolFragment, "PartStarted;"),
                (SegmentRole.ToolComplete, ""),
                (SegmentRole.ToolFragment, "PartStarted;ArgumentsDelta;PartEnded;"),
                (SegmentRole.ToolComplete, "PartEnded;"),
                (SegmentRole.Terminal, "Ended;"),
            ],
            runs);
    }

    [Fact]
    public void EndOfACall_WithoutBytesOfItsOwn_IsStillSignalled()
    {
        var relay = new TranslatedRelay(
            new ScriptedReader([new StreamEvent.PartStarted(0, PartShape.ToolCall), new StreamEvent.PartEnded(0), new StreamEvent.Ended()]),
            new HoldingWriter(e => e is StreamEvent.PartEnded));
        var runs = Run(relay, 1, out _);
        Assert.Equal([SegmentRole.ToolFragment, SegmentRole.ToolComplete, SegmentRole.Terminal], runs.Select(r => r.Role));
        Assert.Equal("", runs[1].Text);
    }

    [Fact]
    public void F13_Failure_ComesBackAndEndsTheRelay()
    {
        var failure = new UpstreamError(ErrorKind.Overloaded, "x");
        var relay = new TranslatedRelay(new ScriptedReader([new StreamEvent.Started(null, null, TokenUsage.Unknown), new StreamEvent.Failed(failure)]), new HoldingWriter(_ => false));
        var runs = Run(relay, 1, out var error);
        Assert.Same(failure, error);
        Assert.Single(runs);
        Assert.Null(relay.Complete(new StreamSegments()));
    }

    [Fact]
    public void Stream_CutBeforeItsEnd_IsAnError()
    {
        var relay = new TranslatedRelay(new ScriptedReader([new StreamEvent.TextDelta(0, "a")]), new HoldingWriter(_ => false));
        Run(relay, 1, out var error);
        Assert.Equal(ErrorKind.BadResponse, error?.Kind);
    }
}
