using Sluice.Server.Tests.Kit;
using Sluice.Simulator;
using Sluice.Testing;

namespace Sluice.Server.Tests.Errors;

/// <summary>The tree of causes: what a client, the error's headers and the ledger say when a provider fails in each of its ways.</summary>
public sealed class CauseTests
{
    private static readonly string Config = $$"""
        routing: { retries: 0 }
        providers:
        {{string.Concat(UpstreamKinds.Plain.Select(kind => UpstreamKinds.Provider(kind, "A") + UpstreamKinds.Provider(kind, "B")))}}
        models:
        {{string.Concat(UpstreamKinds.Plain.Select(kind => GatewayUnderTest.Models(UpstreamKinds.NameOf(kind), 12, "a-" + UpstreamKinds.NameOf(kind))))}}
        {{string.Concat(UpstreamKinds.Plain.Select(kind => GatewayUnderTest.Models("two-" + UpstreamKinds.NameOf(kind), 12, "a-" + UpstreamKinds.NameOf(kind), "b-" + UpstreamKinds.NameOf(kind))))}}
          - { id: nobody/serves, endpoints: [] }
        """;

    public static TheoryData<Upstream> Wires4 => [.. UpstreamKinds.Plain];

    [Theory]
    [MemberData(nameof(Wires4))]
    public Task ReqF11_ProviderSays429_ItsWordsAndItsNameAreTold(Upstream upstream) =>
        CheckAsync(upstream, Fault.Of(429) with { Message = "tokens per minute are used up" }, 429, 429, "rate_limit", "tokens per minute are used up");

    [Theory]
    [MemberData(nameof(Wires4))]
    public Task ReqF14_ProvidersRateLimit_IsTheCause(Upstream upstream) => CheckAsync(upstream, Fault.Of(429, retryAfter: 3), 429, 429, "rate_limit", "");

    [Theory]
    [MemberData(nameof(Wires4))]
    public Task ReqF16_ProviderSays404_ModelIsTheCause(Upstream upstream) =>
        CheckAsync(upstream, Fault.Of(404) with { Message = "the model was retired" }, 404, 404, "model_not_found", "the model was retired");

    [Theory]
    [MemberData(nameof(Wires4))]
    public Task ReqF32_ProviderAnswersHtml_IsABadGateway(Upstream upstream) => CheckAsync(upstream, new Fault(FaultKind.HtmlBody), 502, 502, "bad_response", "");

