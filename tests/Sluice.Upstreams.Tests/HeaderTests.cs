using System.Text;
using Sluice.Core.Configuration;

namespace Sluice.Upstreams.Tests;

/// <summary>What goes out and what comes back, seen on the wire.</summary>
public sealed class HeaderTests
{
    private static readonly (string Name, string Value)[] Everything =
    [
        ("User-Agent", "claude-cli/2.1.328 (external, sdk-cli)"),
        ("X-Stainless-Retry-Count", "0"),
        ("X-Claude-Code-Session-Id", "1b4e"),
        ("X-Unknown-Of-Tomorrow", "kept"),
        ("HTTP-Referer", "https://app.example"),
        ("X-Title", "App"),
        ("anthropic-version", "2026-10-21"),
        ("anthropic-beta", "claude-code-20250219,interleaved-thinking-2025-05-14"),
        ("anthropic-beta", "made-up-2027-01-01"),
        ("Content-Type", "application/json; charset=utf-8"),
        ("Connection", "keep-alive, X-Hop"),
        ("X-Hop", "1"),
        ("Keep-Alive", "timeout=5"),
        ("TE", "trailers"),
        ("Transfer-Encoding", "chunked"),
        ("Upgrade", "h2c"),
        ("Expect", "100-continue"),
        ("Proxy-Authorization", "Basic eA=="),
        ("Host", "gateway.example"),
        ("Content-Length", "999"),
        ("Content-Encoding", "gzip"),
        ("Accept-Encoding", "gzip, br"),
        ("Cookie", "a=b"),
        ("Authorization", "Bearer sk-client"),
        ("x-api-key", "sk-client"),
        ("x-goog-api-key", "sk-client"),
        ("api-key", "sk-client"),
        ("x-sluice-project", "p"),
        ("X-Sluice-Tags", "a=b"),
        ("X-Forwarded-For", "10.1.1.1"),
        ("X-Forwarded-Proto", "https"),
        ("Forwarded", "for=10.1.1.1"),
        ("X-Broken", "a\r\nx-injected: 1"),
        ("bad name", "1"),
    ];

    private static async Task<SeenRequest> SeeAsync(Func<Uri, UpstreamCall> make)
    {
        await using var server = RawServer.Answering(RawServer.Ok("{}"));
        await using var client = Calls.Client();
        var reply = await client.SendAsync(make(server.Url), TestContext.Current.CancellationToken);
        Assert.NotNull(reply.Answer);
        await reply.Answer.DisposeAsync();
        return Assert.Single(server.Seen);
    }

