using Xunit;

namespace Sluice.Nodes.Tests;

/// <summary>Limits that nobody has used yet, where nobody may wait for them.</summary>
public sealed class ColdLeaseTests
{
    [Fact]
    public async Task F31_NobodyIsRefused_WhileTheLimitHasRoom_ThoughNoNodeHoldsAnyOfItYet()
    {
        await using var group = await NodeGroup.StartAsync(3, """
            queue: { max_wait: 0s }
            limits: { default_key: { rpm: 60, concurrency: 30 } }
            """);
        for (var round = 0; round < 20; round++)
        {
            for (var node = 0; node < 3; node++)
            {
                Assert.Equal(200, await group.AskAsync(node, TestContext.Current.CancellationToken));
            }
        }

        // All of it is used, by the last node as by the first.
        Assert.Equal(429, await group.AskAsync(0, TestContext.Current.CancellationToken));
        Assert.Equal(429, await group.AskAsync(2, TestContext.Current.CancellationToken));
    }
}