    [Theory]
    [MemberData(nameof(Wires4))]
    public async Task ReqF12_EveryProviderSays502_ItIsAnOutageUpstream(Upstream upstream)
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Config);
        gateway.A.Script.Always(Fault.Of(502));
        gateway.B.Script.Always(Fault.Of(502));

        var answer = await gateway.PostAsync(Wire.Anthropic, Wires.Ask(Wire.Anthropic, $"two-{UpstreamKinds.NameOf(upstream)}/0", "hello", stream: false));

        Assert.Equal((502, "provider"), (answer.Status, answer.Header("x-sluice-error-source")));
        Assert.Contains("502 Bad Gateway", answer.Error(Wire.Anthropic).Message, StringComparison.Ordinal);
        Assert.Equal([502, 502], answer.Json.GetProperty("error").GetProperty("attempts").EnumerateArray().Select(attempt => attempt.GetProperty("status").GetInt32()));
    }

    [Fact]
    public async Task ReqF15_ProviderIsOut_IsToldWithWhereToLook()
    {
        var time = new ManualTimeProvider();
        await using var gateway = await GatewayUnderTest.StartAsync(Config, time: time);
        gateway.A.Script.Always(Fault.Of(503));
        for (var second = 0; second < 60; second += 10)
        {
            var answer = await gateway.PostAsync(Wire.Chat, Wires.Ask(Wire.Chat, "chat/0", "hello", stream: false));

            Assert.Equal(503, answer.Status);
            time.Advance(TimeSpan.FromSeconds(2));
        }

        var calls = gateway.A.Record.Count;
        var last = await gateway.PostAsync(Wire.Chat, Wires.Ask(Wire.Chat, "chat/0", "hello", stream: false));

        Assert.Equal((503, "provider", calls), (last.Status, last.Header("x-sluice-error-source"), gateway.A.Record.Count));
        Assert.Contains("GET /status", last.Json.GetProperty("error").GetProperty("metadata").GetProperty("remedy").GetString(), StringComparison.Ordinal);
        using var ask = new HttpRequestMessage(HttpMethod.Get, "/status");
        Assert.Equal("degraded", (await gateway.SendAsync(ask)).Json.GetProperty("status").GetString());
    }

    // OpenAI's words, Anthropic's, Google's; and a key that is refused for a place is not refused for good.
    [Theory]
    [InlineData(Upstream.Chat, 403, "Country, region, or territory not supported")]
    [InlineData(Upstream.Responses, 403, "Country, region, or territory not supported")]
    [InlineData(Upstream.Anthropic, 403, "This service is not available in your country.")]
    [InlineData(Upstream.Gemini, 400, "User location is not supported for the API use.")]
    public async Task ReqF17_ProviderRefusesThePlace_IsARegionAndNoDeadKey(Upstream upstream, int status, string words)
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Config);
        var sort = UpstreamKinds.NameOf(upstream);
        gateway.A.Script.Always(Fault.Of(status) with { Message = words });
        foreach (var client in Enum.GetValues<Wire>())
        {
            var alone = await gateway.PostAsync(client, Wires.Ask(client, $"{sort}/0", "hello", stream: false));
            var error = alone.Error(client);
            Assert.Equal((502, "provider", "false", "region_restricted"), (alone.Status, alone.Header("x-sluice-error-source"), alone.Header("x-should-retry"), error.Kind));
            Assert.Contains(words.TrimEnd('.'), error.Message, StringComparison.Ordinal);
            Assert.Contains("serves nobody in the place", error.Message, StringComparison.Ordinal);

            var elsewhere = await gateway.PostAsync(client, Wires.Ask(client, $"two-{sort}/{(int)client}", "hello", stream: false));
            Assert.Equal("Simulated answer to: hello", elsewhere.AnswerText(client));
        }

        gateway.A.Script.Clear();
        Assert.Equal(200, (await gateway.PostAsync(Wire.Chat, Wires.Ask(Wire.Chat, $"{sort}/0", "hello", stream: false))).Status);
    }

    [Theory]
    [MemberData(nameof(Wires4))]
    public async Task ReqF20_FaultThenAnswer_WasTransient(Upstream upstream)
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Config.Replace("retries: 0", "retries: 1", StringComparison.Ordinal));
        gateway.A.Script.Enqueue(Fault.Of(502));

        var answer = await gateway.PostAsync(Wire.Chat, Wires.Ask(Wire.Chat, $"{UpstreamKinds.NameOf(upstream)}/0", "hello", stream: false));

        Assert.Equal((200, "2"), (answer.Status, answer.Header("x-sluice-attempts")));
        var attempts = (await gateway.SettledTrailAsync(answer.Id)).GetProperty("attempts").EnumerateArray();
        Assert.Equal(["upstream_error", "answered"], attempts.Select(attempt => attempt.GetProperty("outcome").GetString()));
    }

    [Fact]
    public async Task ReqF21_InvalidParameter_IsNamed()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Config);

        // Refused by the provider; for another format's client it is brought into the range, and that is told.
        var native = await gateway.PostAsync(Wire.Gemini, new ClientRequest(
            Wires.PathOf(Wire.Gemini, "gemini/0"), """{"contents":[{"role":"user","parts":[{"text":"hi"}]}],"generationConfig":{"temperature":9}}"""));
        const string Hot = """{"model":"gemini/0","temperature":9,"messages":[{"role":"user","content":"hi"}]}""";
        var clamped = await gateway.PostAsync(Wire.Chat, Hot);

        // Refused by Sluice.
        var own = await gateway.PostAsync(Wire.Chat, """{"model":"anthropic/0","messages":[{"role":"user","content":"hi"}],"provider":{"sort":9}}""");

        Assert.Equal((400, 200, 400), (native.Status, clamped.Status, own.Status));
        Assert.Contains("temperature", native.Error(Wire.Gemini).Message, StringComparison.Ordinal);
        Assert.Contains("temperature", clamped.Header("x-sluice-degraded"), StringComparison.Ordinal);
        Assert.Equal("provider.sort", own.Json.GetProperty("error").GetProperty("param").GetString());
        Assert.All([native, own], answer => Assert.Equal("client", answer.Header("x-sluice-error-source")));
    }

    [Fact]
    public async Task ReqF23_NetworkErrors_AreToldApart()
    {
        await using var ports = SimulatorFaultPorts.Open();
        await using var gateway = await GatewayUnderTest.StartAsync($$"""
            routing: { retries: 0 }
            providers:
              - { name: dns, kind: openai, base_url: "{{SimulatorFaultPorts.UnknownHost}}v1" }
              - { name: connect, kind: openai, base_url: "{{ports.Refused}}v1" }
              - { name: tls, kind: openai, base_url: "{{ports.BrokenTls}}v1" }
              - { name: cut, kind: openai, base_url: "{A}/v1" }
            models:
            {{GatewayUnderTest.Models("dns", 1, "dns")}}
            {{GatewayUnderTest.Models("connect", 1, "connect")}}
            {{GatewayUnderTest.Models("tls", 1, "tls")}}
            {{GatewayUnderTest.Models("cut", 1, "cut")}}
            """);
        gateway.A.Script.Always(Fault.Of(FaultKind.Reset, FaultPlace.BeforeHeaders));
        (string Reason, string Said)[] table = [("dns", "could not be resolved (DNS)"), ("connect", "No connection to"), ("tls", "The TLS handshake with"), ("cut", "was cut")];
        foreach (var (reason, said) in table)
        {
            var chat = await gateway.PostAsync(Wire.Chat, Wires.Ask(Wire.Chat, reason + "/0", "hello", stream: false));
            var claude = await gateway.PostAsync(Wire.Anthropic, Wires.Ask(Wire.Anthropic, reason + "/0", "hello", stream: false));

            Assert.Equal((502, "network"), (chat.Status, chat.Header("x-sluice-error-source")));
            Assert.Equal(reason, chat.Json.GetProperty("error").GetProperty("metadata").GetProperty("reason").GetString());
            Assert.Equal(reason, claude.Json.GetProperty("error").GetProperty("reason").GetString());
            Assert.Contains(said, chat.Error(Wire.Chat).Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task ReqF35_EachLayer_HasASourceOfItsOwn()
    {
        await using var ports = SimulatorFaultPorts.Open();
        await using var gateway = await GatewayUnderTest.StartAsync($$"""
            routing: { retries: 0 }
            providers:
              - { name: a, kind: openai, base_url: "{A}/v1", api_keys: [key-of-a-0123456789] }
              - { name: refused, kind: openai, base_url: "{A}/v1", api_keys: [key-of-a-9876543210] }
              - { name: gone, kind: openai, base_url: "{{ports.Refused}}v1" }
            models:
            {{GatewayUnderTest.Models("limited", 1, "a")}}
            {{GatewayUnderTest.Models("refused", 1, "refused")}}
            {{GatewayUnderTest.Models("policy", 1, "a")}}
            {{GatewayUnderTest.Models("gone", 1, "gone")}}
            """);
        gateway.A.Script.Always(Fault.Of(429), "limited-0");
        gateway.A.Script.Always(Fault.Of(401), "refused-0");
        gateway.A.Script.Always(Fault.Of(400) with { Message = "flagged by our content policy" }, "policy-0");
        (string Model, string Source, string Kind)[] table =
        [
            ("no/such", "client", "model_not_found"),
            ("openai/gpt-4o", "gateway", "no_endpoint"),
            ("limited/0", "provider", "rate_limit"),
            ("refused/0", "provider", "upstream_error"),
            ("gone/0", "network", "connection"),
            ("policy/0", "client", "content_policy"),
        ];
        foreach (var (model, source, kind) in table)
        {
            var answer = await gateway.PostAsync(Wire.Anthropic, Wires.Ask(Wire.Anthropic, model, "hello", stream: false));

            Assert.Equal((source, kind), (answer.Header("x-sluice-error-source"), answer.Error(Wire.Anthropic).Kind));
            Assert.Equal(source, answer.Json.GetProperty("error").GetProperty("source").GetString());
        }
    }

    private static async Task CheckAsync(Upstream upstream, Fault fault, int forAnthropic, int forOthers, string kind, string words)
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Config);
        gateway.A.Script.Always(fault);
        var sort = UpstreamKinds.NameOf(upstream);
        foreach (var client in Enum.GetValues<Wire>())
        {
            var answer = await gateway.PostAsync(client, Wires.Ask(client, $"{sort}/{(int)client}", "hello", stream: false));
            var error = answer.Error(client);

            Assert.Equal((client == Wire.Anthropic ? forAnthropic : forOthers, "provider", kind), (answer.Status, answer.Header("x-sluice-error-source"), error.Kind));
            Assert.Contains(words, error.Message, StringComparison.Ordinal);
            Assert.Contains("a-" + sort, error.Message, StringComparison.Ordinal);
            var attempt = Assert.Single((await gateway.SettledTrailAsync(answer.Id)).GetProperty("attempts").EnumerateArray());
            Assert.Equal(kind, attempt.GetProperty("outcome").GetString());
        }
    }
}
