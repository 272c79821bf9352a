using System.Net;
using System.Net.Sockets;
using System.Text;
using Sluice.Core.Configuration;
using Sluice.Core.Faults;
using Sluice.Protocols.Errors;

namespace Sluice.Upstreams.Tests;

public sealed class ProxyTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private static UpstreamClient Through(RawServer proxy, string user = "") => new(new UpstreamClientOptions
    {
        Proxy = new EnvironmentProxy(name => name is "HTTPS_PROXY" or "HTTP_PROXY" ? $"http://{user}127.0.0.1:{proxy.Port}" : null),
    });

    [Fact]
    public async Task A23_Http_ThroughTheProxy_IsAskedInAbsoluteForm()
    {
        await using var proxy = RawServer.Answering(RawServer.Ok("{}"));
        await using var client = Through(proxy);

        await using var answer = (await client.SendAsync(Calls.Native(ProviderKind.OpenAI, new Uri("http://upstream.invalid:8080/v1")), Token)).Answer!;

        Assert.Equal("{}", await Calls.ReadAsync(answer));
        Assert.Equal("POST http://upstream.invalid:8080/v1/chat/completions HTTP/1.1", Assert.Single(proxy.Seen).RequestLine);
    }

    [Fact]
    public async Task A23_Https_ThroughTheProxy_IsTunnelledByConnectAndTheKeyStaysInside()
    {
        await using var proxy = RawServer.Answering(async (_, socket) =>
        {
            await socket.SendAsync("HTTP/1.1 200 Connection established\r\n\r\n"u8.ToArray());
            return false;
        });
        await using var client = Through(proxy);

        var reply = await client.SendAsync(Calls.Native(ProviderKind.OpenAI, new Uri("https://upstream.invalid/v1")), Token);

        Assert.Equal("CONNECT upstream.invalid:443 HTTP/1.1", proxy.Seen[0].RequestLine);
        Assert.DoesNotContain(Calls.Canary, proxy.Seen[0].Head, StringComparison.Ordinal);
        Assert.Contains("TLS", reply.Fault!.Error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Proxy_ThatRefuses_IsNamedInTheFault()
    {
        await using var proxy = RawServer.Answering("HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n");
        await using var client = Through(proxy);

        var fault = (await client.SendAsync(Calls.Native(ProviderKind.OpenAI, new Uri("https://upstream.invalid/v1")), Token)).Fault!;

        Assert.Equal((ErrorKind.Connection, FaultPhase.Connect, ErrorSource.Network), (fault.Kind, fault.Phase, fault.Source));
        Assert.Contains("HTTPS_PROXY", fault.Error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Proxy_WithAPassword_GetsItWhenItAsks()
    {
        await using var proxy = RawServer.Answering(async (request, socket) =>
        {
            await socket.SendAsync(Encoding.ASCII.GetBytes(request.Header("proxy-authorization").Length > 0
                ? RawServer.Ok("{}")
                : "HTTP/1.1 407 Proxy Authentication Required\r\nproxy-authenticate: Basic realm=\"x\"\r\ncontent-length: 0\r\n\r\n"));
            return true;
        });
        await using var client = Through(proxy, "dev:p%40ss@");

        await using var answer = (await client.SendAsync(Calls.Native(ProviderKind.OpenAI, new Uri("http://upstream.invalid/v1")), Token)).Answer!;

        Assert.Equal(200, answer.Status);
        Assert.Equal(["Basic " + Convert.ToBase64String("dev:p@ss"u8)], proxy.Seen[^1].Header("proxy-authorization"));
    }

    [Fact]
    public async Task Loopback_WithAProxyConfigured_IsCalledDirectly()
    {
        await using var proxy = RawServer.Answering(RawServer.Ok("{}"));
        await using var upstream = RawServer.Answering(RawServer.Ok("{}"));
        await using var client = Through(proxy);

        await using var answer = (await client.SendAsync(Calls.Native(ProviderKind.OpenAI, upstream.Url), Token)).Answer!;

        Assert.Equal(200, answer.Status);
        Assert.Empty(proxy.Seen);
    }

    [Theory]
    [InlineData("https://api.example.com", "", "http://secure:1/")]
    [InlineData("http://api.example.com", "", "http://plain:2/")]
    [InlineData("https://api.example.com", "example.com", null)]
    [InlineData("https://api.example.com", ".example.com", null)]
    [InlineData("https://api.example.com", "*.example.com", null)]
    [InlineData("https://api.example.com", "API.EXAMPLE.COM", null)]
    [InlineData("https://badexample.com", "example.com", "http://secure:1/")]
    [InlineData("https://api.example.com", "other.com, example.com", null)]
    [InlineData("https://api.example.com", "*", null)]
    [InlineData("https://api.example.com:8443", "example.com:8443", null)]
    [InlineData("https://api.example.com", "example.com:8443", "http://secure:1/")]
    [InlineData("https://10.1.2.3", "10.0.0.0/8", null)]
    [InlineData("https://11.1.2.3", "10.0.0.0/8", "http://secure:1/")]
    [InlineData("http://localhost:11434", "", null)]
    [InlineData("http://[::1]:11434", "", null)]
    public void A23_Environment_OfEachForm_DecidesTheProxy(string target, string direct, string? expected)
    {
        var proxy = new EnvironmentProxy(name => name switch
        {
            "HTTPS_PROXY" => "http://secure:1",
            "http_proxy" => "plain:2",
            "HTTP_PROXY" => "http://not-this:3",
            "NO_PROXY" => direct,
            _ => null,
        });

        Assert.Equal(expected, proxy.GetProxy(new Uri(target))?.AbsoluteUri);
        Assert.Equal(expected is null, proxy.IsBypassed(new Uri(target)));
    }

    [Fact]
    public void AllProxy_ServesBothSchemes_AndNothingSetMeansNone()
    {
        var all = new EnvironmentProxy(name => name == "ALL_PROXY" ? "socks5://s:1080" : null);

        Assert.Equal("socks5://s:1080/", all.GetProxy(new Uri("https://a.example"))?.AbsoluteUri);
        Assert.Equal("socks5://s:1080/", all.GetProxy(new Uri("http://a.example"))?.AbsoluteUri);
        Assert.Null(new EnvironmentProxy(_ => null).GetProxy(new Uri("https://a.example")));
    }

    [Theory]
    [InlineData("HTTPS_PROXY", "http://user:hunter2@proxy:notaport")]
    [InlineData("HTTP_PROXY", "ftp://user:hunter2@proxy:21")]
    [InlineData("ALL_PROXY", "http://")]
    public void Environment_WithAProxyThatCannotBeUsed_IsRefusedByNameWithoutItsValue(string name, string value)
    {
        var refused = Assert.Throws<FormatException>(() => new EnvironmentProxy(asked => asked == name ? value : null));

        Assert.StartsWith(name + " ", refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("hunter2", refused.Message, StringComparison.Ordinal);
    }
}
