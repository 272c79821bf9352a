using Sluice.Server.Tests.Kit;
using Sluice.Simulator;

namespace Sluice.Server.Tests.Faults;

/// <summary>Repeats: only of what may pass, only when every candidate was tried, and bounded over all requests.</summary>
public sealed class RetryTests
{
    private static string One(int retries) => $$"""
        routing: { retries: {{retries}}, retry_budget: 10% }
        providers:
          - { name: a, kind: anthropic, base_url: "{A}" }
          - { name: b, kind: anthropic, base_url: "{B}" }
        models:
        {{GatewayUnderTest.Models("one", 60, "a")}}
        {{GatewayUnderTest.Models("two", 10, "a", "b")}}
        """;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Repeat_ProviderRecovers_ClientSeesTheAnswer(bool stream)
    {
        await using var gateway = await GatewayUnderTest.StartAsync(One(2));
        gateway.A.Script.Enqueue(Fault.Of(500), times: 2);

        var answer = await gateway.PostAsync(Wire.Anthropic, Wires.Ask(Wire.Anthropic, "one/0", "hello", stream));

        Assert.Equal("Simulated answer to: hello", answer.AnswerText(Wire.Anthropic));
        Assert.Equal(3, gateway.A.Record.Count);
        Assert.Equal("3", answer.Header("x-sluice-attempts"));
        var attempts = (await gateway.SettledTrailAsync(answer.Id)).GetProperty("attempts").EnumerateArray().ToList();
        Assert.Equal(["upstream_error", "upstream_error", "answered"], attempts.Select(a => a.GetProperty("outcome").GetString()));
        Assert.Equal([1, 2, 3], attempts.Select(a => a.GetProperty("ordinal").GetInt32()));
    }

    [Fact]
    public async Task Failover_SecondProviderHealthy_IsNotDelayedAndNotARepeat()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(One(0));
        gateway.A.Script.Always(Fault.Of(500));
        for (var i = 0; i < 10; i++)
        {
            var answer = await gateway.PostAsync(Wire.Anthropic, Wires.Ask(Wire.Anthropic, $"two/{i}", "hello", stream: true));
            Assert.Equal("b", answer.Header("x-sluice-provider"));
        }

        Assert.Equal(10, gateway.A.Record.Count);
        Assert.Equal(10, gateway.B.Record.Count);
    }

    [Theory]
    [InlineData(429)]
    [InlineData(400)]
    [InlineData(404)]
    [InlineData(504)]
    public async Task Repeat_WhatWillNotPass_IsCalledOnce(int status)
    {
        await using var gateway = await GatewayUnderTest.StartAsync(One(2));
        gateway.A.Script.Always(Fault.Of(status));
        await gateway.PostAsync(Wire.Anthropic, Wires.Ask(Wire.Anthropic, "one/0", "hello", stream: true));
        Assert.Equal(1, gateway.A.Record.Count);
    }

    [Fact]
    public async Task F33_TotalOutage_RepeatsStayWithinTheBudget()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(One(2));
        gateway.A.Script.Always(Fault.Of(500));

        var answers = await Task.WhenAll(Enumerable.Range(0, 60).Select(i =>
            gateway.PostAsync(Wire.Anthropic, Wires.Ask(Wire.Anthropic, $"one/{i}", "hello", stream: i % 2 == 0))));

        Assert.All(answers, a => Assert.Equal(502, a.Status));

        // Ten repeats a minute are always allowed; a tenth of sixty requests is less.
        Assert.Equal(70, gateway.A.Record.Count);
        var rows = 0;
        foreach (var answer in answers)
        {
            rows += (await gateway.SettledTrailAsync(answer.Id)).GetProperty("attempts").GetArrayLength();
        }

        Assert.Equal(70, rows);
    }
}
