using System.Net;
using System.Net.Sockets;
using Sluice.Core.Configuration;
using Sluice.Core.Faults;
using Sluice.Protocols.Errors;

namespace Sluice.Upstreams.Tests;

/// <summary>Each way in which a connection can fail, over real sockets.</summary>
public sealed class TransportFaultTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private static async Task<UpstreamFault> FailAsync(Uri url, TimeSpan? connect = null, string body = "{}")
    {
        await using var client = Calls.Client();
        var reply = await client.SendAsync(Calls.To(Calls.Provider(ProviderKind.OpenAI, url, connect), body), Token);
        Assert.Null(reply.Answer);
        return reply.Fault!;
    }

    private static void AssertConnection(UpstreamFault fault, FaultPhase phase, string word)
    {
        Assert.Equal((ErrorKind.Connection, ErrorSource.Network, phase), (fault.Kind, fault.Source, fault.Phase));
        Assert.True(fault.CanFailOver && fault.CanRepeat && !fault.CredentialIsDead);
        Assert.Contains(word, fault.Error.Message, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task Refused_IsAConnectionFaultWithItsRemedy()
    {
        var free = new TcpListener(IPAddress.Loopback, 0);
        free.Start();
        var port = ((IPEndPoint)free.LocalEndpoint).Port;
        free.Stop();

        var fault = await FailAsync(new Uri($"http://127.0.0.1:{port}/v1"));

        AssertConnection(fault, FaultPhase.Connect, "connection refused");
        Assert.Contains($"127.0.0.1:{port}", fault.Error.Message, StringComparison.Ordinal);
        Assert.Contains("firewalls", fault.Error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task UnknownName_SaysDns() =>
        AssertConnection(await FailAsync(new Uri("http://no-such-host.invalid/v1")), FaultPhase.Connect, "DNS");

    [Fact]
    public async Task NotTls_SaysTls()
    {
        await using var server = RawServer.Serving(async socket =>
        {
            await socket.ReceiveAsync(new byte[4096]);
            await socket.SendAsync("this is no TLS, whatever the port says\r\n"u8.ToArray());
        });

        AssertConnection(await FailAsync(new Uri($"https://127.0.0.1:{server.Port}/v1")), FaultPhase.Connect, "TLS");
    }

    [Fact]
    public async Task ClosedInTheHandshake_SaysTls()
    {
        await using var server = RawServer.Serving(async socket => await socket.ReceiveAsync(new byte[4096]));

        AssertConnection(await FailAsync(new Uri($"https://127.0.0.1:{server.Port}/v1")), FaultPhase.Connect, "TLS");
    }

    [Fact]
    public async Task SilentHandshake_IsAConnectTimeoutThatIsNotRepeated()
    {
        var stop = new TaskCompletionSource();
        await using var server = RawServer.Serving(_ => stop.Task);

        var fault = await FailAsync(new Uri($"https://127.0.0.1:{server.Port}/v1"), TimeSpan.FromMilliseconds(200));
        stop.SetResult();

        Assert.Equal((ErrorKind.Timeout, FaultPhase.Connect, ErrorSource.Network), (fault.Kind, fault.Phase, fault.Source));
        Assert.True(fault.CanFailOver);
        Assert.False(fault.CanRepeat);
        Assert.Contains("timeouts.connect", fault.Error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task F13_CutBeforeTheStatus_IsAConnectionFault(bool byReset)
    {
        await using var server = RawServer.Answering((_, socket) =>
        {
            if (byReset)
            {
                RawServer.Reset(socket);
            }

            return Task.FromResult(false);
        });

        AssertConnection(await FailAsync(server.Url), FaultPhase.FirstToken, "was cut");
    }

    [Fact]
    public async Task ResetWhileSending_SaysSo()
    {
        await using var server = RawServer.Serving(async socket =>
        {
            await socket.ReceiveAsync(new byte[100]);
            RawServer.Reset(socket);
        });

        AssertConnection(await FailAsync(server.Url, body: new string('x', 30_000_000)), FaultPhase.Send, "was cut");
    }

    [Fact]
    public async Task NotHttp_IsABadResponse()
    {
        await using var server = RawServer.Answering("SSH-2.0-OpenSSH_9.2\r\n\r\n");

        var fault = await FailAsync(server.Url);

        Assert.Equal((ErrorKind.BadResponse, ErrorSource.Provider), (fault.Kind, fault.Source));
        Assert.True(fault.CanFailOver);
    }

    [Fact]
    public async Task AbsurdHeaders_AreABadResponse()
    {
        await using var server = RawServer.Answering("HTTP/1.1 200 OK\r\nx-huge: " + new string('h', 200_000) + "\r\ncontent-length: 0\r\n\r\n");

        Assert.Equal(ErrorKind.BadResponse, (await FailAsync(server.Url)).Kind);
    }

    [Fact]
    public async Task UnknownEncoding_IsABadResponse()
    {
        await using var server = RawServer.Answering(RawServer.Ok("????", "content-encoding: zstd\r\n"));

        Assert.Equal(ErrorKind.BadResponse, (await FailAsync(server.Url)).Kind);
    }

    [Theory]
    [InlineData("transfer-encoding: chunked\r\n\r\n5\r\none\n\n\r\n")]
    [InlineData("content-length: 100\r\n\r\none\n\n")]
    public async Task F13_BodyCutInTheMiddle_IsAStreamFault(string rest)
    {
        await using var server = RawServer.Answering(async (_, socket) =>
        {
            await socket.SendAsync(System.Text.Encoding.ASCII.GetBytes("HTTP/1.1 200 OK\r\n" + rest));
            return false;
        });
        await using var client = Calls.Client();
        await using var answer = (await client.SendAsync(Calls.Native(ProviderKind.OpenAI, server.Url), Token)).Answer!;

        var thrown = await Assert.ThrowsAnyAsync<Exception>(() => Calls.ReadAsync(answer));

        AssertConnection(answer.FaultOf(thrown, FaultPhase.Stream), FaultPhase.Stream, "was cut");
    }

    [Fact]
    public async Task GzipThatIsNone_IsABadResponse()
    {
        await using var server = RawServer.Answering(RawServer.Ok("this is no gzip", "content-encoding: gzip\r\n"));
        await using var client = Calls.Client();
        await using var answer = (await client.SendAsync(Calls.Native(ProviderKind.OpenAI, server.Url), Token)).Answer!;

        var thrown = await Assert.ThrowsAnyAsync<Exception>(() => Calls.ReadAsync(answer));

        Assert.Equal(ErrorKind.BadResponse, answer.FaultOf(thrown, FaultPhase.Stream).Kind);
    }
}
