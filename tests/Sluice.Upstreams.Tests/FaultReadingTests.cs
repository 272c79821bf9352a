using System.Text;
using Sluice.Core.Configuration;
using Sluice.Core.Faults;
using Sluice.Protocols;
using Sluice.Protocols.Errors;
using Sluice.Protocols.Formats;

namespace Sluice.Upstreams.Tests;

public sealed class FaultReadingTests
{
    private static readonly DateTimeOffset Now = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);

    private static async Task<UpstreamFault> ReadAsync(string answer, bool thenClose = false)
    {
        await using var server = RawServer.Answering(async (_, socket) =>
        {
            await socket.SendAsync(Encoding.Latin1.GetBytes(answer));
            return !thenClose;
        });
        await using var client = Calls.Client();
        var reply = await client.SendAsync(Calls.Native(ProviderKind.OpenAI, server.Url), TestContext.Current.CancellationToken);
        await using var read = reply.Answer!;
        return await read.ReadFaultAsync(WireFormats.Of(WireProtocol.OpenAIChat), Now, TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task F40_ErrorThatQuotesTheKey_IsKeptWithoutIt()
    {
        var fault = await ReadAsync($"HTTP/1.1 401 Unauthorized\r\ncontent-length: {34 + Calls.Canary.Length}\r\n\r\n{{\"error\":{{\"message\":\"bad key: {Calls.Canary}.\"}}}}");

        Assert.True(fault.CredentialIsDead);
        Assert.Equal("bad key: [secret].", fault.Error.Message);
        Assert.DoesNotContain(Calls.Canary, fault.Error.Body.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task F32_Status429_CarriesTheHeadersHint()
    {
        var fault = await ReadAsync("HTTP/1.1 429 Too Many\r\nretry-after: Thu, 01 Jan 2026 12:00:09 GMT\r\ncontent-length: 2\r\n\r\n{}");

        Assert.Equal((ErrorKind.RateLimit, 429, TimeSpan.FromSeconds(9)), (fault.Kind, fault.Status, fault.RetryAfter));
    }

    [Fact]
    public async Task Redirect_IsABadResponseThatNamesBaseUrl()
    {
        var fault = await ReadAsync("HTTP/1.1 302 Found\r\nlocation: http://elsewhere.invalid/\r\ncontent-length: 0\r\n\r\n");

        Assert.Equal(ErrorKind.BadResponse, fault.Kind);
        Assert.True(fault.CanFailOver);
        Assert.Contains("base_url", fault.Error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ErrorBodyCut_TheStatusStillCounts()
    {
        var fault = await ReadAsync("HTTP/1.1 529 Overloaded\r\ncontent-length: 100\r\n\r\n{", thenClose: true);

        Assert.Equal((529, true), (fault.Status, fault.CanRepeat));
    }

    [Fact]
    public async Task ErrorBodyWithoutEnd_IsReadUpToABound()
    {
        var fault = await ReadAsync("HTTP/1.1 500 Oops\r\ncontent-length: 9000000\r\n\r\n" + new string('x', 200_000));

        Assert.Equal(500, fault.Status);
        Assert.InRange(fault.Error.Message.Length, 1, 64 * 1024);
    }
}
