using System.Data.Common;
using Microsoft.Extensions.Logging;
using Sluice.Core.Admission;
using Sluice.Core.Advice;
using Sluice.Core.Affinity;
using Sluice.Core.Budgets;
using Sluice.Core.Identity;
using Sluice.Core.Ledger;
using Sluice.Core.Nodes;
using Sluice.Core.Reasoning;
using Sluice.Storage.Journal;
using Sluice.Storage.Sqlite;

namespace Sluice.Storage;

/// <summary>
/// The ledger on one machine: a journal that appends go to, and an SQLite store that a background task takes the journal into. Owns the data
/// folder while it is open.
/// </summary>
public sealed class LedgerStore : ILedger, ILedgerQueries, IAsyncDisposable
{
    private readonly DataFolderLock _lock;
    private readonly IStore _store;
    private readonly JournalWriter _writer;
    private readonly JournalShipper _shipper;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _shipping;
    private readonly ILogger _logger;
    private bool _disposed;

    private LedgerStore(DataFolderLock folderLock, IStore store, JournalWriter writer, JournalShipper shipper, ILogger logger)
    {
        _lock = folderLock;
        _store = store;
        _writer = writer;
        _shipper = shipper;
        _logger = logger;
        _shipping = Task.Run(() => shipper.RunAsync(writer, _stop.Token));
    }

    /// <summary>Keys, users, teams and projects in the same store.</summary>
    public IIdentityStore Identity => _store.Identity;

    /// <summary>Kept thinking in the same store.</summary>
    public IReasoningStore Reasoning => _store.Reasoning;

    /// <summary>Where sessions are at home, in the same store.</summary>
    public ISessionStore Sessions => _store.Sessions;

    /// <summary>Limits that people set, in the same store.</summary>
    public ILimitStore Limits => _store.Limits;

    /// <summary>Budgets that people set, in the same store.</summary>
    public IBudgetStore Budgets => _store.Budgets;

    /// <summary>What nodes have together; null where the store is this process's alone.</summary>
    public ISharedStore? Shared => _store.Shared;

    /// <summary>Records appended since the start that are not yet in the store.</summary>
    public long Unshipped => _writer.Written.Count - _shipper.Shipped;

    /// <summary>Takes the data folder, brings the store's schema up to date, ships what an earlier process left and completes its abandoned attempts.</summary>
    /// <exception cref="DataFolderInUseException">Another process has the folder.</exception>
    /// <exception cref="StoreUnusableException">The store cannot be opened: no SQLite on this machine, or a newer schema.</exception>
    public static async Task<LedgerStore> OpenAsync(LedgerOptions options, TimeProvider time, ILogger logger)
    {
        PrivateFolder.Create(options.DataFolder);
        var folderLock = DataFolderLock.Take(options.DataFolder);
        IStore? store = null;
        try
        {
            store = new SqliteStore(SqliteDatabase.Open(options.SqlitePath), logger);
            var folder = new JournalFolder(options.DataFolder);
            var shipper = new JournalShipper(folder, store.Ledger, options, time, logger);
            var segment = await shipper.RecoverAsync(CancellationToken.None);
            var abandoned = await store.Ledger.CompleteAbandonedAsync(time.GetUtcNow(), CancellationToken.None);
            if (abandoned > 0)
            {
                StorageLog.Abandoned(logger, abandoned);
            }

            var writer = new JournalWriter(folder, segment, options.SegmentBytes, options.SyncLedger, shipper.Written);
            return new LedgerStore(folderLock, store, writer, shipper, logger);
        }
        catch
        {
            if (store is not null)
            {
                await store.DisposeAsync();
            }

            folderLock.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public ValueTask AppendAsync(AttemptStarted record) => _writer.AppendAsync(record);

    /// <inheritdoc/>
    public ValueTask AppendAsync(AttemptSettled record) => _writer.AppendAsync(record);

    /// <inheritdoc/>
    public ValueTask AppendAsync(AttemptSettled attempt, RequestSettled request) => _writer.AppendAsync(attempt, request);

    /// <inheritdoc/>
    public ValueTask AppendAsync(RequestSettled record) => _writer.AppendAsync(record);

    /// <summary>Waits until everything that was appended before is in the store. While the store is away this waits for it: bound it by <paramref name="cancellation"/>.</summary>
    public Task FlushToStoreAsync(CancellationToken cancellation) => _shipper.WaitForAsync(_writer.Written.Count, cancellation);

    /// <inheritdoc/>
    public async Task<Report> ReportAsync(ReportQuery query, CancellationToken cancellation)
    {
        await FlushToStoreAsync(cancellation);
        return await _store.Queries.ReportAsync(query, cancellation);
    }

    /// <inheritdoc/>
    public async Task<RequestTrail?> FindRequestAsync(string requestId, CancellationToken cancellation)
    {
        await FlushToStoreAsync(cancellation);
        return await _store.Queries.FindRequestAsync(requestId, cancellation);
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<UnknownModel>> UnknownModelsAsync(DateTimeOffset since, CancellationToken cancellation)
    {
        await FlushToStoreAsync(cancellation);
        return await _store.Queries.UnknownModelsAsync(since, cancellation);
    }

    /// <inheritdoc/>
    public async Task<RequestList> ListRequestsAsync(RequestListQuery query, CancellationToken cancellation)
    {
        await FlushToStoreAsync(cancellation);
        return await _store.Queries.ListRequestsAsync(query, cancellation);
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<UntracedSpending>> UntracedSpendingAsync(DateOnly since, DateOnly until, CancellationToken cancellation)
    {
        await FlushToStoreAsync(cancellation);
        return await _store.Queries.UntracedSpendingAsync(since, until, cancellation);
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<AttemptGlimpse>> AttemptsAsync(IReadOnlyCollection<DateTimeOffset> hours, CancellationToken cancellation)
    {
        await FlushToStoreAsync(cancellation);
        return await _store.Queries.AttemptsAsync(hours, cancellation);
    }

    /// <summary>Waits for appends under way, ships the rest, and gives the data folder free.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_disposed)
        {
            return;
        }

        _disposed = true;
        await _writer.DisposeAsync();
        await _stop.CancelAsync();
        await _shipping;
        try
        {
            await _shipper.ShipAsync(CancellationToken.None);
        }
        catch (Exception e) when (e is DbException or IOException)
        {
            StorageLog.NotShipped(_logger, e);
        }

        _stop.Dispose();
        await _store.DisposeAsync();
        _lock.Dispose();
    }
}
