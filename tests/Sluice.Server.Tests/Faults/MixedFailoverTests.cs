using Sluice.Server.Tests.Kit;
using Sluice.Simulator;

namespace Sluice.Server.Tests.Faults;

/// <summary>F13 across wires: the second provider speaks another protocol than the first, and whatever the first had said is forgotten.</summary>
public sealed class MixedFailoverTests
{
    [Theory]
    [InlineData(Upstream.Anthropic, Upstream.Chat)]
    [InlineData(Upstream.Chat, Upstream.Anthropic)]
    [InlineData(Upstream.Chat, Upstream.Gemini)]
    [InlineData(Upstream.Gemini, Upstream.Responses)]
    [InlineData(Upstream.Responses, Upstream.Anthropic)]
    [InlineData(Upstream.Anthropic, Upstream.Gemini)]
    public async Task F13_ReqI67_FailoverToAnotherWire_ClientSeesOneCleanAnswer(Upstream from, Upstream to)
    {
        var second = UpstreamKinds.ProviderName(to, "B");
        await using var gateway = await GatewayUnderTest.StartAsync($$"""
            routing: { retries: 0 }
            providers:
            {{UpstreamKinds.Provider(from, "A")}}{{UpstreamKinds.Provider(to, "B")}}
            models:
            {{GatewayUnderTest.Models("m", 60, UpstreamKinds.ProviderName(from, "A"), second)}}
            """);
        Fault[] faults =
        [
            Fault.Of(529), Fault.Of(FaultKind.ErrorEvent, FaultPlace.AfterStart), Fault.Of(FaultKind.Reset, from == Upstream.Gemini ? FaultPlace.AfterHeaders : FaultPlace.InToolCall), Fault.Of(FaultKind.TruncatedBody, FaultPlace.AfterStart),
            new Fault(FaultKind.EmptyCompletion), new Fault(FaultKind.HtmlBody),
        ];
        var number = 0;
        foreach (var fault in faults)
        {
            foreach (var client in Enum.GetValues<Wire>())
            {
                foreach (var stream in new[] { true, false })
                {
                    var name = $"m-{number}";
                    gateway.A.Script.Always(fault, name);
                    var answer = await gateway.PostAsync(client, Wires.Ask(client, $"m/{number++}", "across", stream, tool: fault.Place == FaultPlace.InToolCall));

                    Assert.Equal("Simulated answer to: across", answer.AnswerText(client));
                    Assert.Equal(second, answer.Header("x-sluice-provider"));
                    Assert.Equal(1, GatewayUnderTest.Calls(gateway.A, name));
                    Assert.Equal(1, GatewayUnderTest.Calls(gateway.B, name));
                    if (stream)
                    {
                        Assert.Null(answer.Violation(client));
                    }
                }
            }
        }
    }

    [Fact]
    public async Task EmptyAnswers_OfEveryone_AreDeliveredAsTheyAre()
    {
        await using var gateway = await GatewayUnderTest.StartAsync($$"""
            routing: { retries: 0 }
            providers:
              - { name: a, kind: anthropic, base_url: "{A}" }
              - { name: b, kind: openai, base_url: "{B}/v1" }
            models:
            {{GatewayUnderTest.Models("m", 8, "a", "b")}}
            """);
        gateway.A.Script.Always(new Fault(FaultKind.EmptyCompletion));
        gateway.B.Script.Always(new Fault(FaultKind.EmptyCompletion));
        var number = 0;
        foreach (var client in Enum.GetValues<Wire>())
        {
            foreach (var stream in new[] { true, false })
            {
                var answer = await gateway.PostAsync(client, Wires.Ask(client, $"m/{number++}", "say nothing", stream));
                Assert.Equal(200, answer.Status);
                Assert.Equal("", answer.AnswerText(client));
                Assert.Equal(stream, answer.IsStream);
                if (stream)
                {
                    Assert.Null(answer.Violation(client));
                    Assert.True(answer.EndsWell(client));
                }

                // Both were charged: both answered.
                var attempts = (await gateway.SettledTrailAsync(answer.Id)).GetProperty("attempts").EnumerateArray().ToList();
                Assert.Equal(2, attempts.Count);
                Assert.All(attempts, a => Assert.True(a.GetProperty("cost_nano_usd").GetInt64() > 0));
                Assert.Equal(["answered", "superseded"], attempts.Select(a => a.GetProperty("outcome").GetString()!).Order(StringComparer.Ordinal));
            }
        }
    }
}
