using System.Globalization;
using Sluice.Server.Tests.Kit;
using Sluice.Simulator;

namespace Sluice.Server.Tests.Faults;

/// <summary>What a client is told when nobody else can answer: the status by kind, whose fault it is, when to come back; in its own protocol's shape.</summary>
public sealed class FinalErrorTests
{
    private const int ManyModels = 160;

    [Fact]
    public async Task FaultWithoutSecondProvider_EveryClient_GetsStatusByKind()
    {
        await using var ports = SimulatorFaultPorts.Open();
        await using var gateway = await GatewayUnderTest.StartAsync($$"""
            routing: { retries: 0 }
            providers:
              - { name: anthropic-up, kind: anthropic, base_url: "{A}", api_keys: [key-of-a-0123456789] }
              - { name: chat-up, kind: openai, base_url: "{A}/v1", api_keys: [key-of-a-0123456789] }
              - { name: anthropic-short, kind: anthropic, base_url: "{A}", timeouts: { first_token: 300ms, idle: 300ms } }
              - { name: chat-short, kind: openai, base_url: "{A}/v1", timeouts: { first_token: 300ms, idle: 300ms } }
              - { name: refused, kind: openai, base_url: "{{ports.Refused}}v1" }
              - { name: silent, kind: anthropic, base_url: "{{ports.Silent}}", timeouts: { first_token: 300ms } }
              - { name: tls, kind: openai, base_url: "{{ports.BrokenTls}}v1" }
              - { name: dns, kind: anthropic, base_url: "{{SimulatorFaultPorts.UnknownHost}}" }
            models:
            {{GatewayUnderTest.Models("anthropic", ManyModels, "anthropic-up")}}
            {{GatewayUnderTest.Models("chat", ManyModels, "chat-up")}}
            {{GatewayUnderTest.Models("short-anthropic", 20, "anthropic-short")}}
            {{GatewayUnderTest.Models("short-chat", 20, "chat-short")}}
            {{GatewayUnderTest.Models("refused", 4, "refused")}}
            {{GatewayUnderTest.Models("silent", 4, "silent")}}
            {{GatewayUnderTest.Models("tls", 4, "tls")}}
            {{GatewayUnderTest.Models("dns", 4, "dns")}}
            """);

        // Fault, group of models, status for Anthropic clients, status for Chat clients, source, kind in the body.
        (Fault? Fault, string Group, int ForAnthropic, int ForChat, string Source, string Kind)[] table =
        [
            (Fault.Of(429), "", 429, 429, "provider", "rate_limit"),
            (Fault.Of(429, 2), "", 429, 429, "provider", "rate_limit"),
            (new Fault(FaultKind.AbsurdRetryAfter), "", 429, 429, "provider", "rate_limit"),
            (Fault.Of(500), "", 502, 502, "provider", "upstream_error"),
            (Fault.Of(502), "", 502, 502, "provider", "upstream_error"),
            (Fault.Of(503), "", 529, 503, "provider", "overloaded"),
            (Fault.Of(529), "", 529, 503, "provider", "overloaded"),
            (Fault.Of(504), "", 504, 504, "provider", "timeout"),
            (Fault.Of(404), "", 404, 404, "provider", "model_not_found"),
            (new Fault(FaultKind.HtmlBody), "", 502, 502, "provider", "bad_response"),
            (new Fault(FaultKind.EmptyBody), "", 502, 502, "provider", "bad_response"),
            (new Fault(FaultKind.GarbageSse), "", 502, 502, "provider", "bad_response"),
            (Fault.Of(FaultKind.ErrorEvent, FaultPlace.AfterHeaders), "", 529, 503, "provider", "overloaded"),
            (Fault.Of(FaultKind.Reset, FaultPlace.BeforeHeaders), "", 502, 502, "network", "connection"),
            (Fault.Of(FaultKind.Stall, FaultPlace.BeforeHeaders), "short-", 504, 504, "provider", "timeout"),
            (Fault.Of(FaultKind.Stall, FaultPlace.AfterStart), "short-", 504, 504, "provider", "timeout"),
            (null, "refused", 502, 502, "network", "connection"),
            (null, "tls", 502, 502, "network", "connection"),
            (null, "dns", 502, 502, "network", "connection"),
            (null, "silent", 504, 504, "provider", "timeout"),
        ];

        var next = new Dictionary<string, int>();
        var wrong = new List<string>();
        foreach (var (fault, group, forAnthropic, forChat, source, kind) in table)
        {
            foreach (var client in Enum.GetValues<Wire>())
            {
                foreach (var upstream in fault is null ? [Wire.Anthropic] : Enum.GetValues<Wire>())
                {
                    foreach (var stream in new[] { true, false })
                    {
                        var sort = fault is null ? group : group + (upstream == Wire.Anthropic ? "anthropic" : "chat");
                        var number = next[sort] = next.GetValueOrDefault(sort, -1) + 1;
                        if (fault is not null)
                        {
                            gateway.A.Script.Always(fault, $"{sort}-{number}");
                        }

                        var answer = await gateway.PostAsync(client, Wires.Body(client, $"{sort}/{number}", "hello", stream));
                        var expected = client == Wire.Anthropic ? forAnthropic : forChat;
                        if (Wrong(answer, client, expected, source, kind) is { } why)
                        {
                            wrong.Add($"{fault?.Kind.ToString() ?? group} {fault?.Status} {fault?.Place}, client {client}, upstream {upstream}, stream {stream}: {why}\n  {answer.Text}");
                        }
                        else if (fault is not null && GatewayUnderTest.Calls(gateway.A, $"{sort}-{number}") != 1)
                        {
                            wrong.Add($"{fault.Kind}: {GatewayUnderTest.Calls(gateway.A, $"{sort}-{number}")} calls");
                        }
                    }
                }
            }
        }

        Assert.True(wrong.Count == 0, string.Join("\n", wrong));
    }

