using System.Text;
using Sluice.Server.Tests.Kit;
using Sluice.Simulator;

namespace Sluice.Server.Tests.Bytes;

/// <summary>Which headers cross Sluice, in both directions.</summary>
public sealed class HeaderTests
{
    private const string Config = """
        providers:
          - { name: a-anthropic, kind: anthropic, base_url: "{A}", api_keys: [provider-key-0123456789] }
          - { name: a-chat, kind: openai, base_url: "{A}/v1", api_keys: [provider-key-0123456789] }
        models:
          - { id: "m/anthropic", endpoints: [{ provider: a-anthropic, model: m }] }
          - { id: "m/chat", endpoints: [{ provider: a-chat, model: m }] }
        """;

    [Fact]
    public async Task F34_NativeCall_ForwardsBetasVersionsAndUnknownHeadersVerbatim()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Config);
        using var request = gateway.Request(Wire.Anthropic, Wires.Ask(Wire.Anthropic, "m/anthropic", "hello", stream: false), "/v1/messages?beta=true&key=" + gateway.Key);
        (string Name, string Value)[] kept =
        [
            ("anthropic-version", "2026-10-21"), ("anthropic-beta", "one-2025-01-01,two-2026-02-02"), ("x-stainless-retry-count", "0"), ("x-app", "cli"),
            ("user-agent", "claude-cli/2.1.328 (external, cli)"), ("x-nobody-knows", "a, b;c=\"d\""), ("x-claude-code-session-id", "5f0c"), ("accept", "application/json"),
        ];
        (string Name, string Value)[] dropped =
        [
            ("authorization", "Bearer " + gateway.Key), ("x-goog-api-key", gateway.Key), ("x-sluice-project", "p1"), ("x-sluice-tags", "a=b"), ("x-forwarded-for", "10.1.1.1"),
            ("forwarded", "for=10.1.1.1"), ("cookie", "a=b"), ("accept-encoding", "gzip, br"), ("te", "trailers"), ("x-forwarded-proto", "https"),
        ];
        foreach (var (name, value) in kept.Concat(dropped))
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        var answer = await gateway.SendAsync(request);

        Assert.Equal(200, answer.Status);
        var seen = gateway.A.Record.Last;
        foreach (var (name, value) in kept)
        {
            Assert.Equal(value, seen.Header(name));
        }

        foreach (var (name, _) in dropped)
        {
            Assert.True(name == "accept-encoding" ? seen.Header(name) == "identity" : seen.Header(name) is null, $"{name}: {seen.Header(name)}");
        }

        Assert.Equal("provider-key-0123456789", seen.Header("x-api-key"));
        Assert.Equal("?beta=true", seen.Query);
        Assert.Equal("application/json", seen.Header("content-type"));
        Assert.DoesNotContain(seen.Headers, h => h.Value.Contains(gateway.Key, StringComparison.Ordinal));
    }

    [Fact]
    public async Task F34_RepeatedBetaHeaders_ArriveAsTheyWereSent()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Config);
        var body = Wires.Ask(Wire.Anthropic, "m/anthropic", "hello", stream: false).Body;
        using var raw = await RawClient.ConnectAsync(gateway.Url);
        await raw.SendAsync($"POST /v1/messages HTTP/1.1\r\nHost: x\r\nx-api-key: {gateway.Key}\r\nContent-Type: application/json\r\n"
            + $"anthropic-beta: one-1\r\nAnthropic-Beta: two-2,three-3\r\nConnection: x-hop\r\nx-hop: secret\r\nContent-Length: {body.Length}\r\n\r\n{body}");

        // Beside "close" or "keep-alive" Kestrel forgets what else the header lists, so it stands alone here.
        Assert.StartsWith("HTTP/1.1 200", await raw.ReadUntilAsync("\r\n\r\n"), StringComparison.Ordinal);
        var seen = gateway.A.Record.Last;
        Assert.Equal("one-1,two-2,three-3", string.Join(',', seen.Headers.Where(h => h.Key.Equals("anthropic-beta", StringComparison.OrdinalIgnoreCase)).Select(h => h.Value.Replace(" ", "", StringComparison.Ordinal))));
        Assert.True(seen.Header("x-hop") is null, string.Join('\n', seen.Headers));
    }

    [Fact]
    public async Task TranslatedCall_ForwardsOnlyWhatTheWireNames()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Config);
        await gateway.PostAsync(Wire.Anthropic, Wires.Ask(Wire.Anthropic, "m/chat", "hello", stream: false),
            ("anthropic-beta", "one-1"), ("x-nobody-knows", "v"), ("x-sluice-session", "s"), ("user-agent", "claude-cli/2"));

        var seen = gateway.A.Record.Last;
        Assert.Equal("Bearer provider-key-0123456789", seen.Header("authorization"));
        foreach (var name in new[] { "anthropic-beta", "anthropic-version", "x-nobody-knows", "x-sluice-session", "x-api-key" })
        {
            Assert.Null(seen.Header(name));
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task UpstreamsHeaders_ReachTheClientWithoutCookiesServersAndKeys(bool stream)
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Config);
        const string Whole = """{"id":"msg_1","type":"message","role":"assistant","model":"m","content":[{"type":"text","text":"hi"}],"stop_reason":"end_turn","stop_sequence":null,"usage":{"input_tokens":5,"output_tokens":1}}""";
        const string Stream = """
            event: message_start
            data: {"type":"message_start","message":{"id":"msg_1","type":"message","role":"assistant","model":"m","content":[],"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":5,"output_tokens":1}}}

            event: content_block_start
            data: {"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}

            event: content_block_delta
            data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"hi"}}

            event: content_block_stop
            data: {"type":"content_block_stop","index":0}

            event: message_delta
            data: {"type":"message_delta","delta":{"stop_reason":"end_turn","stop_sequence":null},"usage":{"output_tokens":1}}

            event: message_stop
            data: {"type":"message_stop"}


            """;
        gateway.A.Script.Replay(new ReplayAnswer
        {
            Body = Encoding.UTF8.GetBytes(stream ? Stream : Whole),
            ContentType = stream ? "text/event-stream" : "application/json",
            Headers =
            [
                new("request-id", "req_1"), new("anthropic-ratelimit-requests-remaining", "41"), new("x-vendor", "kept"),
                new("set-cookie", "a=b"), new("server", "cloudflare"), new("x-goog-api-key", "provider-key-0123456789"), new("x-echo", "Bearer provider-key-0123456789"),
                new("access-control-allow-origin", "*"), new("x-sluice-cost", "9"), new("x-sluice-provider", "liar"), new("connection", "keep-alive"), new("alt-svc", "h3=1"),
            ],
        });

        var answer = await gateway.PostAsync(Wire.Anthropic, Wires.Ask(Wire.Anthropic, "m/anthropic", "hello", stream));

        Assert.Equal(200, answer.Status);
        Assert.Equal("hi", answer.AnswerText(Wire.Anthropic));
        Assert.Equal("req_1", answer.Header("request-id"));
        Assert.Equal("41", answer.Header("anthropic-ratelimit-requests-remaining"));
        Assert.Equal("kept", answer.Header("x-vendor"));
        Assert.Equal("a-anthropic", answer.Header("x-sluice-provider"));
        Assert.NotEqual("9", answer.Header("x-sluice-cost"));
        foreach (var name in new[] { "set-cookie", "server", "x-goog-api-key", "x-echo", "access-control-allow-origin", "alt-svc" })
        {
            Assert.Null(answer.Header(name));
        }

        Assert.DoesNotContain(answer.Headers, h => h.Value.Contains("provider-key", StringComparison.Ordinal));
        Assert.StartsWith("gen-", answer.Id, StringComparison.Ordinal);
        Assert.Equal(answer.Id, answer.Header("x-generation-id"));
        Assert.Equal("m/anthropic", answer.Header("x-sluice-model"));
        Assert.Equal("1", answer.Header("x-sluice-attempts"));
        Assert.NotNull(answer.Header("x-sluice-route"));
        if (stream)
        {
            Assert.Equal("no-store", answer.Header("cache-control"));
            Assert.Equal("text/event-stream; charset=utf-8", answer.Header("content-type"));
            Assert.Equal(Stream, answer.Text);
        }
        else
        {
            Assert.Equal(Whole, answer.Text);
        }
    }
}
