using System.Text;

namespace Sluice.Upstreams.Tests;

public sealed class PieceContentTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private static PieceContent Of(params string[] pieces) => new([.. pieces.Select(p => (ReadOnlyMemory<byte>)Encoding.ASCII.GetBytes(p))]);

    [Fact]
    public async Task SmallPieces_GoInOneWrite()
    {
        var stream = new CountingStream();

        await Of("{\"model\":", "\"b\"", ",\"x\":1}").CopyToAsync(stream, Token);

        Assert.Equal("{\"model\":\"b\",\"x\":1}", stream.Text);
        Assert.Equal(1, stream.Writes);
    }

    [Fact]
    public async Task LargePieces_GoAsTheyAre_AndAgain()
    {
        var content = Of(new string('a', 40_000), "b", new string('c', 40_000));
        for (var i = 0; i < 2; i++)
        {
            var stream = new CountingStream();
            await content.CopyToAsync(stream, Token);
            Assert.Equal(new string('a', 40_000) + "b" + new string('c', 40_000), stream.Text);
            Assert.Equal(3, stream.Writes);
        }

        Assert.Equal(80_001, content.Length);
    }

    [Fact]
    public async Task F36_Release_WhileTheTransportWrites_WaitsForIt()
    {
        var stream = new CountingStream { Gate = new TaskCompletionSource() };
        var content = Of("abc");
        var writing = content.CopyToAsync(stream, Token);

        var released = content.ReleaseAsync().AsTask();
        Assert.False(released.IsCompleted);
        stream.Gate.SetResult();

        await released.WaitAsync(TimeSpan.FromSeconds(5), Token);
        await writing;
        Assert.True(content.IsWritten);
    }

    [Fact]
    public async Task F36_Release_BeforeTheTransportWrites_KeepsItOffTheMemory()
    {
        var stream = new CountingStream();
        var content = Of("abc");

        await content.ReleaseAsync();

        await Assert.ThrowsAnyAsync<Exception>(() => content.CopyToAsync(stream, Token));
        Assert.Equal(0, stream.Writes);
        Assert.False(content.IsWritten);
    }

    private sealed class CountingStream : MemoryStream
    {
        public TaskCompletionSource? Gate { get; init; }

        public int Writes { get; private set; }

        public string Text => Encoding.ASCII.GetString(ToArray());

        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            Writes++;
            if (Gate is not null)
            {
                await Gate.Task;
            }

            Write(buffer.Span);
        }
    }
}
