using Sluice.Server.Tests.Kit;
using Sluice.Testing;

namespace Sluice.Server.Tests.Diagnosis;

/// <summary>That what the pipeline writes into the ledger is what advice reads there.</summary>
public sealed class AdviceTests
{
    private const string Config = """
        providers:
          - { name: a, kind: openai, base_url: "{A}/v1", api_keys: [key-of-a-0123456789] }
          - { name: b, kind: openai, base_url: "{B}/v1", api_keys: [key-of-b-0123456789] }
        models:
          - { id: x/coder, endpoints: [{ provider: a, model: m-a, price: { input: 3, output: 15 } }, { provider: b, model: m-b, price: { input: 3, output: 15 } }] }
        """;

    [Fact]
    public async Task I14_I92_OutageOfAProvider_IsBridgedAndAbsorbedByTheOther()
    {
        var time = new ManualTimeProvider(new DateTimeOffset(2026, 11, 20, 13, 0, 0, TimeSpan.Zero));
        await using var gateway = await GatewayUnderTest.StartAsync(Config, time: time);
        gateway.A.Script.Always(Simulator.Fault.Of(503));
        for (var i = 0; i < 4; i++)
        {
            // At 13:00:00, 13:00:31, 13:01:02 and 13:01:33: who failed in the last 30 seconds would be asked last.
            var answer = await gateway.PostAsync(Wire.Chat, """{"model":"x/coder","messages":[{"role":"user","content":"hi"}],"provider":{"order":["a","b"]}}""");
            Assert.Equal(200, (int)answer.Status);
            time.Advance(TimeSpan.FromSeconds(31));
        }

        var advice = await gateway.AskAdminAsync("/admin/api/advice");

        var errors = advice.GetProperty("errors");
        Assert.Equal((4, 4, 4, 0), (errors.GetProperty("requests").GetInt32(), errors.GetProperty("answered").GetInt32(), errors.GetProperty("absorbed").GetInt32(), errors.GetProperty("passed").GetInt32()));
        var outages = advice.GetProperty("outages");
        Assert.Equal((2, 2, 0, 4), (outages.GetProperty("minutes").GetInt32(), outages.GetProperty("bridged").GetInt32(), outages.GetProperty("passed").GetInt32(), outages.GetProperty("answered").GetInt32()));
        Assert.Equal("a", Assert.Single(outages.GetProperty("outages").EnumerateArray()).GetProperty("provider").GetString());
        Assert.Equal("too_little", Assert.Single(advice.GetProperty("verdicts").EnumerateArray()).GetProperty("advice").GetString());
    }

    [Fact]
    public async Task I13_RequestsWithoutAnyLabel_AreUnexplained_OneWithTagsIsNot()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Config);
        await gateway.PostAsync(Wire.Chat, Wires.Ask(Wire.Chat, "x/coder", "hello", stream: false));
        var all = (await gateway.AskAdminAsync("/admin/api/advice")).GetProperty("spend");

        await gateway.PostAsync(Wire.Chat, Wires.Ask(Wire.Chat, "x/coder", "hello", stream: false), ("x-sluice-tags", "pipeline=nightly"));
        var half = (await gateway.AskAdminAsync("/admin/api/advice")).GetProperty("spend");

        Assert.Equal(100m, all.GetProperty("unexplained_percent").GetDecimal());
        Assert.Equal(50m, half.GetProperty("unexplained_percent").GetDecimal());
        Assert.Equal(all.GetProperty("unexplained_nano_usd").GetInt64(), half.GetProperty("unexplained_nano_usd").GetInt64());
    }
}
