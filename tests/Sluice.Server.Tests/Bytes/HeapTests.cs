using System.Text;
using Sluice.Server.Tests.Kit;
using Sluice.Simulator;

namespace Sluice.Server.Tests.Bytes;

/// <summary>F36: large requests and clients that leave, again and again, must not add up.</summary>
[Collection(AloneCollection.Name)]
[Trait("Category", "Heavy")]
public sealed class HeapTests
{
    private const int RequestsOfOneThird = 200;
    private const int BodyBytes = 600_000;

    // One body kept of every aborted request would be 12 MB in a third, one of every request 120 MB; pools settle within the first third.
    private const long Bound = 5_000_000;

    [Fact]
    public async Task F36_HundredsOfLargeRequests_ATenthAborted_LeaveTheLiveHeapWhereItWas()
    {
        await using var gateway = await GatewayUnderTest.StartAsync("""
            routing: { retries: 0 }
            providers:
              - { name: a-anthropic, kind: anthropic, base_url: "{A}" }
              - { name: a-chat, kind: openai, base_url: "{A}/v1" }
            models:
              - { id: "m/0", endpoints: [{ provider: a-anthropic, model: sim/echo, price: { input: 3, output: 15 } }] }
              - { id: "m/1", endpoints: [{ provider: a-chat, model: sim/echo, price: { input: 3, output: 15 } }] }
            """, new SimulatorOptions { MaxRecords = 0, FirstByteDelay = TimeSpan.FromMilliseconds(20) });
        using var http = gateway.NewClient();
        var body = Encoding.UTF8.GetBytes($$"""{"model":"m/0","max_tokens":1000,"stream":true,"system":"{{new string('s', BodyBytes)}}","messages":[{"role":"user","content":"go"}]}""");
        var number = 0;
        var thirds = new List<long>();
        for (var third = 0; third < 3; third++)
        {
            await Parallel.ForEachAsync(Enumerable.Range(0, RequestsOfOneThird), new ParallelOptions { MaxDegreeOfParallelism = 8 }, async (_, _) =>
            {
                var own = Interlocked.Increment(ref number);
                var mine = body.AsSpan().ToArray();
                mine[12] = (byte)('0' + (own % 2));
                using var request = gateway.Request(Wire.Anthropic, mine);
                using var abort = new CancellationTokenSource();
                if (own % 10 == 0)
                {
                    // At every moment: while the body is sent, before the first byte, in the answer.
                    abort.CancelAfter(own / 10 % 30);
                }

                try
                {
                    using var response = await http.SendAsync(request, abort.Token);
                    Assert.True(response.IsSuccessStatusCode);
                }
                catch (OperationCanceledException) when (own % 10 == 0)
                {
                    // It left, as planned.
                }
            });
            await GatewayUnderTest.UntilAsync(() => gateway.A.Record.InFlight == 0, "no request left at the provider");
            await GatewayUnderTest.UntilAsync(() => gateway.HeldBytes == 0, "all bodies given back");
            thirds.Add(GC.GetTotalMemory(forceFullCollection: true));
            TestContext.Current.TestOutputHelper?.WriteLine($"live heap after {number} requests: {thirds[third] / 1e6:0.0} MB, working set {Environment.WorkingSet / 1e6:0} MB");
        }

        Assert.True(thirds[2] - thirds[1] < Bound, $"The live heap grew from {thirds[1]} to {thirds[2]} bytes over {RequestsOfOneThird} requests.");
    }
}
