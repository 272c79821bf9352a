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
        for (var round = 0; round < 17; round++)
        {
            for (var node = 0; node < 3; node++)
            {
                Assert.Equal(200, await group.AskAsync(node, TestContext.Current.CancellationToken));
            }
        }

        // Nine are left. The last of them may for a moment be with a node that is not asked.
        var served = 0;
        for (var i = 0; i < 30; i++)
        {
            served += await group.AskAsync(i % 3, TestContext.Current.CancellationToken) == 200 ? 1 : 0;
        }

        Assert.InRange(served, 1, 9);
    }
}