    [Fact]
    public async Task F34_NativeAnthropic_EveryClientHeader_ArrivesButThoseNamed()
    {
        var seen = await SeeAsync(url => Calls.Native(ProviderKind.Anthropic, url, "{}", Everything) with { Query = "?beta=true" });

        Assert.Equal("POST /v1/messages?beta=true HTTP/1.1", seen.RequestLine);
        Assert.Equal(["claude-code-20250219,interleaved-thinking-2025-05-14", "made-up-2027-01-01"], seen.Header("anthropic-beta").SelectMany(v => v.Split(", ")).ToArray());
        var names = seen.Head.Split("\r\n").Skip(1).Select(l => l.Split(':')[0].ToLowerInvariant()).Distinct().Order(StringComparer.Ordinal);
        Assert.Equal(
            [
                "accept-encoding", "anthropic-beta", "anthropic-version", "content-length", "content-type", "host", "http-referer", "user-agent", "x-api-key",
                "x-claude-code-session-id", "x-stainless-retry-count", "x-title", "x-unknown-of-tomorrow",
            ],
            names);
        Assert.Equal(["2026-10-21"], seen.Header("anthropic-version"));
        Assert.Equal(["identity"], seen.Header("accept-encoding"));
        Assert.Equal(["application/json; charset=utf-8"], seen.Header("content-type"));
        Assert.Equal(["2"], seen.Header("content-length"));
        Assert.Equal(["claude-cli/2.1.328 (external, sdk-cli)"], seen.Header("user-agent"));
        Assert.DoesNotContain("sk-client", seen.Head, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Anthropic_ClientSentNoVersion_GetsTheFirst()
    {
        var seen = await SeeAsync(url => Calls.Native(ProviderKind.Anthropic, url));

        Assert.Equal(["2023-06-01"], seen.Header("anthropic-version"));
        Assert.Equal([Calls.Canary], seen.Header("x-api-key"));
        Assert.Empty(seen.Header("authorization"));
        Assert.Empty(seen.Header("user-agent"));
        Assert.Empty(seen.Header("traceparent"));
    }

    [Theory]
    [InlineData(ProviderKind.OpenAI)]
    [InlineData(ProviderKind.OpenRouter)]
    public async Task OpenAI_Kinds_SendTheBearerKey(ProviderKind kind)
    {
        var seen = await SeeAsync(url => Calls.Native(kind, url));

        Assert.Equal(["Bearer " + Calls.Canary], seen.Header("authorization"));
        Assert.Empty(seen.Header("x-api-key"));
        Assert.Empty(seen.Header("anthropic-version"));
    }

    [Theory]
    [InlineData(ProviderKind.Anthropic, "accept-encoding,anthropic-beta,anthropic-version,content-length,content-type,host,x-api-key")]
    [InlineData(ProviderKind.OpenAI, "accept-encoding,authorization,content-length,content-type,host")]
    [InlineData(ProviderKind.OpenRouter, "accept-encoding,authorization,content-length,content-type,host,http-referer,x-title")]
    public async Task Translated_OnlyWhatTheWireNames_Arrives(ProviderKind kind, string expected)
    {
        var seen = await SeeAsync(url => Calls.Native(kind, url, "{}", Everything) with { Native = false });

        Assert.Equal(expected, string.Join(',', seen.Head.Split("\r\n").Skip(1).Select(l => l.Split(':')[0].ToLowerInvariant()).Distinct().Order(StringComparer.Ordinal)));
        Assert.Equal(["application/json"], seen.Header("content-type"));
    }

    [Fact]
    public async Task HeaderBeyondAscii_ArrivesInUtf8()
    {
        var seen = await SeeAsync(url => Calls.Native(ProviderKind.OpenAI, url, "{}", ("X-Title", "Caf\u00e9 \u2615")));

        Assert.Equal(["Caf\u00e9 \u2615"], seen.Header("x-title").Select(v => Encoding.UTF8.GetString(Encoding.Latin1.GetBytes(v))));
    }

    [Fact]
    public async Task ProviderWithoutKey_SendsNone()
    {
        var seen = await SeeAsync(url => Calls.To(Calls.Provider(ProviderKind.OpenAI, url) with { Credentials = [] }));

        Assert.Empty(seen.Header("authorization"));
    }

    [Fact]
    public async Task Answer_Headers_OnlyVendorsGoBack()
    {
        await using var server = RawServer.Answering(RawServer.Ok(
            "{}",
            "content-type: application/json\r\nrequest-id: req_1\r\nx-request-id: r2\r\nanthropic-ratelimit-requests-remaining: 9\r\nanthropic-organization-id: org\r\n"
            + "x-ratelimit-remaining-tokens: 5\r\nopenai-processing-ms: 12\r\ncf-ray: 8f\r\nx-robots-tag: none\r\nset-cookie: a=b\r\naccess-control-allow-origin: *\r\n"
            + "server: cloudflare\r\nvia: 1.1 x\r\nstrict-transport-security: x\r\nx-powered-by: y\r\nx-sluice-model: forged\r\nx-generation-id: gen-1\r\nretry-after: 99999\r\n"
            + "x-should-retry: true\r\nx-echo: Bearer " + Calls.Canary + "\r\nanthropic-echo: " + Calls.Canary + "\r\nx-latin: caf\u00e9\r\nconnection: keep-alive\r\nalt-svc: h3\r\n"));
        await using var client = Calls.Client();

        var reply = await client.SendAsync(Calls.Native(ProviderKind.Anthropic, server.Url), TestContext.Current.CancellationToken);
        var back = new List<KeyValuePair<string, string>>();
        reply.Answer!.CollectHeaders(back);

        Assert.Equal(
            ["anthropic-organization-id", "anthropic-ratelimit-requests-remaining", "cf-ray", "content-type", "openai-processing-ms", "request-id", "x-ratelimit-remaining-tokens", "x-request-id"],
            back.Select(h => h.Key.ToLowerInvariant()).Order(StringComparer.Ordinal));
        Assert.DoesNotContain(back, h => h.Value.Contains(Calls.Canary, StringComparison.Ordinal));
        Assert.Equal("req_1", reply.Answer.RequestId);
        await reply.Answer.DisposeAsync();
    }
}
