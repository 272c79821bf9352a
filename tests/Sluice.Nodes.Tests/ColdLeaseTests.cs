using System.Diagnostics;
using Sluice.Core.Admission.Leases;
using Xunit;

namespace Sluice.Nodes.Tests;

/// <summary>Limits that nobody has used yet, where nobody may wait for them.</summary>
public sealed class ColdLeaseTests
{
    [Fact]
    public async Task F31_NobodyIsRefused_WhileTheLimitHasRoom_ThoughNoNodeHoldsAnyOfItYet()
    {
        await using var group = await NodeGroup.StartAsync(3, """
            queue: { max_wait: off }
            limits: { default_key: { rpd: 60, concurrency: 30 } }
            """);
        var served = 0;
        for (var round = 0; round < 14; round++)
        {
            for (var node = 0; node < 3; node++)
            {
                var asked = Stopwatch.StartNew();
                var status = await group.AskAsync(node, TestContext.Current.CancellationToken);
                served += status == 200 ? 1 : 0;

                // On a busy machine the exchange may take longer than anybody waits for it.
                Assert.True(status == 200 || asked.Elapsed >= LeaseKeeper.Patience, $"{status} after {asked.Elapsed}, when {served} of 60 were served");
            }
        }

        // Of what is left, each node may for a second keep a few for requests that do not come; asked once more, all are served, and none beyond.
        using var tick = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        for (var i = 0; i < 150 && await tick.WaitForNextTickAsync(); i++)
        {
            served += await group.AskAsync(i % 3, TestContext.Current.CancellationToken) == 200 ? 1 : 0;
        }

        Assert.Equal(60, served);
    }
}
