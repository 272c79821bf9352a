using Sluice.Server.Tests.Kit;
using Sluice.Simulator;

namespace Sluice.Server.Tests.Budgets;

/// <summary>Several nodes spend from the same budgets: none is overshot, nearly all of each can be used, and a database that is away is no matter of money.</summary>
public sealed class BudgetNodesTests
{
    // Ten tokens of output, of which six come.
    private const decimal WorstCase = 0.08333333m;

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    public async Task F23_TwoHundredAtOnceOverSeveralNodes_NeverMoreThanADollar_AndNearlyAllOfIt(int count)
    {
        await using var nodes = await BudgetNodes.StartAsync(count);
        await nodes.SetBudgetAsync("user:admin", "1");
        var answers = await Task.WhenAll(Enumerable.Range(0, 200).Select(i => nodes.AskAsync(i % count)));
        Assert.All(answers, answer => Assert.Contains(answer.Status, (int[])[200, 402]));
        var served = answers.Count(answer => answer.Status == 200);

        // Who was told that the money is only held comes again, as the answer says.
        for (var refused = 0; refused < count;)
        {
            refused = 0;
            for (var node = 0; node < count; node++)
            {
                var answer = await nodes.AskAsync(node);
                served += answer.Status == 200 ? 1 : 0;
                refused += answer.Status == 402 && answer.Header("x-should-retry") == "false" ? 1 : 0;
                Assert.Contains(answer.Status, (int[])[200, 402]);
            }
        }

        var spent = served * BudgetNodes.CostOfAnswer;
        Assert.Equal(nodes.Provider.Record.Requests.Count, served);
        Assert.InRange(spent, 1 - WorstCase, 1);
        await GatewayUnderTest.UntilAsync(async () => await nodes.LedgerAsync(0) == spent, "all journals are in the ledger");
        for (var node = 0; node < count; node++)
        {
            await GatewayUnderTest.UntilAsync(async () => await nodes.AmountsAsync(node) == (spent, 0), $"node {node} shows what all have spent");
        }
    }

    [Fact]
    public async Task TheDatabaseAway_HardBudgetsAreA503ThatNamesIt_SoftOnesRefuseNobody_AndAllIsWellWhenItIsBack()
    {
        await using var nodes = await BudgetNodes.StartAsync(2, ownDatabase: true);
        await nodes.SetBudgetAsync("user:admin", "100");
        Assert.Equal(200, (await nodes.AskAsync(0)).Status);
        await nodes.Database.StopAsync();

        // What the first has goes on; the second has nothing, and the first not so much.
        Assert.Equal(200, (await nodes.AskAsync(0)).Status);
        foreach (var (node, limit) in ((int, int?)[])[(1, 10), (0, 1000), (0, null)])
        {
            var answer = await nodes.AskAsync(node, limit);
            Assert.Equal((node, limit, 503, "5", "true"), (node, limit, answer.Status, answer.Header("retry-after"), answer.Header("x-should-retry")));
            Assert.StartsWith("The database that all nodes share does not answer, and this node alone cannot tell whether the hard budget of user:admin still pays.", answer.Error(Wire.Chat).Message, StringComparison.Ordinal);
        }

        await nodes.Database.StartAgainAsync();
        await GatewayUnderTest.UntilAsync(async () => (await nodes.AskAsync(1, 1000)).Status == 200, "the second is granted what it needs");
        await nodes.SetBudgetAsync("user:admin", "0.01", hard: false);
        await nodes.Database.StopAsync();
        Assert.Equal(200, (await nodes.AskAsync(0, 1000)).Status);
        Assert.Equal(200, (await nodes.AskAsync(1, null)).Status);
        await nodes.Database.StartAgainAsync();
        await GatewayUnderTest.UntilAsync(async () => await nodes.AmountsAsync(0) == (5 * BudgetNodes.CostOfAnswer, 0), "what was spent meanwhile is told");
        await GatewayUnderTest.UntilAsync(async () => await nodes.LedgerAsync(1) == 5 * BudgetNodes.CostOfAnswer, "all journals are in the ledger");
    }

    [Fact]
    public async Task F24_AfterAStormOfAbortsAndFaultsOverTwoNodes_NothingStaysHeld_AndTheLedgerSaysTheSame()
    {
        await using var nodes = await BudgetNodes.StartAsync(2);
        await nodes.SetBudgetAsync("user:admin", "100000");
        foreach (var fault in (FaultKind[])[FaultKind.Reset, FaultKind.TruncatedBody, FaultKind.MalformedFrame, FaultKind.EmptyBody])
        {
            nodes.Provider.Script.WithProbability(0.1, Fault.Of(fault, FaultPlace.AfterStart));
        }

        nodes.Provider.Script.WithProbability(0.1, Fault.Of(500));
        var answers = await Task.WhenAll(Enumerable.Range(0, 200).Select(i => nodes.AskAsync(i % 2, 1 + i % 50)));
        Assert.DoesNotContain(answers, answer => answer.Status is 402 or 503);
        var spent = (await Task.WhenAll(nodes.LedgerAsync(0), nodes.LedgerAsync(1))).Max();
        Assert.True(spent > 1);
        for (var node = 0; node < 2; node++)
        {
            await GatewayUnderTest.UntilAsync(async () => await nodes.AmountsAsync(node) == (spent, 0), $"node {node} shows what all have spent, and nothing held");
        }
    }
}
