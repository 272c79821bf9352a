using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Sluice.Core.Configuration;
using Sluice.Core.Faults;
using Sluice.Protocols.Errors;

namespace Sluice.Upstreams.Tests;

/// <summary>The check that costs nothing: what is asked of each kind, and what each obstacle on the way is called.</summary>
public sealed class CheckTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(ProviderKind.Anthropic, "", "/v1/models", "x-api-key", Calls.Canary)]
    [InlineData(ProviderKind.OpenAI, "/v1", "/v1/models", "authorization", "Bearer " + Calls.Canary)]
    [InlineData(ProviderKind.OpenAIResponses, "/v1", "/v1/models", "authorization", "Bearer " + Calls.Canary)]
    [InlineData(ProviderKind.OpenRouter, "/api/v1", "/api/v1/key", "authorization", "Bearer " + Calls.Canary)]
    [InlineData(ProviderKind.Gemini, "", "/v1beta/models", "x-goog-api-key", Calls.Canary)]
    [InlineData(ProviderKind.Azure, "", "/openai/v1/models", "api-key", Calls.Canary)]
    [InlineData(ProviderKind.Azure, "/models", "/models", "api-key", Calls.Canary)]
    [InlineData(ProviderKind.Bedrock, "", "/", "authorization", "Bearer " + Calls.Canary)]
    [InlineData(ProviderKind.Vertex, "", "/", "x-goog-api-key", Calls.Canary)]
    public async Task A23_EveryKind_IsAskedForWhatCostsNothing_WithItsKey(ProviderKind kind, string path, string asked, string header, string key)
    {
        await using var server = RawServer.Answering(RawServer.Ok("{}"));
        await using var client = Calls.Client();
        var provider = Calls.Provider(kind, new Uri(server.Url, path));

        var fault = await client.CheckAsync(provider, provider.Credentials[0], Token);

        Assert.Null(fault);
        var seen = Assert.Single(server.Seen);
        Assert.Equal($"GET {asked} HTTP/1.1", seen.RequestLine);
        Assert.Equal([key], seen.Header(header));
        Assert.Empty(seen.Body);
    }

    [Fact]
    public async Task A23_RefusedKey_IsTold_AndTheKeyIsNotRepeated()
    {
        const string Body = """{"error":{"message":"Incorrect API key provided: """ + Calls.Canary + """ ","code":"invalid_api_key"}}""";
        await using var server = RawServer.Answering($"HTTP/1.1 401 Unauthorized\r\ncontent-type: application/json\r\ncontent-length: {Body.Length}\r\n\r\n{Body}");
        await using var client = Calls.Client();
        var provider = Calls.Provider(ProviderKind.OpenAI, server.Url);

        var fault = (await client.CheckAsync(provider, provider.Credentials[0], Token))!;

        Assert.Equal((401, true), (fault.Status, fault.CredentialIsDead));
        Assert.DoesNotContain(Calls.Canary, fault.Error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A23_ConnectProxyThatRefuses_IsTheProxy()
    {
        await using var proxy = RawServer.Answering("HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n");
        await using var client = new UpstreamClient(new UpstreamClientOptions { Proxy = new EnvironmentProxy(name => name == "HTTPS_PROXY" ? $"127.0.0.1:{proxy.Port}" : null) });
        var provider = Calls.Provider(ProviderKind.Anthropic, new Uri("https://upstream.invalid"));

        var fault = (await client.CheckAsync(provider, provider.Credentials[0], Token))!;

        Assert.Equal("CONNECT upstream.invalid:443 HTTP/1.1", Assert.Single(proxy.Seen).RequestLine);
        Assert.Equal((ErrorKind.Connection, "proxy"), (fault.Kind, fault.Reason));
        Assert.EndsWith(fault.Remedy!, fault.Error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A23_ProxyThatTunnels_LeadsToTheProvider()
    {
        await using var proxy = RawServer.Answering(RawServer.Ok("{}"));
        await using var client = new UpstreamClient(new UpstreamClientOptions { Proxy = new EnvironmentProxy(name => name == "HTTP_PROXY" ? $"127.0.0.1:{proxy.Port}" : null) });
        var provider = Calls.Provider(ProviderKind.OpenAI, new Uri("http://upstream.invalid/v1"));

        Assert.Null(await client.CheckAsync(provider, provider.Credentials[0], Token));

        Assert.Equal("GET http://upstream.invalid/v1/models HTTP/1.1", Assert.Single(proxy.Seen).RequestLine);
    }

    [Fact]
    public async Task A23_CertificateThatNobodySigned_IsTls()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var serving = ServeAsync(listener);
        await using var client = Calls.Client();
        var provider = Calls.Provider(ProviderKind.OpenAI, new Uri($"https://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}/v1"));

        var fault = (await client.CheckAsync(provider, provider.Credentials[0], Token))!;

        Assert.Equal((ErrorKind.Connection, "tls", FaultPhase.Connect), (fault.Kind, fault.Reason, fault.Phase));
        await serving;
    }

    private static async Task ServeAsync(TcpListener listener)
    {
        using var key = RSA.Create(2048);
        using var certificate = new CertificateRequest("CN=nobody", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1).CreateSelfSigned(DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch.AddYears(200));
        using var socket = await listener.AcceptSocketAsync(Token);
        await using var tls = new SslStream(new NetworkStream(socket));
        try
        {
            await tls.AuthenticateAsServerAsync(certificate);
            _ = await tls.ReadAsync(new byte[1], Token);
        }
        catch (Exception e) when (e is IOException or System.Security.Authentication.AuthenticationException)
        {
            // The client left, as it should.
        }
    }
}
