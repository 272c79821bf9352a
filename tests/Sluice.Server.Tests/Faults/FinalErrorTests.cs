using System.Collections.Concurrent;
using System.Globalization;
using Sluice.Server.Tests.Kit;
using Sluice.Simulator;

namespace Sluice.Server.Tests.Faults;

/// <summary>What a client is told when nobody else can answer: the status by kind, whose fault it is, when to come back; in its own protocol's shape.</summary>
public sealed class FinalErrorTests
{
    private const int ManyModels = 140;

    [Fact]
    public async Task ReqF9_FaultWithoutSecondProvider_EveryClient_StatusKindAndHeadersAgree()
    {
        await using var ports = SimulatorFaultPorts.Open();
        const string Short = ", timeouts: { first_token: 300ms, idle: 300ms }";
        await using var gateway = await GatewayUnderTest.StartAsync($$"""
            routing: { retries: 0 }
            providers:
            {{string.Concat(UpstreamKinds.Plain.Select(u => UpstreamKinds.Provider(u, "A") + UpstreamKinds.Provider(u, "A", Short, "short-" + UpstreamKinds.NameOf(u))))}}
              - { name: refused, kind: openai, base_url: "{{ports.Refused}}v1" }
              - { name: silent, kind: anthropic, base_url: "{{ports.Silent}}", timeouts: { first_token: 300ms, idle: 300ms } }
              - { name: tls, kind: openai, base_url: "{{ports.BrokenTls}}v1" }
              - { name: dns, kind: anthropic, base_url: "{{SimulatorFaultPorts.UnknownHost}}" }
            models:
            {{string.Concat(UpstreamKinds.Plain.Select(u => GatewayUnderTest.Models(UpstreamKinds.NameOf(u), ManyModels, "a-" + UpstreamKinds.NameOf(u)) + GatewayUnderTest.Models("short-" + UpstreamKinds.NameOf(u), 20, "short-" + UpstreamKinds.NameOf(u))))}}
            {{GatewayUnderTest.Models("refused", 8, "refused")}}
            {{GatewayUnderTest.Models("silent", 8, "silent")}}
            {{GatewayUnderTest.Models("tls", 8, "tls")}}
            {{GatewayUnderTest.Models("dns", 8, "dns")}}
            """);

        // Fault, group of models, status for Anthropic clients, status for all others, source, kind in the body.
        (Fault? Fault, string Group, int ForAnthropic, int ForOthers, string Source, string Kind)[] table =
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
        var cases = new List<(int Row, Wire Client, string Sort, int Number, bool Stream)>();
        for (var row = 0; row < table.Length; row++)
        {
            foreach (var client in Enum.GetValues<Wire>())
            {
                foreach (var upstream in table[row].Fault is null ? [Upstream.Anthropic] : UpstreamKinds.Plain)
                {
                    foreach (var stream in new[] { true, false })
                    {
                        var sort = table[row].Fault is null ? table[row].Group : table[row].Group + UpstreamKinds.NameOf(upstream);
                        cases.Add((row, client, sort, next[sort] = next.GetValueOrDefault(sort, -1) + 1, stream));
                    }
                }
            }
        }

        var wrong = new ConcurrentQueue<string>();
        await Parallel.ForEachAsync(cases, new ParallelOptions { MaxDegreeOfParallelism = 12 }, async (one, _) =>
        {
            var (fault, _, forAnthropic, forOthers, source, kind) = table[one.Row];
            var name = $"{one.Sort}-{one.Number}";
            if (fault is not null)
            {
                gateway.A.Script.Always(fault, name);
            }

            var answer = await gateway.PostAsync(one.Client, Wires.Ask(one.Client, $"{one.Sort}/{one.Number}", "hello", one.Stream));
            var expected = one.Client == Wire.Anthropic ? forAnthropic : forOthers;
            if (Wrong(answer, one.Client, expected, source, kind) is { } why)
            {
                wrong.Enqueue($"{fault?.Kind.ToString() ?? one.Sort} {fault?.Status} {fault?.Place}, client {one.Client}, upstream {one.Sort}, stream {one.Stream}: {why}\n  {answer.Text}");
            }
            else if (fault is not null && GatewayUnderTest.Calls(gateway.A, name) != 1)
            {
                wrong.Enqueue($"{fault.Kind}: {GatewayUnderTest.Calls(gateway.A, name)} calls");
            }
        });
        Assert.True(wrong.IsEmpty, string.Join("\n", wrong));
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

                var answer = await gateway.PostAsync(client, Wires.Ask(client, "m/0", "hello", stream));

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
            foreach (var upstream in UpstreamKinds.Plain)
            {
                foreach (var stream in new[] { true, false })
                {
                    var sort = UpstreamKinds.NameOf(upstream);
                    var name = $"{sort}-{number}";
                    const string Words = "messages.1.role: Input should be 'user' or 'assistant' (\u00fc\u4f60)";
                    gateway.A.Script.Always(Fault.Of(status) with { Message = Words }, name);

                    var answer = await gateway.PostAsync(client, Wires.Ask(client, $"{sort}/{number}", "hello", stream));

                    Assert.Equal(status, answer.Status);
                    Assert.Equal("client", answer.Header("x-sluice-error-source"));
                    Assert.Equal(1, GatewayUnderTest.Calls(gateway.A, name));
                    Assert.Equal(0, GatewayUnderTest.Calls(gateway.B, name));
                    var message = answer.Error(client).Message;
                    if (UpstreamKinds.IsNative(upstream, client))
                    {
                        // The simulator writes its error bodies itself: asking it directly gives the bytes to compare with.
                        using var direct = new HttpClient(new SocketsHttpHandler { UseProxy = false });
                        using var content = new StringContent(Wires.Ask(client, name, "hello", stream).Body, System.Text.Encoding.UTF8, "application/json");
                        using var original = await direct.PostAsync(new Uri(gateway.A.Address, Wires.PathOf(client, name, stream)), content);
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
    public async Task F22_ReqF18_PromptTooLong_EveryDirection_HasTheClientsOwnWording()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(TwoProviders(retries: 2));
        gateway.A.Script.Always(Fault.Of(400, variant: "context"));
        var number = 0;
        foreach (var client in Enum.GetValues<Wire>())
        {
            foreach (var upstream in UpstreamKinds.Plain)
            {
                foreach (var stream in new[] { true, false })
                {
                    var sort = UpstreamKinds.NameOf(upstream);
                    var answer = await gateway.PostAsync(client, Wires.Ask(client, $"{sort}/{number++}", "hello", stream));

                    Assert.Equal(400, answer.Status);
                    var error = answer.Error(client);
                    var (word, beginning) = client switch
                    {
                        Wire.Anthropic => ("invalid_request_error", "prompt is too long: 210000 tokens > 200000 maximum"),
                        Wire.Gemini => ("INVALID_ARGUMENT", "The input token count (210000) exceeds the maximum number of tokens allowed (200000)."),
                        _ => ("context_length_exceeded", "This model's maximum context length is 200000 tokens"),
                    };
                    Assert.Equal(word, client is Wire.Anthropic or Wire.Gemini ? error.Type : error.Code);
                    Assert.StartsWith(beginning, error.Message, StringComparison.Ordinal);
                }
            }
        }

        Assert.Equal(number, gateway.A.Record.Count);
        Assert.Equal(0, gateway.B.Record.Count);
    }

    private static string TwoProviders(int retries) => $$"""
        routing: { retries: {{retries}} }
        providers:
        {{string.Concat(UpstreamKinds.Plain.Select(u => UpstreamKinds.Provider(u, "A") + UpstreamKinds.Provider(u, "B")))}}
        models:
        {{string.Concat(UpstreamKinds.Plain.Select(u => GatewayUnderTest.Models(UpstreamKinds.NameOf(u), 40, "a-" + UpstreamKinds.NameOf(u), "b-" + UpstreamKinds.NameOf(u))))}}
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

        var error = Wires.Of(client).ErrorOf(answer.Json);
        return error is null ? "not the client's shape"
            : error.Kind != kind ? $"of kind {error.Kind}, not {kind}"
            : null;
    }
}