    [Theory]
    [InlineData(401, null)]
    [InlineData(402, null)]
    [InlineData(403, null)]
    [InlineData(400, "credit")]
    public async Task ProviderRefusesItsKey_OnlyProvider_IsNeverTheClientsOwnFault(int status, string? variant)
    {
        foreach (var client in Enum.GetValues<Wire>())
        {
            foreach (var stream in new[] { true, false })
            {
                await using var gateway = await GatewayUnderTest.StartAsync($$"""
                    routing: { retries: 2 }
                    providers:
                      - { name: only, kind: anthropic, base_url: "{A}", api_keys: [key-of-a-0123456789] }
                    models:
                    {{GatewayUnderTest.Models("m", 1, "only")}}
                    """);
                gateway.A.Script.Always(Fault.Of(status, variant: variant));

                var answer = await gateway.PostAsync(client, Wires.Body(client, "m/0", "hello", stream));

                Assert.Equal(502, answer.Status);
                Assert.Equal("provider", answer.Header("x-sluice-error-source"));
                Assert.Equal("false", answer.Header("x-should-retry"));
                Assert.Equal(1, gateway.A.Record.Count);
                Assert.DoesNotContain("key-of-a", answer.Text, StringComparison.Ordinal);
            }
        }
    }

    [Theory]
    [InlineData(400)]
    [InlineData(413)]
    [InlineData(422)]
    public async Task UpstreamCallsRequestBad_HealthySecondProvider_IsNotAsked(int status)
    {
        await using var gateway = await GatewayUnderTest.StartAsync(TwoProviders(retries: 2));
        var number = 0;
        foreach (var client in Enum.GetValues<Wire>())
        {
            foreach (var upstream in Enum.GetValues<Wire>())
            {
                foreach (var stream in new[] { true, false })
                {
                    var sort = upstream == Wire.Anthropic ? "anthropic" : "chat";
                    var name = $"{sort}-{number}";
                    const string Words = "messages.1.role: Input should be 'user' or 'assistant' (\u00fc\u4f60)";
                    gateway.A.Script.Always(Fault.Of(status) with { Message = Words }, name);

                    var answer = await gateway.PostAsync(client, Wires.Body(client, $"{sort}/{number}", "hello", stream));

                    Assert.Equal(status, answer.Status);
                    Assert.Equal("client", answer.Header("x-sluice-error-source"));
                    Assert.Equal(1, GatewayUnderTest.Calls(gateway.A, name));
                    Assert.Equal(0, GatewayUnderTest.Calls(gateway.B, name));
                    var message = answer.Json.GetProperty("error").GetProperty("message").GetString();
                    if (client == upstream)
                    {
                        // The simulator writes its error bodies itself: asking it directly gives the bytes to compare with.
                        using var direct = new HttpClient(new SocketsHttpHandler { UseProxy = false });
                        using var content = new StringContent(Wires.Body(client, name, "hello", stream), System.Text.Encoding.UTF8, "application/json");
                        using var original = await direct.PostAsync(new Uri(gateway.A.Address, Wires.PathOf(client)), content);
                        Assert.Equal(await original.Content.ReadAsByteArrayAsync(), answer.Body);
                        Assert.Equal(Words, message);
                    }
                    else
                    {
                        Assert.Contains(Words, message, StringComparison.Ordinal);
                    }

                    number++;
                }
            }
        }
    }

