using System.Text;
using Sluice.Protocols.EventStream;
using Sluice.Testing;
using Xunit;

namespace Sluice.Protocols.Tests.EventStream;

public sealed class EventStreamReaderTests
{
    private const string Broken = "broken-frame";

    public static TheoryData<string> Streams() => EventStreamBytes.Rows(
        SharedData.Recordings("bedrock-converse-stream").Concat(SharedData.Recordings("bedrock-invoke-stream")).Concat(SharedData.Recordings("bedrock-invoke"))
            .Select(r => r.Folder).Where(f => EventStreamBytes.Recorded(f) is not null && !f.EndsWith("bad-crc", StringComparison.Ordinal)));

    [Theory]
    [MemberData(nameof(Streams))]
    public void F04_Recording_InAnyPieces_IsWhatAnIndependentParserSees(string folder)
    {
        EventStreamBytes.SkipWithoutData();
        var stream = EventStreamBytes.Recorded(folder)!;
        var expected = EventStreamBytes.Parse(stream)
            .Select(m => (Encoding.Latin1.GetString(m.Raw), m.Header(":exception-type") is { } e ? "exception:" + e : m.Header(":event-type")!, Encoding.UTF8.GetString(m.Payload))).ToList();
        Assert.NotEmpty(expected);
        Assert.Equal(expected, EventStreamBytes.Read(stream, EventStreamContent.Events));
        Assert.Equal(expected, EventStreamBytes.Read(stream, EventStreamContent.Events, Enumerable.Repeat(1, stream.Length)));
        Assert.Equal(expected, EventStreamBytes.Read(stream, EventStreamContent.Events, Enumerable.Repeat(13, stream.Length)));
        var random = new Random(stream.Length);
        Assert.Equal(expected, EventStreamBytes.Read(stream, EventStreamContent.Events, Enumerable.Range(0, stream.Length).Select(_ => random.Next(1, 700))));
    }

    [Theory]
    [MemberData(nameof(Streams))]
    public void Recording_WithOneBitFlipped_NeverPasses(string folder)
    {
        EventStreamBytes.SkipWithoutData();
        var stream = EventStreamBytes.Recorded(folder)!;
        var whole = EventStreamBytes.Read(stream, EventStreamContent.Events);
        var random = new Random(20261121);
        for (var round = 0; round < 40; round++)
        {
            var damaged = stream.ToArray();
            damaged[random.Next(damaged.Length)] ^= (byte)(1 << random.Next(8));
            AssertBroken(whole, EventStreamBytes.Read(damaged, EventStreamContent.Events));
        }
    }

    [Fact]
    public void AnyByte_Damaged_NeverPasses()
    {
        byte[] stream = [.. EventStreamBytes.Event("messageStart", """{"role":"assistant"}"""), .. EventStreamBytes.Event("messageStop", """{"stopReason":"end_turn"}""")];
        var whole = EventStreamBytes.Read(stream, EventStreamContent.Events);
        for (var at = 0; at < stream.Length; at++)
        {
            var damaged = stream.ToArray();
            damaged[at] ^= 0x5a;
            AssertBroken(whole, EventStreamBytes.Read(damaged, EventStreamContent.Events));
        }
    }

    [Fact]
    public void Stream_CutAnywhere_EndsWithABrokenFrame()
    {
        var first = EventStreamBytes.Event("messageStart", """{"role":"assistant"}""");
        byte[] stream = [.. first, .. EventStreamBytes.Event("messageStop", """{"stopReason":"end_turn"}""")];
        for (var length = 1; length < stream.Length; length++)
        {
            var frames = EventStreamBytes.Read(stream[..length], EventStreamContent.Events);
            Assert.Equal(length >= first.Length ? 1 : 0, frames.Count(f => f.Event == "messageStart"));
            Assert.Equal(length != first.Length, frames[^1].Event == Broken);
        }
    }

    [Fact]
    public void Frame_AfterABrokenOne_IsNotRead()
    {
        var damaged = EventStreamBytes.Event("messageStart", "{}");
        damaged[^1] ^= 1;
        byte[] stream = [.. damaged, .. EventStreamBytes.Event("messageStop", "{}")];
        Assert.Equal(Broken, Assert.Single(EventStreamBytes.Read(stream, EventStreamContent.Events)).Event);
        Assert.Equal(Broken, Assert.Single(EventStreamBytes.Read(stream, EventStreamContent.Events, Enumerable.Repeat(7, stream.Length))).Event);
    }

