using System.Text;
using System.Text.Json;
using Sluice.Protocols.Formats;
using Sluice.Protocols.Sse;
using Sluice.Server.Tests.Kit;
using Sluice.Server.Tests.Kit.Clients;
using Sluice.Simulator;

namespace Sluice.Server.Tests.Surfaces;

/// <summary>streamGenerateContent without <c>alt=sse</c>: one JSON array, element by element, whatever happens.</summary>
public sealed class GeminiArrayTests
{
    private static string Config(string keepAlive = "after: 60s, every: 60s", string timeouts = "first_token: 30s") => $$"""
        routing: { retries: 0 }
        keepalive: { {{keepAlive}} }
        providers:
        {{string.Concat(UpstreamKinds.Plain.Select(u => UpstreamKinds.Provider(u, "A", $", timeouts: {{ {timeouts} }}")))}}
        models:
        {{string.Concat(UpstreamKinds.Plain.Select(u => GatewayUnderTest.Models(UpstreamKinds.NameOf(u), 4, "a-" + UpstreamKinds.NameOf(u))))}}
        """;

    public static TheoryData<Upstream> Kinds => [.. UpstreamKinds.Plain];

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Answer_IsOneArrayOfLegalChunks(Upstream upstream)
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Config());
        var answer = await AskAsync(gateway, upstream, 0);

        Assert.Equal(200, answer.Status);
        Assert.StartsWith("application/json", answer.Header("content-type"), StringComparison.Ordinal);
        var read = Read(answer);
        Assert.Equal("Simulated answer to: hello there", read.Text.ToString());
        Assert.Equal("STOP", read.Stop);
        Assert.True(answer.Json.GetArrayLength() > 1, answer.Text);
        Assert.Null(Violation(answer));

        // The upstream is asked for events, whatever the client wants.
        Assert.True(upstream != Upstream.Gemini || gateway.A.Record.Last.Query == "?alt=sse", gateway.A.Record.Last.Query);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Cut_AfterText_IsTheLastElement(Upstream upstream)
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Config());
        gateway.A.Script.Always(Fault.Of(FaultKind.Reset, FaultPlace.AfterText));
        var answer = await AskAsync(gateway, upstream, 0);

        Assert.Equal(200, answer.Status);
        Assert.False(answer.IsCut);
        var read = Read(answer);
        Assert.StartsWith("Simulated", read.Text.ToString(), StringComparison.Ordinal);
        Assert.NotNull(Wires.Of(Wire.Gemini).ErrorOf(answer.Json.EnumerateArray().Last()));
        Assert.Null(read.Stop);
        Assert.Null(Violation(answer));
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Refusal_IsAnArrayOfOneErrorUnderItsStatus(Upstream upstream)
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Config());
        gateway.A.Script.Always(Fault.Of(500));
        var answer = await AskAsync(gateway, upstream, 0);

        Assert.Equal(502, answer.Status);
        Assert.Equal(1, answer.Json.GetArrayLength());
        Assert.Equal("upstream_error", Wires.Of(Wire.Gemini).ErrorOf(answer.Json[0])!.Kind);
    }

    [Trait("Category", "Heavy")]
    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Silence_IsCoveredByWhiteSpace_ThenTheAnswerOrTheError(Upstream upstream)
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Config("after: 100ms, every: 50ms", "first_token: 700ms"));
        gateway.A.Script.Always(new Fault(FaultKind.SlowHeaders) { Delay = TimeSpan.FromMilliseconds(400) }, UpstreamKinds.NameOf(upstream) + "-0");
        gateway.A.Script.Always(Fault.Of(FaultKind.Stall, FaultPlace.BeforeHeaders), UpstreamKinds.NameOf(upstream) + "-1");

        var good = await AskAsync(gateway, upstream, 0);
        Assert.StartsWith("\n", good.Text, StringComparison.Ordinal);
        Assert.Equal("Simulated answer to: hello there", Read(good).Text.ToString());
        Assert.Null(Violation(good));

        var bad = await AskAsync(gateway, upstream, 1);
        Assert.Equal(200, bad.Status);
        Assert.StartsWith("\n", bad.Text, StringComparison.Ordinal);
        Assert.Equal("timeout", Wires.Of(Wire.Gemini).ErrorOf(bad.Json[0])!.Kind);
        Assert.Equal(1, bad.Json.GetArrayLength());
    }

    [Fact]
    public async Task RefusalOfSluiceItself_IsAnArrayToo()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Config());
        using var request = gateway.Request(Wire.Gemini, "{", "/v1beta/models/gemini/0:streamGenerateContent");
        var answer = await gateway.SendAsync(request);

        Assert.Equal(400, answer.Status);
        Assert.Equal("invalid_request", Wires.Of(Wire.Gemini).ErrorOf(answer.Json[0])!.Kind);
    }

    private static async Task<ClientAnswer> AskAsync(GatewayUnderTest gateway, Upstream upstream, int number)
    {
        var ask = Wires.Ask(Wire.Gemini, $"{UpstreamKinds.NameOf(upstream)}/{number}", "hello there", stream: true);
        using var request = gateway.Request(Wire.Gemini, ask, ask.Path.Replace("?alt=sse", "", StringComparison.Ordinal));
        return await gateway.SendAsync(request);
    }

    private static AnswerReading Read(ClientAnswer answer)
    {
        var reading = new AnswerReading();
        foreach (var element in answer.Json.EnumerateArray())
        {
            Wires.Of(Wire.Gemini).ReadEvent(element, reading);
        }

        return reading;
    }

    private static string? Violation(ClientAnswer answer)
    {
        var grammar = WireFormats.Of(Wires.ProtocolOf(Wire.Gemini)).CreateGrammar();
        foreach (var element in answer.Json.EnumerateArray())
        {
            var data = Encoding.UTF8.GetBytes(JsonSerializer.Serialize(element));
            if (grammar.Accept(new SseFrame(data, default, data)) is { } illegal)
            {
                return illegal;
            }
        }

        return grammar.Complete();
    }
}
