using System.Text;
using Sluice.Protocols.Sse;
using Sluice.Testing;
using Xunit;

namespace Sluice.Protocols.Tests.Sse;

public sealed class SseReaderTests
{
    // Expected frames by hand: (event, data) of frames that have data.
    public static TheoryData<string, string[]> Streams => new()
    {
        { "data: a\n\ndata: b\n\n", ["|a", "|b"] },
        { "data: a\r\n\r\ndata: b\r\n\r\n", ["|a", "|b"] },
        { "data: a\r\rdata: b\r\r", ["|a", "|b"] },
        { "data: a\r\n\ndata: b\n\r\n", ["|a", "|b"] },
        { "data:a\n\ndata:  b\n\n", ["|a", "| b"] },
        { "\uFEFFevent: x\ndata: a\n\n", ["x|a"] },
        { "\uFEFFdata: a\n\n\uFEFFdata: b\n\n", ["|a"] },
        { ": comment\n\n: OPENROUTER PROCESSING\n\ndata: a\n\n", ["|a"] },
        { ": comment\ndata: a\n\n", ["|a"] },
        { "event: m\ndata: one\ndata: two\ndata:\ndata: four\nid: 7\n\n", ["m|one\ntwo\n\nfour"] },
        { "data\ndata: x\n\n", ["|\nx"] },
        { "data: a\nevent: late\nretry: 10\n\n", ["late|a"] },
        { "event: a\nevent: b\ndata: c\n\n", ["b|c"] },
        { "event: alone\n\ndata: a\n\n", ["|a"] },
        { "\n\n\ndata: a\n\n\n\n", ["|a"] },
        { "data: ümlaut 漢字 😀\n\ndata: [DONE]\n\n", ["|ümlaut 漢字 😀", "|[DONE]"] },
        { "data: a\n\ndata: rest", ["|a", "|rest"] },
        { "data: a\n\ndata: rest\n", ["|a", "|rest"] },
        { "data: a\r\n\r\ndata: rest\r\n", ["|a", "|rest"] },
        { "dataset: no\ndata: a\n\n", ["|a"] },
        { "data: {\"a\":1}   \n\n", ["|{\"a\":1}   "] },
        { "", [] },
    };

    [Theory]
    [MemberData(nameof(Streams))]
    public void F04_Frames_AnySplit_AreTheSame(string stream, string[] expected)
    {
        var input = Encoding.UTF8.GetBytes(stream);
        Check(input, expected, [input.Length]);
        Check(input, expected, Feeding.OneByOne(input.Length));
        for (var split = 1; split < input.Length; split++)
        {
            Check(input, expected, [split]);
            for (var second = 1; second < input.Length - split; second++)
            {
                Check(input, expected, [split, second]);
            }
        }
    }

    [Fact]
    public void F04_LastEvent_CarriageReturnsOnly_IsNotHeldBack()
    {
        using var reader = new SseReader();
        Feed(reader, "data: a\r\r");
        Assert.True(reader.TryRead(out var frame));
        Assert.Equal("data: a\r\r", Encoding.UTF8.GetString(frame.Raw.Span));
    }

    [Fact]
    public void F04_Crlf_SplitInsideTheBlankLine_StaysOneFrame()
    {
        using var reader = new SseReader();
        Feed(reader, "data: a\r\n\r");
        Assert.False(reader.TryRead(out _));
        Feed(reader, "\n");
        Assert.True(reader.TryRead(out var frame));
        Assert.Equal("data: a\r\n\r\n", Encoding.UTF8.GetString(frame.Raw.Span));
    }

    [Fact]
    public void Data_OnOneLine_IsASliceOfRaw()
    {
        using var reader = new SseReader();
        Feed(reader, "event: x\ndata: {\"a\":1}\n\n");
        Assert.True(reader.TryRead(out var frame));
        Assert.True(frame.Raw.Span.Overlaps(frame.Data.Span, out var offset));
        Assert.Equal(15, offset);
    }

