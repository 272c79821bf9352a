using Microsoft.Extensions.Logging.Abstractions;
using Sluice.Core.Ledger;
using Sluice.Protocols.Errors;
using Xunit;

namespace Sluice.Storage.Tests;

public sealed class LedgerStoreTests : IDisposable
{
    private static readonly ReportQuery Everything = new([], Records.Noon.AddDays(-1), Records.Noon.AddDays(1));

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Append_ThenAsk_AnswersWithEveryField()
    {
        await using var ledger = await OpenAsync();
        var start = Records.Start("att-1");
        var end = Records.End("att-1");
        var request = Records.Request("gen-1");
        await ledger.AppendAsync(start);
        await ledger.AppendAsync(end);
        await ledger.AppendAsync(request);

        var trail = await ledger.FindRequestAsync("gen-1", TestContext.Current.CancellationToken);

        Assert.Equal(request, trail!.Request);
        Assert.Equal([new AttemptTrail(start, end)], trail.Attempts);
    }

    [Fact]
    public async Task Reopen_AfterAttemptsWithoutEnd_CompletesThemAsAbandonedOnce()
    {
        await using (var ledger = await OpenAsync())
        {
            await ledger.AppendAsync(Records.Start("att-1"));
            await ledger.AppendAsync(Records.Start("att-2", "gen-2") with { EstimatedCostNanoUsd = null });
        }

        for (var i = 0; i < 2; i++)
        {
            await using var ledger = await OpenAsync();
            var report = await ledger.ReportAsync(Everything, TestContext.Current.CancellationToken);
            var row = Assert.Single(report.Rows);
            Assert.Equal(2, row.Attempts);
            Assert.Equal(2000, row.Input);
            Assert.Equal(3_000_000, row.CostNanoUsd);
            Assert.Equal(2, row.Estimated);
            Assert.Equal(1, row.Unpriced);
            var attempt = Assert.Single((await ledger.FindRequestAsync("gen-1", TestContext.Current.CancellationToken))!.Attempts);
            Assert.Equal(AttemptOutcome.Abandoned, attempt.Settled!.Outcome);
            Assert.True(attempt.Settled.UsageIsEstimated);
        }
    }

    [Fact]
    public async Task Open_WhileAnotherHasTheFolder_SaysWhichFolder()
    {
        await using var first = await OpenAsync();

        var error = await Assert.ThrowsAsync<DataFolderInUseException>(OpenAsync);

        Assert.Contains(_folder.Path, error.Message, StringComparison.Ordinal);
        Assert.Contains("--data", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task F29_Append_FromManyTasksOverManySegments_EveryAttemptIsInTheStoreOnce()
    {
        const int Tasks = 16;
        const int Each = 500;
        await using (var ledger = await LedgerStore.OpenAsync(new LedgerOptions { DataFolder = _folder.Path, SegmentBytes = 32 * 1024 }, TimeProvider.System, NullLogger.Instance))
        {
            await Task.WhenAll(Enumerable.Range(0, Tasks).Select(task => Task.Run(async () =>
            {
                for (var i = 0; i < Each; i++)
                {
                    var id = $"att-{task}-{i}";
                    await ledger.AppendAsync(Records.Start(id, "gen-" + id));
                    await ledger.AppendAsync(Records.End(id));
                }
            })));

            var row = Assert.Single((await ledger.ReportAsync(Everything, TestContext.Current.CancellationToken)).Rows);
            Assert.Equal(Tasks * Each, row.Attempts);
            Assert.Equal(Tasks * Each, row.Requests);
            Assert.Equal(Tasks * Each * 1_234_567L, row.CostNanoUsd);
            Assert.Equal(0, ledger.Unshipped);
        }

        Assert.Single(Directory.GetFiles(Path.Combine(_folder.Path, "journal")));
    }

    [Fact]
    public async Task F25_Settle_TheSameAttemptTwice_ChargesTheFirstEndOnly()
    {
        await using var ledger = await OpenAsync();
        await ledger.AppendAsync(Records.Start("att-1"));
        await ledger.FlushToStoreAsync(TestContext.Current.CancellationToken);
        await ledger.AppendAsync(Records.Failure("att-1", ErrorKind.Timeout, cost: 5));
        await ledger.AppendAsync(Records.End("att-1"));

        var row = Assert.Single((await ledger.ReportAsync(Everything with { By = [ReportDimension.Cause] }, TestContext.Current.CancellationToken)).Rows);

        Assert.Equal(["timeout"], row.Keys);
        Assert.Equal((1, 5), (row.Attempts, row.CostNanoUsd));
    }

    [Fact]
    public async Task Sync_OfEachGroup_KeepsWhatWasAppended()
    {
        await using var ledger = await LedgerStore.OpenAsync(new LedgerOptions { DataFolder = _folder.Path, SyncLedger = true }, TimeProvider.System, NullLogger.Instance);
        await Task.WhenAll(Enumerable.Range(0, 50).Select(i => ledger.AppendAsync(Records.Request($"gen-{i}", attempts: 0)).AsTask()));

        var row = Assert.Single((await ledger.ReportAsync(Everything, TestContext.Current.CancellationToken)).Rows);

        Assert.Equal((50, 0), (row.Requests, row.Attempts));
    }

    private Task<LedgerStore> OpenAsync() =>
        LedgerStore.OpenAsync(new LedgerOptions { DataFolder = _folder.Path }, TimeProvider.System, NullLogger.Instance);
}
