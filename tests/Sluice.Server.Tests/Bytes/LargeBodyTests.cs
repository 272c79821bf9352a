using Sluice.Server.Tests.Kit;
using Sluice.Simulator;

namespace Sluice.Server.Tests.Bytes;

/// <summary>F37: bodies of every size arrive whole, on both ways, and answers of every size leave whole.</summary>
[Trait("Category", "Heavy")]
public sealed class LargeBodyTests
{
    [Theory]
    [InlineData(100_000)]
    [InlineData(1_000_000)]
    [InlineData(10_000_000)]
    [InlineData(33_000_000)]
    public async Task F37_LargeRequest_ArrivesWhole(int size)
    {
        await using var gateway = await GatewayUnderTest.StartAsync($$"""
            providers:
              - { name: a-anthropic, kind: anthropic, base_url: "{A}" }
              - { name: a-chat, kind: openai, base_url: "{A}/v1" }
            models:
            {{GatewayUnderTest.Models("anthropic", 1, "a-anthropic")}}
            {{GatewayUnderTest.Models("chat", 1, "a-chat")}}
            """);
        foreach (var model in new[] { "anthropic/0", "chat/0" })
        {
            var body = $$"""{"model":"{{model}}","max_tokens":100,"system":"{{new string('s', size)}}","messages":[{"role":"user","content":"small"}]}""";
            var answer = await gateway.PostAsync(Wire.Anthropic, body);
            Assert.Equal("Simulated answer to: small", answer.AnswerText(Wire.Anthropic));
            Assert.True(gateway.A.Record.Last.Body!.AsSpan().IndexOf(new byte[] { (byte)'s', (byte)'s', (byte)'s' }) > 0);
            Assert.InRange(gateway.A.Record.Last.Body!.Length, size, size + 1000);
        }

        await GatewayUnderTest.UntilAsync(() => gateway.HeldBytes == 0, "the bodies given back");
    }

    [Fact]
    public async Task F37_LargeAnswer_LeavesWhole()
    {
        await using var gateway = await GatewayUnderTest.StartAsync("""
            providers:
              - { name: a-anthropic, kind: anthropic, base_url: "{A}" }
              - { name: a-chat, kind: openai, base_url: "{A}/v1" }
            models:
              - { id: "anthropic/burst", endpoints: [{ provider: a-anthropic, model: sim/burst/20000, price: { input: 3, output: 15 } }] }
              - { id: "chat/burst", endpoints: [{ provider: a-chat, model: sim/burst/20000, price: { input: 3, output: 15 } }] }
            """, new SimulatorOptions { Speed = SimulatorSpeed.Burst });
        var expected = string.Concat(Enumerable.Repeat(" token", 20_000));
        foreach (var client in Enum.GetValues<Wire>())
        {
            foreach (var model in new[] { "anthropic/burst", "chat/burst" })
            {
                foreach (var stream in new[] { true, false })
                {
                    var answer = await gateway.PostAsync(client, Wires.Ask(client, model, "much", stream));
                    Assert.Equal(expected, answer.AnswerText(client));
                    Assert.True(!stream || answer.Violation(client) is null);
                }
            }
        }
    }
}
