using Sluice.Server.Tests.Kit;

namespace Sluice.Server.Tests.Money;

/// <summary>F14: Anthropic's streams tell their input at the beginning, and agents decide by it when to compact; other vendors tell theirs at the end.</summary>
public sealed class FirstUsageTests
{
    private static readonly string Config = $$"""
        routing: { retries: 0 }
        providers:
        {{string.Concat(Enum.GetValues<Upstream>().Select(kind => UpstreamKinds.Provider(kind, "A")))}}
        models:
        {{string.Concat(Enum.GetValues<Upstream>().Select(kind => UpstreamKinds.Model(UpstreamKinds.NameOf(kind), UpstreamKinds.NameOf(kind), (kind, UpstreamKinds.ProviderName(kind, "A")))))}}
        """;

    public static TheoryData<Upstream> Kinds => [.. Enum.GetValues<Upstream>()];

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task F14_AnthropicStream_OfAnyKind_BeginsWithItsInputAndEndsWithTheProvidersCounts(Upstream upstream)
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Config);

        var answer = await gateway.PostAsync(Wire.Anthropic, Wires.Ask(Wire.Anthropic, UpstreamKinds.NameOf(upstream), "What is the use of usage?", stream: true));

        Assert.True(answer.Status == 200, answer.Text);
        var first = answer.Frames[0].GetProperty("message").GetProperty("usage").GetProperty("input_tokens").GetInt64();
        Assert.True(first > 0, answer.Text);
        var said = gateway.A.Record.Last.Usage!;
        Assert.Equal((said.Input + said.CacheRead + said.CacheWrite5m + said.CacheWrite1h, (long)said.Output), answer.Usage(Wire.Anthropic));
    }
}