    [Fact]
    public void Headers_OfEveryType_ArePassedOver()
    {
        byte[] Named(string name, byte type, params byte[] value) => [(byte)name.Length, .. Encoding.ASCII.GetBytes(name), type, .. value];
        byte[] headers =
        [
            .. Named("t", 0), .. Named("f", 1), .. Named("b", 2, 9), .. Named("s", 3, 1, 2), .. Named("i", 4, 1, 2, 3, 4),
            .. Named("l", 5, new byte[8]), .. Named("x", 6, 0, 3, 7, 8, 9), .. EventStreamBytes.Text(":event-type", "metadata"),
            .. Named("d", 8, new byte[8]), .. Named("u", 9, new byte[16]),
        ];
        var frame = Assert.Single(EventStreamBytes.Read(EventStreamBytes.Encode(headers, "{}"u8.ToArray()), EventStreamContent.Events));
        Assert.Equal("metadata", frame.Event);
        Assert.Equal("{}", frame.Data);
    }

    [Theory]
    [InlineData(new byte[] { 1, (byte)'a' })] // no type
    [InlineData(new byte[] { 1, (byte)'a', 10 })] // no such type
    [InlineData(new byte[] { 0, 0 })] // no name
    [InlineData(new byte[] { 9, (byte)'a', 0 })] // a name longer than the headers
    [InlineData(new byte[] { 1, (byte)'a', 7, 0 })] // half a length
    [InlineData(new byte[] { 1, (byte)'a', 7, 0, 9, 1 })] // a value longer than the headers
    [InlineData(new byte[] { 1, (byte)'a', 9, 1, 2, 3 })] // half a UUID
    public void Headers_ThatCannotBe_AreABrokenFrame(byte[] headers) =>
        Assert.Equal(Broken, Assert.Single(EventStreamBytes.Read(EventStreamBytes.Encode(headers, []), EventStreamContent.Events)).Event);

    [Fact]
    public void Frame_BeyondTheLimit_OverflowsBeforeItIsHeld()
    {
        var frame = EventStreamBytes.Event("messageStart", new string(' ', 5000));
        using var reader = new EventStreamReader(EventStreamContent.Events, maxFrame: 4000);
        frame.AsSpan(0, 12).CopyTo(reader.GetMemory(12).Span);
        reader.Advance(12);
        Assert.False(reader.TryRead(out _));
        Assert.True(reader.Overflowed);
        Assert.Throws<InvalidOperationException>(() => reader.GetMemory(1));
        Assert.Single(EventStreamBytes.Read(frame, EventStreamContent.Events, maxFrame: frame.Length));
    }

    [Fact]
    public void Exception_IsMarked()
    {
        var frame = Assert.Single(EventStreamBytes.Read(EventStreamBytes.Exception("throttlingException", """{"message":"slow"}"""), EventStreamContent.Events));
        Assert.Equal("exception:throttlingException", frame.Event);
        Assert.Equal("""{"message":"slow"}""", frame.Data);
    }

    [Fact]
    public void Error_OfTheFramingItself_HasItsWordsFromAHeader()
    {
        byte[] headers = [.. EventStreamBytes.Text(":message-type", "error"), .. EventStreamBytes.Text(":error-code", "InternalError"), .. EventStreamBytes.Text(":error-message", "it \"broke\"")];
        var frame = Assert.Single(EventStreamBytes.Read(EventStreamBytes.Encode(headers, []), EventStreamContent.Events));
        Assert.Equal("exception:InternalError", frame.Event);
        Assert.Equal("""{"message":"it \"broke\""}""", frame.Data);
    }

    [Fact]
    public void Checksum_IsTheStandardOne() => Assert.Equal(0xCBF43926u, Crc32.Of("123456789"u8));

    [Fact]
    public void Checksum_OfAnyLength_IsWhatTheBitsSay()
    {
        var bytes = new byte[67];
        new Random(5).NextBytes(bytes);
        for (var length = 0; length <= bytes.Length; length++)
        {
            Assert.Equal(EventStreamBytes.Sum(bytes.AsSpan(0, length)), Crc32.Of(bytes.AsSpan(0, length)));
        }
    }

    // What stood before the damage may pass; nothing of it, or after it.
    private static void AssertBroken(List<(string Raw, string Event, string Data)> whole, List<(string Raw, string Event, string Data)> damaged)
    {
        Assert.NotEmpty(damaged);
        Assert.Equal(Broken, damaged[^1].Event);
        Assert.True(damaged.Count <= whole.Count);
        Assert.Equal(whole.Take(damaged.Count - 1), damaged.Take(damaged.Count - 1));
    }
}
