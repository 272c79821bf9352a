using System.Buffers;
using System.Text;
using Sluice.Protocols.Formats;
using Sluice.Server.Relay;
using Sluice.Testing;

namespace Sluice.Server.Tests.Relay;

/// <summary>The commit point, step by step.</summary>
public sealed class StreamGateTests
{
    private readonly ManualTimeProvider _time = new();
    private readonly StreamGate _gate;

    public StreamGateTests() => _gate = new StreamGate(_time);

    [Fact]
    public void Preamble_IsHeldUntilContent_AndComesOutInOrder()
    {
        Assert.Equal("", Take(SegmentRole.Preamble, "start "));
        Assert.Equal("", Take(SegmentRole.Preamble, "ping "));
        Assert.False(_gate.Committed);
        Assert.Equal("start ping text", Take(SegmentRole.Content, "text"));
        Assert.True(_gate.Committed);
        Assert.Equal("ping", Take(SegmentRole.Preamble, "ping"));
    }

    [Fact]
    public void ToolCall_BeforeCommit_IsHeldWhole()
    {
        Assert.Equal("", Take(SegmentRole.Preamble, "s"));
        Assert.Equal("", Take(SegmentRole.ToolFragment, "a"));
        Assert.Equal("", Take(SegmentRole.ToolFragment, "b"));
        Assert.False(_gate.Committed);
        Assert.True(_gate.SawContent);
        Assert.Equal("sabc", Take(SegmentRole.ToolComplete, "c"));
        Assert.True(_gate.Committed);
    }

    [Fact]
    public void ToolCall_AfterCommit_LacksItsLastPieceUntilComplete()
    {
        Take(SegmentRole.Content, "text");
        Assert.Equal("", Take(SegmentRole.ToolFragment, "a"));
        Assert.Equal("a", Take(SegmentRole.ToolFragment, "b"));
        Assert.Equal("", Take(SegmentRole.Preamble, "ping"));
        Assert.Equal("bping", Take(SegmentRole.ToolFragment, "c"));
        Assert.Equal("cd", Take(SegmentRole.ToolComplete, "d"));
        Assert.Equal("e", Take(SegmentRole.Content, "e"));
    }

    [Fact]
    public void ToolCall_TextBesideIt_DoesNotReleaseItsLastPiece()
    {
        Take(SegmentRole.Content, "text");
        Take(SegmentRole.ToolFragment, "a");
        Assert.Equal("", Take(SegmentRole.Content, "t"));
        Assert.Equal("at!", Take(SegmentRole.ToolComplete, "!"));
    }

    [Fact]
    public void ToolCall_HeldForTenSeconds_Commits()
    {
        Take(SegmentRole.ToolFragment, "a");
        _time.Advance(TimeSpan.FromSeconds(9));
        Assert.Equal("", Take(SegmentRole.ToolFragment, "b"));
        _time.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal("ab", Take(SegmentRole.ToolFragment, "c"));
        Assert.True(_gate.Committed);
        Assert.Equal("cd", Take(SegmentRole.ToolComplete, "d"));
    }

    [Fact]
    public void ToolCall_Of256KiB_Commits()
    {
        Take(SegmentRole.ToolFragment, new string('a', 200 * 1024));
        Assert.False(_gate.Committed);
        Take(SegmentRole.ToolFragment, new string('b', 60 * 1024));
        Assert.True(_gate.Committed);
    }

    [Fact]
    public void Stop_WithoutContent_StaysHeld()
    {
        Take(SegmentRole.Preamble, "s");
        Assert.Equal("", Take(SegmentRole.Stop, "stop"));
        Assert.Equal("", Take(SegmentRole.Terminal, "end"));
        Assert.True(_gate.Ended);
        Assert.False(_gate.SawContent);
        var output = new ArrayBufferWriter<byte>();
        _gate.Release(output);
        Assert.Equal("sstopend", Encoding.UTF8.GetString(output.WrittenSpan));
    }

    private string Take(SegmentRole role, string bytes)
    {
        var output = new ArrayBufferWriter<byte>();
        _gate.Take(role, Encoding.UTF8.GetBytes(bytes), output);
        return Encoding.UTF8.GetString(output.WrittenSpan);
    }
}