    [Fact]
    public void Frame_BeyondTheLimit_Overflows()
    {
        using var reader = new SseReader(maxFrame: 100);
        Feed(reader, "data: " + new string('x', 94));
        Assert.False(reader.TryRead(out _));
        Assert.False(reader.Overflowed);
        Feed(reader, "x");
        Assert.False(reader.TryRead(out _));
        Assert.True(reader.Overflowed);
        Assert.Throws<InvalidOperationException>(() => reader.GetMemory(1));
    }

    [Fact]
    public void Frame_OfOneMebibyteInSmallPieces_ComesWhole()
    {
        var text = new string('y', 1 << 20);
        string? data = null;
        Feeding.Run(Encoding.UTF8.GetBytes($"data: {text}\n\n"), Enumerable.Repeat(1000, 2000), (in SseFrame frame) => data = Encoding.UTF8.GetString(frame.Data.Span));
        Assert.Equal(text, data);
    }

    [Fact]
    public void IdleReader_AfterRelease_TakesTheNextEvent()
    {
        var input = "data: a\n\n: ping\n\ndata: b\ndata: c\n\n"u8.ToArray();
        var data = new List<string>();
        Feeding.Run(input, Feeding.OneByOne(input.Length), (in SseFrame frame) => data.Add(Encoding.UTF8.GetString(frame.Data.Span)), release: true);
        Assert.Equal(["a", "", "b\nc"], data);
    }

    public static TheoryData<string> Recordings => [.. SharedData.Recordings("anthropic-messages").Concat(SharedData.Recordings("openai-chat")).Where(r => r.Stream() is not null).Select(r => r.Folder), ""];

    [Theory]
    [MemberData(nameof(Recordings))]
    public void F04_RecordedStream_AnySplit_YieldsTheRecordedLines(string folder)
    {
        if (!SharedData.Exists || folder.Length == 0)
        {
            Assert.SkipUnless(SharedData.Exists, SharedData.MissingReason);
            return;
        }

        var recording = new Recording(folder);
        var input = recording.Stream()!;
        var expected = DataByLines(input);
        Check(input, expected, [input.Length]);
        Check(input, expected, Feeding.OneByOne(input.Length));
        Check(input, expected, Feeding.NetworkChunks(recording));
        if (input.Length <= 2000)
        {
            for (var split = 1; split < input.Length; split++)
            {
                Check(input, expected, [split]);
            }
        }
    }

    // Recorded streams have one data line an event: reading them line by line is independent of how frames are cut.
    private static string[] DataByLines(byte[] input)
    {
        var found = new List<string>();
        var name = "";
        foreach (var line in Encoding.UTF8.GetString(input).Split('\n').Select(l => l.TrimEnd('\r')))
        {
            if (line.StartsWith("event:", StringComparison.Ordinal))
            {
                name = line[6..].TrimStart(' ');
            }
            else if (line.StartsWith("data:", StringComparison.Ordinal))
            {
                found.Add(name + "|" + (line.StartsWith("data: ", StringComparison.Ordinal) ? line[6..] : line[5..]));
                name = "";
            }
        }

        return [.. found];
    }

    private static void Check(byte[] input, string[] expected, IEnumerable<int> pieces)
    {
        var seen = new List<string>();
        var raw = new List<byte>(input.Length);
        Feeding.Run(input, pieces, (in SseFrame frame) =>
        {
            raw.AddRange(frame.Raw.Span);
            if (frame.HasData)
            {
                seen.Add(Encoding.UTF8.GetString(frame.Event.Span) + "|" + Encoding.UTF8.GetString(frame.Data.Span));
            }
        });
        Assert.Equal(expected, seen);
        Assert.True(raw.SequenceEqual(input), "Raw bytes differ from the input.");
    }

    private static void Feed(SseReader reader, string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        bytes.CopyTo(reader.GetMemory(bytes.Length));
        reader.Advance(bytes.Length);
    }
}
