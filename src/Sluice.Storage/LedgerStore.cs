using System.Data.Common;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using Sluice.Core.Admission;
using Sluice.Core.Admission.Leases;
using Sluice.Core.Advice;
using Sluice.Core.Affinity;
using Sluice.Core.Budgets;
using Sluice.Core.Budgets.Slices;
using Sluice.Core.Identity;
using Sluice.Core.Ledger;
using Sluice.Core.Nodes;
using Sluice.Core.Reasoning;
using Sluice.Storage.Journal;
using Sluice.Storage.Postgres;
using Sluice.Storage.Sqlite;

namespace Sluice.Storage;

/// <summary>
/// The ledger of one node: a journal that appends go to, and a store that a background task takes the journal into: SQLite, or a PostgreSQL that
/// several nodes share. Owns the data folder while it is open.
/// </summary>
public sealed class LedgerStore : ILedger, ILedgerQueries, IAsyncDisposable
{
    private readonly DataFolderLock _lock;
    private readonly IStore _store;
    private readonly JournalWriter _writer;
    private readonly JournalShipper _shipper;
    private readonly TimeSpan _answerWithin;
    private readonly TimeProvider _time;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _shipping;
    private readonly ILogger _logger;
    private bool _disposed;

    private LedgerStore(DataFolderLock folderLock, IStore store, JournalWriter writer, JournalShipper shipper, LedgerOptions options, TimeProvider time, ILogger logger)
    {
        _answerWithin = options.AnswerWithin;
        _time = time;
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

    /// <summary>How nodes share limits; null where the store is this process's alone.</summary>
    public LimitShare? LimitShare => _store.LimitShare;

    /// <summary>How nodes share budgets; null where the store is this process's alone.</summary>
    public BudgetShare? BudgetShare => _store.BudgetShare is { } share ? share with { Spending = new FlushedSpending(this, share.Spending) } : null;

    /// <summary>Records appended since the start that are not yet in the store.</summary>
    public long Unshipped => _writer.Written.Count - _shipper.Shipped;

    /// <summary>How the store stands to the journal.</summary>
    public LedgerStanding Standing => new(_store.Shown, Unshipped, _shipper.Bytes, _shipper.Fault?.Message);

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
            store = options.Storage is { } storage && PostgresAddress.Is(storage)
                ? new PostgresStore(await PostgresDatabase.OpenAsync(storage, CancellationToken.None), NodeFile.Ensure(options.DataFolder), time, logger)
                : new SqliteStore(SqliteDatabase.Open(options.SqlitePath), logger);
            var folder = new JournalFolder(options.DataFolder);
            var shipper = new JournalShipper(folder, store.Ledger, options, time, logger);
            var segment = await shipper.RecoverAsync(CancellationToken.None);
            var abandoned = await store.Ledger.CompleteAbandonedAsync(time.GetUtcNow(), CancellationToken.None);
            if (abandoned > 0)
            {
                StorageLog.Abandoned(logger, abandoned);
            }

            var writer = new JournalWriter(folder, segment, options.SegmentBytes, options.SyncLedger, shipper.Written);
            return new LedgerStore(folderLock, store, writer, shipper, options, time, logger);
        }
        catch (Exception e)
        {
            var shown = store?.Shown;
            if (store is not null)
            {
                await store.DisposeAsync();
            }

            folderLock.Dispose();
            if (e is DbException or SocketException or TimeoutException)
            {
                throw new StoreUnusableException($"The store at {shown} cannot be used: {e.Message}");
            }

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

    /// <summary>Waits until everything that was appended before is in the store.</summary>
    /// <exception cref="StoreAwayException">The store is away, or too far behind.</exception>
    public async Task FlushToStoreAsync(CancellationToken cancellation)
    {
        using var patience = new CancellationTokenSource(_answerWithin, _time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(cancellation, patience.Token);
        try
        {
            await _shipper.WaitForAsync(_writer.Written.Count, both.Token);
        }
        catch (OperationCanceledException) when (patience.IsCancellationRequested && !cancellation.IsCancellationRequested)
        {
            throw Away(_shipper.Fault is { } fault ? fault.Message : $"it is {Unshipped} records behind the journal, which are being shipped.", _shipper.Fault);
        }
        catch (StoreAwayException e)
        {
            throw Away(e.InnerException?.Message ?? e.Message, e.InnerException);
        }
    }

    /// <inheritdoc/>
    public Task<Report> ReportAsync(ReportQuery query, CancellationToken cancellation) => AskAsync(queries => queries.ReportAsync(query, cancellation), cancellation);

    /// <inheritdoc/>
    public Task<RequestTrail?> FindRequestAsync(string requestId, CancellationToken cancellation) => AskAsync(queries => queries.FindRequestAsync(requestId, cancellation), cancellation);

    /// <inheritdoc/>
    public Task<IReadOnlyList<UnknownModel>> UnknownModelsAsync(DateTimeOffset since, CancellationToken cancellation) => AskAsync(queries => queries.UnknownModelsAsync(since, cancellation), cancellation);

    /// <inheritdoc/>
    public Task<RequestList> ListRequestsAsync(RequestListQuery query, CancellationToken cancellation) => AskAsync(queries => queries.ListRequestsAsync(query, cancellation), cancellation);

    /// <inheritdoc/>
    public Task<IReadOnlyList<UntracedSpending>> UntracedSpendingAsync(DateOnly since, DateOnly until, CancellationToken cancellation) => AskAsync(queries => queries.UntracedSpendingAsync(since, until, cancellation), cancellation);

    /// <inheritdoc/>
    public Task<IReadOnlyList<AttemptGlimpse>> AttemptsAsync(IReadOnlyCollection<DateTimeOffset> hours, CancellationToken cancellation) => AskAsync(queries => queries.AttemptsAsync(hours, cancellation), cancellation);

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
        catch (Exception e)
        {
            // Whatever it is: the folder must be given free, and the next start ships them.
            StorageLog.NotShipped(_logger, e);
        }

        _stop.Dispose();
        await _store.DisposeAsync();
        _lock.Dispose();
    }

    private async Task<T> AskAsync<T>(Func<ILedgerQueries, Task<T>> ask, CancellationToken cancellation)
    {
        await FlushToStoreAsync(cancellation);
        try
        {
            return await ask(_store.Queries);
        }
        catch (Exception e) when (StoreAwayException.Means(e) && !cancellation.IsCancellationRequested)
        {
            throw Away(e.Message, e);
        }
    }

    private StoreAwayException Away(string why, Exception? fault) => new(
        $"The ledger's store {_store.Shown} cannot answer now: {why} Requests are served all the same, and nothing is lost: the journal keeps what the store does not take. Ask again when the store is back; the log says more.", fault);
}
