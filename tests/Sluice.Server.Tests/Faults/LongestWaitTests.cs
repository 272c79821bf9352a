using Sluice.Server.Tests.Kit;
using Sluice.Simulator;
using Sluice.Testing;

namespace Sluice.Server.Tests.Faults;

/// <summary>How long silence can last: on a clock that only the test moves, nothing ends before the providers' limits and nothing lives beyond them.</summary>
public sealed class LongestWaitTests
{
    private const int Candidates = 3;
    private static readonly TimeSpan FirstToken = TimeSpan.FromSeconds(40);

    public static TheoryData<Wire, bool> Clients => [.. from wire in Enum.GetValues<Wire>() from stream in (bool[])[true, false] select (wire, stream)];

    [Theory]
    [MemberData(nameof(Clients))]
    public async Task ReqI64_EveryCandidateIsSilent_EndsAfterFirstTokenTimesCandidates(Wire client, bool stream)
    {
        var clock = new ManualTimeProvider();
        await using var gateway = await GatewayUnderTest.StartAsync(
            $$"""
            routing: { retries: 2 }
            keepalive: { after: 10m, every: 10m }
            providers:
              - { name: one, kind: anthropic, base_url: "{A}", api_keys: [any-key], timeouts: { first_token: {{FirstToken.TotalSeconds}}s } }
              - { name: two, kind: anthropic, base_url: "{A}", api_keys: [any-key], timeouts: { first_token: {{FirstToken.TotalSeconds}}s } }
              - { name: three, kind: anthropic, base_url: "{A}", api_keys: [any-key], timeouts: { first_token: {{FirstToken.TotalSeconds}}s } }
            models: [{ id: x/silent, endpoints: [{ provider: one, model: m }, { provider: two, model: m }, { provider: three, model: m }] }]
            """, time: clock);
        gateway.A.Script.Always(Fault.Of(FaultKind.Stall, FaultPlace.AfterHeaders));

        var asked = gateway.PostAsync(client, Wires.Ask(client, "x/silent", "is anybody there", stream));
        for (var candidate = 1; candidate <= Candidates; candidate++)
        {
            await gateway.A.Record.WaitForCountAsync(candidate, TimeSpan.FromSeconds(30));
            clock.Advance(FirstToken - TimeSpan.FromSeconds(1));
            Assert.Equal((candidate, false), (gateway.A.Record.Count, asked.IsCompleted));
            clock.Advance(TimeSpan.FromSeconds(1));
        }

        // No fourth call, though repeats are allowed: whoever was silent once is not waited for again.
        var answer = await asked;
        Assert.Equal((504, Candidates), (answer.Status, (int)gateway.A.Record.Count));
    }
}
