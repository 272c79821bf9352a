using Sluice.Server.Tests.Kit;
using Sluice.Simulator;

namespace Sluice.Server.Tests.Requirements;

/// <summary>Many requests at once while one provider fails: each is answered, by whoever can.</summary>
public sealed class NothingLostTests
{
    private static string Config(int count) => $$"""
        routing: { retries: 0 }
        providers:
        {{UpstreamKinds.Provider(Upstream.Anthropic, "A", name: "a")}}{{UpstreamKinds.Provider(Upstream.Chat, "B", name: "b")}}
        models:
        {{GatewayUnderTest.Models("m", count, "a", "b")}}
        """;

    // The loop that clients write round gateways: the next model when one was refused, in their own SDK's error.
    [Theory]
    [InlineData(Wire.Anthropic)]
    [InlineData(Wire.Chat)]
    [InlineData(Wire.Responses)]
    [InlineData(Wire.Gemini)]
    public async Task D3_ClientThatLoopsOverModels_IsRefusedCleanlyAndAnsweredByTheNext(Wire client)
    {
        await using var gateway = await GatewayUnderTest.StartAsync($$"""
            routing: { retries: 0 }
            providers:
            {{UpstreamKinds.Provider(Upstream.Anthropic, "A", name: "a")}}{{UpstreamKinds.Provider(Upstream.Chat, "B", name: "b")}}
            models:
            {{GatewayUnderTest.Models("first", 1, "a")}}{{GatewayUnderTest.Models("second", 1, "b")}}
            """);
        gateway.A.Script.Always(Fault.Of(503));
        var refusals = new List<int>();
        ClientAnswer? answered = null;
        foreach (var model in new[] { "no-such-model", "first/0", "second/0" })
        {
            var answer = await gateway.PostAsync(client, Wires.Ask(client, model, "hello", stream: true));
            if (answer.Status == 200)
            {
                answered = answer;
                break;
            }

            Assert.False(string.IsNullOrEmpty(answer.Error(client).Message));
            refusals.Add(answer.Status);
        }

        Assert.Equal(2, refusals.Count);
        Assert.Equal(404, refusals[0]);
        Assert.True(refusals[1] >= 500, refusals[1].ToString(System.Globalization.CultureInfo.InvariantCulture));
        Assert.Equal("Simulated answer to: hello", answered!.AnswerText(client));
    }

    [Fact]
    public async Task D18_FiftyAtOnce_SpillOverFromAProviderAtItsLimit()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Config(1));
        gateway.A.Script.Always(Fault.Of(429, retryAfter: 30));

        var answers = await Task.WhenAll(Enumerable.Range(0, 50).Select(i =>
            gateway.PostAsync((Wire)(i % 4), Wires.Ask((Wire)(i % 4), "m/0", $"number {i}", stream: i % 2 == 0))));

        Assert.All(answers, answer => Assert.Equal((200, "b"), (answer.Status, answer.Header("x-sluice-provider"))));
        Assert.Equal(50, gateway.B.Record.Count);
        var before = gateway.A.Record.Count;

        // It asked to be left alone.
        var later = await gateway.PostAsync(Wire.Chat, Wires.Ask(Wire.Chat, "m/0", "later", stream: true));
        Assert.Equal((200, before), (later.Status, gateway.A.Record.Count));
    }

    [Fact]
    public async Task D19_ProviderDiesInTheMiddleOfARun_TheLocalModelGoesOn()
    {
        await using var dying = await SimulatorHost.StartAsync(new SimulatorOptions());
        await using var gateway = await GatewayUnderTest.StartAsync($$"""
            routing: { retries: 0 }
            providers:
              - { name: vendor, kind: anthropic, base_url: "{{dying.Address.ToString().TrimEnd('/')}}", api_keys: [key-of-a-0123456789] }
              - { name: local, kind: openai, base_url: "{B}/v1" }
            models:
              - { id: acme/large, endpoints: [{ provider: vendor, model: large-up, price: { input: 3, output: 15 } }] }
              - { id: acme/local, endpoints: [{ provider: local, model: local-up, price: { input: 0, output: 0 } }] }
            fallbacks: { "*": [acme/local] }
            """);
        var answeredBy = new List<string?>();
        for (var step = 0; step < 10; step++)
        {
            if (step == 5)
            {
                await dying.DisposeAsync();
            }

            var answer = await gateway.PostAsync(Wire.Anthropic, Wires.Ask(Wire.Anthropic, "acme/large", $"step {step}", stream: true));
            Assert.Equal($"Simulated answer to: step {step}", answer.AnswerText(Wire.Anthropic));
            answeredBy.Add(answer.Header("x-sluice-model"));
        }

        Assert.Equal([.. Enumerable.Repeat("acme/large", 5), .. Enumerable.Repeat("acme/local", 5)], answeredBy);
    }

    [Fact]
    public async Task D25_OneProviderFailsInEveryWay_NoRequestIsLost()
    {
        Fault[] faults =
        [
            Fault.Of(500), Fault.Of(502), Fault.Of(503), Fault.Of(529), Fault.Of(429), new(FaultKind.HtmlBody), new(FaultKind.EmptyBody),
            Fault.Of(FaultKind.Reset, FaultPlace.BeforeHeaders), Fault.Of(FaultKind.Reset, FaultPlace.AfterHeaders), Fault.Of(FaultKind.ErrorEvent, FaultPlace.AfterHeaders),
        ];
        const int Requests = 80;
        await using var gateway = await GatewayUnderTest.StartAsync(Config(Requests));
        for (var i = 0; i < Requests; i++)
        {
            gateway.A.Script.Always(faults[i % faults.Length], $"m-{i}");
        }

        var answers = await Task.WhenAll(Enumerable.Range(0, Requests).Select(i =>
            gateway.PostAsync((Wire)(i % 4), Wires.Ask((Wire)(i % 4), $"m/{i}", $"number {i}", stream: i % 3 != 0))));

        for (var i = 0; i < Requests; i++)
        {
            Assert.True(answers[i].Status == 200, $"{faults[i % faults.Length]}: {answers[i].Text}");
            Assert.Equal($"Simulated answer to: number {i}", answers[i].AnswerText((Wire)(i % 4)));
            Assert.Equal("b", answers[i].Header("x-sluice-provider"));
        }

        Assert.True(gateway.A.Record.Count > faults.Length, "The failing provider was hardly asked.");
    }
}
