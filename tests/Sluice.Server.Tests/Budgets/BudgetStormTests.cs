using System.Globalization;
using Sluice.Server.Tests.Kit;
using Sluice.Simulator;

namespace Sluice.Server.Tests.Budgets;

/// <summary>Hard budgets hold under many requests at once, and whatever becomes of requests, nothing of theirs stays held.</summary>
public sealed class BudgetStormTests
{
    [Fact]
    public async Task F23_AHundredParallelRequests_AtABudgetForThree_AreThree()
    {
        await using var gateway = await BudgetedGateway.StartAsync();
        await gateway.SetBudgetAsync("user:admin", "0.3");
        gateway.A.Script.Always(Fault.Of(FaultKind.Stall, FaultPlace.BeforeHeaders));
        using var leaving = new CancellationTokenSource();
        var asked = Enumerable.Range(0, 100).Select(i => AskAsync(gateway, (Wire)(i % 4), stream: i % 8 < 4, leaving.Token)).ToList();
        await GatewayUnderTest.UntilAsync(() => asked.Count(one => one.IsCompleted) == 97, "all but three are refused");
        var refused = await Task.WhenAll(asked.Where(one => one.IsCompleted));
        Assert.All(refused, status => Assert.Equal(402, status));
        Assert.Equal(3, gateway.A.Record.Requests.Count);
        Assert.Equal(("0.000000000", "0.300000000", "0.000000000"), await gateway.AmountsAsync());
        await leaving.CancelAsync();
        await Task.WhenAll(asked);
        await GatewayUnderTest.UntilAsync(() => gateway.Server.Budgets.Open == 0, "nothing held");
    }

    [Fact]
    public async Task F24_AfterAStormOfAbortsAndFaults_NothingStaysHeld_AndTheLedgerSaysTheSame()
    {
        await using var gateway = await BudgetedGateway.StartAsync(more: "breaker: { failures: 1000 }");
        await gateway.SetBudgetAsync("user:admin", "100000");
        var random = new Random(24);
        FaultKind[] faults = [FaultKind.Reset, FaultKind.TruncatedBody, FaultKind.MalformedFrame, FaultKind.HtmlBody, FaultKind.EmptyBody, FaultKind.MissingTerminal, FaultKind.EmptyCompletion];
        foreach (var fault in faults)
        {
            gateway.A.Script.WithProbability(0.08, Fault.Of(fault, FaultPlace.AfterStart));
        }

        gateway.A.Script.WithProbability(0.1, Fault.Of(500));
        gateway.A.Script.WithProbability(0.1, Fault.Of(400));
        gateway.A.Script.WithProbability(0.1, Fault.Of(FaultKind.Stall, FaultPlace.AfterText));
        for (var round = 0; round < 8; round++)
        {
            using var leaving = new CancellationTokenSource();
            var asked = Enumerable.Range(0, 40).Select(_ => AskAsync(gateway, (Wire)random.Next(4), stream: random.Next(2) == 0, leaving.Token)).ToList();

            // Who stalls never ends by himself: all who are left go away at once.
            await GatewayUnderTest.UntilAsync(() => asked.Count(one => one.IsCompleted) >= random.Next(10, 31), "some have ended");
            await leaving.CancelAsync();
            await Task.WhenAll(asked);
        }

        await GatewayUnderTest.UntilAsync(() => gateway.Server.Budgets.Open == 0, "nothing held");
        var (spent, reserved, _) = await gateway.AmountsAsync();
        Assert.Equal("0.000000000", reserved);
        Assert.Equal(await gateway.LedgerAsync(), decimal.Parse(spent, CultureInfo.InvariantCulture));
        Assert.True(gateway.A.Record.Requests.Count > 100 && spent != "0.000000000", $"{gateway.A.Record.Requests.Count} calls, {spent} spent");
    }

    // The status that the client heard; 0 where it went away.
    private static async Task<int> AskAsync(GatewayUnderTest gateway, Wire wire, bool stream, CancellationToken leaving)
    {
        using var request = gateway.Request(wire, BudgetedGateway.Ask(wire, 100, stream));
        try
        {
            using var response = await gateway.Http.SendAsync(request, leaving);
            return (int)response.StatusCode;
        }
        catch (Exception e) when (e is OperationCanceledException or HttpRequestException)
        {
            return 0;
        }
    }
}
