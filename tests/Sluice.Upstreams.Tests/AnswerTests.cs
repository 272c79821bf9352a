using System.IO.Compression;
using System.Net.Sockets;
using System.Text;
using Sluice.Core.Configuration;

namespace Sluice.Upstreams.Tests;

public sealed class AnswerTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Answer_OfAnyStatus_IsAnAnswer()
    {
        await using var server = RawServer.Answering("HTTP/1.1 529 Overloaded\r\ncontent-type: application/json\r\ncontent-length: 2\r\nretry-after: 3\r\n\r\n{}");
        await using var client = Calls.Client();

        var reply = await client.SendAsync(Calls.Native(ProviderKind.Anthropic, server.Url), Token);

        Assert.Null(reply.Fault);
        await using var answer = reply.Answer!;
        Assert.Equal((529, false, true, false), (answer.Status, answer.IsSuccess, answer.IsJson, answer.IsEventStream));
        Assert.Equal("3", answer.Find("Retry-After"));
        Assert.Equal("{}", await Calls.ReadAsync(answer));
    }

    [Theory]
    [InlineData("text/event-stream", true, false)]
    [InlineData("text/event-stream; charset=utf-8", true, false)]
    [InlineData("Text/Event-Stream", true, false)]
    [InlineData("text/event-streams", false, false)]
    [InlineData("application/json;charset=utf-8", false, true)]
    [InlineData("application/problem+json", false, true)]
    [InlineData("text/html", false, false)]
    public async Task ContentType_OfEachKind_IsTold(string type, bool isStream, bool isJson)
    {
        await using var server = RawServer.Answering(RawServer.Ok("x", $"content-type: {type}\r\n"));
        await using var client = Calls.Client();

        await using var answer = (await client.SendAsync(Calls.Native(ProviderKind.OpenAI, server.Url), Token)).Answer!;

        Assert.Equal((type, isStream, isJson), (answer.ContentType, answer.IsEventStream, answer.IsJson));
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("br")]
    [InlineData("deflate")]
    [InlineData("identity")]
    public async Task Answer_CompressedUnasked_IsDecoded(string encoding)
    {
        var text = "{\"text\":\"" + new string('a', 5000) + "\"}";
        var packed = Pack(text, encoding);
        byte[] answer = [.. Encoding.ASCII.GetBytes($"HTTP/1.1 200 OK\r\ncontent-encoding: {encoding}\r\ncontent-length: {packed.Length}\r\n\r\n"), .. packed];
        await using var server = RawServer.Answering(answer);
        await using var client = Calls.Client();

        await using var read = (await client.SendAsync(Calls.Native(ProviderKind.OpenAI, server.Url), Token)).Answer!;

        Assert.Equal(text, await Calls.ReadAsync(read));
        Assert.Null(read.ContentLength);
    }

    [Fact]
    public async Task Redirect_IsNotFollowed()
    {
        await using var elsewhere = RawServer.Answering(RawServer.Ok("{}"));
        await using var server = RawServer.Answering($"HTTP/1.1 307 Temporary Redirect\r\nlocation: {elsewhere.Url}\r\nset-cookie: a=b\r\ncontent-length: 0\r\n\r\n");
        await using var client = Calls.Client();

        for (var i = 0; i < 2; i++)
        {
            await using var answer = (await client.SendAsync(Calls.Native(ProviderKind.OpenAI, server.Url), Token)).Answer!;
            Assert.Equal(307, answer.Status);
        }

        Assert.Empty(elsewhere.Seen);
        Assert.Equal(2, server.Seen.Count);
        Assert.Empty(server.Seen[1].Header("cookie"));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(700)]
    public async Task Body_InPieces_ArrivesWholeTwice(int pieces)
    {
        var body = new byte[300_000 + pieces];
        new Random(5).NextBytes(body);
        var size = (body.Length / pieces) + 1;
        var list = Enumerable.Range(0, pieces).Select(i => (ReadOnlyMemory<byte>)body.AsMemory(Math.Min(body.Length, i * size), Math.Clamp(body.Length - (i * size), 0, size))).ToList();
        await using var server = RawServer.Answering(RawServer.Ok("{}"));
        await using var client = Calls.Client();

        for (var i = 0; i < 2; i++)
        {
            var call = Calls.Native(ProviderKind.OpenAI, server.Url) with { Body = list };
            await using var answer = (await client.SendAsync(call, Token)).Answer!;
            Assert.Equal("{}", await Calls.ReadAsync(answer));
        }

        Assert.All(server.Seen, seen => Assert.True(seen.Body.AsSpan().SequenceEqual(body)));
        Assert.Equal(2, server.Seen.Count);
        Assert.Equal(1, server.Connections);
    }

    [Fact]
    public async Task Stream_EachFlush_IsReadAsItComes()
    {
        var go = new SemaphoreSlim(0);
        await using var server = RawServer.Answering(async (_, socket) =>
        {
            await socket.SendAsync("HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"u8.ToArray());
            await socket.SendAsync("5\r\none\n\n\r\n"u8.ToArray());
            await go.WaitAsync();
            await socket.SendAsync("5\r\ntwo\n\n\r\n0\r\n\r\n"u8.ToArray());
            return true;
        });
        await using var client = Calls.Client();

        await using var answer = (await client.SendAsync(Calls.Native(ProviderKind.OpenAI, server.Url), Token)).Answer!;
        var buffer = new byte[100];
        Assert.Equal("one\n\n", Encoding.ASCII.GetString(buffer, 0, await answer.Body.ReadAsync(buffer, Token)));
        go.Release();
        Assert.Equal("two\n\n", Encoding.ASCII.GetString(buffer, 0, await answer.Body.ReadAsync(buffer, Token)));
        Assert.Equal(0, await answer.Body.ReadAsync(buffer, Token));
    }

    [Fact]
    public async Task Answer_DisposedInTheMiddle_ClosesTheConnectionAtOnce()
    {
        var closed = new TaskCompletionSource();
        await using var server = RawServer.Answering(async (_, socket) =>
        {
            await socket.SendAsync("HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n5\r\none\n\n\r\n"u8.ToArray());
            try
            {
                if (await socket.ReceiveAsync(new byte[1]) == 0)
                {
                    closed.SetResult();
                }
            }
            catch (SocketException)
            {
                closed.SetResult();
            }

            return false;
        });
        await using var client = Calls.Client();
        var answer = (await client.SendAsync(Calls.Native(ProviderKind.OpenAI, server.Url), Token)).Answer!;
        Assert.Equal(5, await answer.Body.ReadAsync(new byte[100], Token));

        await answer.DisposeAsync();

        await closed.Task.WaitAsync(TimeSpan.FromSeconds(5), Token);
    }

    [Fact]
    public async Task Cancellation_WhileWaiting_IsThrownAndClosesTheConnection()
    {
        var arrived = new TaskCompletionSource();
        var closed = new TaskCompletionSource();
        await using var server = RawServer.Answering(async (_, socket) =>
        {
            arrived.SetResult();
            try
            {
                await socket.ReceiveAsync(new byte[1]);
            }
            finally
            {
                closed.SetResult();
            }

            return false;
        });
        await using var client = Calls.Client();
        using var stop = new CancellationTokenSource();
        var sending = client.SendAsync(Calls.Native(ProviderKind.OpenAI, server.Url), stop.Token);
        await arrived.Task.WaitAsync(TimeSpan.FromSeconds(5), Token);

        await stop.CancelAsync();

        var thrown = await Assert.ThrowsAnyAsync<OperationCanceledException>(() => sending);
        Assert.Equal(stop.Token, thrown.CancellationToken);
        await closed.Task.WaitAsync(TimeSpan.FromSeconds(5), Token);
    }

    [Fact]
    public async Task Reload_ProviderUnchanged_KeepsItsConnection_ChangedOne_EndsWithItsLastCall()
    {
        await using var server = RawServer.Answering(RawServer.Ok("{}"));
        await using var client = Calls.Client();
        var provider = Calls.Provider(ProviderKind.OpenAI, server.Url);
        async Task<UpstreamAnswer> AskAsync(ProviderSettings whom) => (await client.SendAsync(Calls.To(whom), Token)).Answer!;

        await using (var answer = await AskAsync(provider))
        {
            await Calls.ReadAsync(answer);
        }

        client.Reload(Snapshot(provider with { Credentials = [new Credential("p#1", "another-secret")] }));
        await using (var answer = await AskAsync(provider))
        {
            await Calls.ReadAsync(answer);
        }

        Assert.Equal(1, server.Connections);

        await using var open = await AskAsync(provider);
        client.Reload(Snapshot(provider with { BaseUrl = new Uri(server.Url, "/v2") }));
        Assert.Equal("{}", await Calls.ReadAsync(open));
        await using (var late = await AskAsync(provider))
        {
            Assert.Equal("{}", await Calls.ReadAsync(late));
        }

        Assert.Equal(2, server.Connections);
    }

    private static byte[] Pack(string text, string encoding)
    {
        using var packed = new MemoryStream();
        using (Stream packer = encoding switch
        {
            "gzip" => new GZipStream(packed, CompressionLevel.Fastest),
            "br" => new BrotliStream(packed, CompressionLevel.Fastest),
            "deflate" => new ZLibStream(packed, CompressionLevel.Fastest),
            _ => new BufferedStream(packed),
        })
        {
            packer.Write(Encoding.UTF8.GetBytes(text));
        }

        return packed.ToArray();
    }

    private static ConfigSnapshot Snapshot(ProviderSettings provider) => new() { Server = new ServerSettings(), Providers = [provider], Catalogue = null! };
}
