using System.Net;
using Sluice.Server.Tests.Kit;
using Sluice.Simulator;
using Sluice.Testing;

namespace Sluice.Server.Tests.Faults;

/// <summary>Whose fault it is, on the second request too: nobody is asked any more, and the client still hears what the provider said, in every wire.</summary>
public sealed class LastWordsTests
{
    private const string Words = "the engine is being moved";

    public static TheoryData<Wire> Clients => [.. Enum.GetValues<Wire>()];

    private static string Config(Wire client, string routing = "retries: 0") => $$"""
        routing: { {{routing}} }
        breaker: { failures: 1, open: 5m }
        providers:
        {{UpstreamKinds.Provider(UpstreamKinds.Of(client), "A", name: "a")}}
        models:
        {{GatewayUnderTest.Models("one", 2, "a")}}
        """;

    [Theory]
    [MemberData(nameof(Clients))]
    public async Task CircuitOpen_SecondRequestHearsTheFirstOnesCause(Wire client)
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Config(client));
        gateway.A.Script.Always(Fault.Of(500) with { Message = Words });
        var first = await gateway.PostAsync(client, Wires.Ask(client, "one/0", "hello", stream: false));
        var id = Assert.Single((await gateway.SettledTrailAsync(first.Id)).GetProperty("attempts").EnumerateArray()).GetProperty("upstream_request_id").GetString();

        var second = await gateway.PostAsync(client, Wires.Ask(client, "one/0", "something else", stream: true));

        Assert.Equal((503, "provider", 1), (second.Status, second.Header("x-sluice-error-source"), gateway.A.Record.Count));
        Assert.InRange(int.Parse(second.Header("retry-after")!, System.Globalization.CultureInfo.InvariantCulture), 1, 55);
        var message = second.Error(client).Message;
        Assert.Contains("failed too often lately", message, StringComparison.Ordinal);
        Assert.Contains($"a said last (500{(id is null ? "" : $", its request id {id}")}): {Words}", message, StringComparison.Ordinal);
        var trail = await gateway.SettledTrailAsync(second.Id);
        Assert.Equal("provider", trail.GetProperty("error_source").GetString());
        Assert.Contains(Words, trail.GetProperty("cause").GetString(), StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Clients))]
    public async Task KeyCooling_SecondRequestHearsTheLimitsWords(Wire client)
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Config(client));
        gateway.A.Script.Always(Fault.Of(429, retryAfter: 30) with { Message = "tokens per minute are used up" });
        await gateway.PostAsync(client, Wires.Ask(client, "one/0", "hello", stream: false));

        var second = await gateway.PostAsync(client, Wires.Ask(client, "one/0", "something else", stream: false));

        Assert.Equal(((int)HttpStatusCode.TooManyRequests, "provider", 1), (second.Status, second.Header("x-sluice-error-source"), gateway.A.Record.Count));
        Assert.Contains("tokens per minute are used up", second.Error(client).Message, StringComparison.Ordinal);
    }

    // A provider that echoes the key it was sent must not have it kept, nor shown to whoever comes next.
    [Fact]
    public async Task ProviderEchoesItsKey_NobodyIsShownIt()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Config(Wire.Chat));
        gateway.A.Script.Always(Fault.Of(500) with { Message = "no engine for key-of-a-0123456789" });
        await gateway.PostAsync(Wire.Chat, Wires.Ask(Wire.Chat, "one/0", "hello", stream: false));

        var second = await gateway.PostAsync(Wire.Chat, Wires.Ask(Wire.Chat, "one/0", "something else", stream: false));

        Assert.Equal(503, second.Status);
        Assert.Contains("no engine for", second.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("key-of-a-0123456789", second.Text, StringComparison.Ordinal);
    }
}