    [Fact]
    public async Task F22_PromptTooLong_EveryDirection_HasTheClientsOwnWording()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(TwoProviders(retries: 2));
        gateway.A.Script.Always(Fault.Of(400, variant: "context"));
        var number = 0;
        foreach (var client in Enum.GetValues<Wire>())
        {
            foreach (var upstream in Enum.GetValues<Wire>())
            {
                foreach (var stream in new[] { true, false })
                {
                    var sort = upstream == Wire.Anthropic ? "anthropic" : "chat";
                    var answer = await gateway.PostAsync(client, Wires.Body(client, $"{sort}/{number++}", "hello", stream));

                    Assert.Equal(400, answer.Status);
                    var error = answer.Json.GetProperty("error");
                    if (client == Wire.Anthropic)
                    {
                        Assert.Equal("invalid_request_error", error.GetProperty("type").GetString());
                        Assert.StartsWith("prompt is too long: 210000 tokens > 200000 maximum", error.GetProperty("message").GetString(), StringComparison.Ordinal);
                    }
                    else
                    {
                        Assert.Equal("context_length_exceeded", error.GetProperty("code").GetString());
                        Assert.StartsWith("This model's maximum context length is 200000 tokens", error.GetProperty("message").GetString(), StringComparison.Ordinal);
                    }
                }
            }
        }

        Assert.Equal(number, gateway.A.Record.Count);
        Assert.Equal(0, gateway.B.Record.Count);
    }

    private static string TwoProviders(int retries) => $$"""
        routing: { retries: {{retries}} }
        providers:
          - { name: a-anthropic, kind: anthropic, base_url: "{A}", api_keys: [key-of-a-0123456789] }
          - { name: a-chat, kind: openai, base_url: "{A}/v1", api_keys: [key-of-a-0123456789] }
          - { name: b-anthropic, kind: anthropic, base_url: "{B}", api_keys: [key-of-b-0123456789] }
          - { name: b-chat, kind: openai, base_url: "{B}/v1", api_keys: [key-of-b-0123456789] }
        models:
        {{GatewayUnderTest.Models("anthropic", 20, "a-anthropic", "b-anthropic")}}
        {{GatewayUnderTest.Models("chat", 20, "a-chat", "b-chat")}}
        """;

    private static string? Wrong(ClientAnswer answer, Wire client, int status, string source, string kind)
    {
        if (answer.Status != status)
        {
            return $"status {answer.Status}, not {status}";
        }

        if (answer.Header("x-sluice-error-source") != source)
        {
            return $"source {answer.Header("x-sluice-error-source")}, not {source}";
        }

        if (status is 429 or 503 or 529
            && !(int.TryParse(answer.Header("retry-after"), NumberStyles.None, CultureInfo.InvariantCulture, out var wait) && wait is >= 1 and <= 55))
        {
            return $"retry-after is '{answer.Header("retry-after")}'";
        }

        if (answer.Header("content-type")?.StartsWith("application/json", StringComparison.Ordinal) != true)
        {
            return "content type " + answer.Header("content-type");
        }

        var json = answer.Json;
        var error = json.GetProperty("error");
        var isOwnShape = error.GetProperty("message").GetString()!.Length > 0 && error.GetProperty("type").GetString()!.Length > 0
            && (client == Wire.Anthropic ? json.GetProperty("type").GetString() == "error" : !json.TryGetProperty("type", out _));
        return !isOwnShape ? "not the client's shape"
            : !answer.Text.Contains($"\"kind\":\"{kind}\"", StringComparison.Ordinal) ? "not of kind " + kind
            : null;
    }
}
