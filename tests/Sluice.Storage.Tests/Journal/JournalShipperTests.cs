using Microsoft.Extensions.Logging.Abstractions;
using Sluice.Core.Ledger;
using Sluice.Storage.Journal;
using Xunit;

namespace Sluice.Storage.Tests.Journal;

public sealed class JournalShipperTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Wait_CancelledWhileNothingIsShipped_LeavesOnlyTheOthersWaiting()
    {
        var shipper = new JournalShipper(new JournalFolder(_folder.Path), new NoSink(), new LedgerOptions { DataFolder = _folder.Path }, TimeProvider.System, NullLogger.Instance);
        using var gaveUp = new CancellationTokenSource();
        var stays = shipper.WaitForAsync(1, CancellationToken.None);
        var leaves = shipper.WaitForAsync(1, gaveUp.Token);
        Assert.Equal(2, shipper.Waiting);

        await gaveUp.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => leaves);
        Assert.Equal(1, shipper.Waiting);
        Assert.False(stays.IsCompleted);
    }

    private sealed class NoSink : ILedgerSink
    {
        public Task<JournalPosition> ReadPositionAsync(CancellationToken cancellation) => throw new InvalidOperationException("Nothing is shipped here.");

        public Task<int> StoreAsync(LedgerBatch batch, JournalPosition position, CancellationToken cancellation) => throw new InvalidOperationException("Nothing is shipped here.");

        public Task<int> CompleteAbandonedAsync(DateTimeOffset now, CancellationToken cancellation) => throw new InvalidOperationException("Nothing is shipped here.");
    }
}
