using System.Data.Common;
using Microsoft.Extensions.Logging;
using Sluice.Core.Admission;
using Sluice.Core.Advice;
using Sluice.Core.Affinity;
using Sluice.Core.Budgets;
using Sluice.Core.Identity;
using Sluice.Core.Ledger;
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
    private readonly SqliteDatabase _database;
    private readonly SqliteLedgerQueries _queries;
    private readonly JournalWriter _writer;
    private readonly JournalShipper _shipper;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _shipping;
    private readonly ILogger _logger;
    private bool _disposed;

    private LedgerStore(DataFolderLock folderLock, SqliteDatabase database, JournalWriter writer, JournalShipper shipper, ILogger logger)
    {
        _lock = folderLock;
        _database = database;
        _queries = new SqliteLedgerQueries(database);
        _writer = writer;
        _shipper = shipper;
        _logger = logger;
        Identity = new SqliteIdentityStore(database);
        Reasoning = new SqliteReasoningStore(database, logger);
        Sessions = new SqliteSessionStore(database, logger);
        Limits = new SqliteLimitStore(database);
        Budgets = new SqliteBudgetStore(database);
        _shipping = Task.Run(() => shipper.RunAsync(writer, _stop.Token));
    }

    /// <summary>Keys, users, teams and projects in the same store.</summary>
    public IIdentityStore Identity { get; }

    /// <summary>Kept thinking in the same store.</summary>
    public IReasoningStore Reasoning { get; }

    /// <summary>Where sessions are at home, in the same store.</summary>
    public ISessionStore Sessions { get; }

    /// <summary>Limits that people set, in the same store.</summary>
    public ILimitStore Limits { get; }

    /// <summary>Budgets that people set, in the same store.</summary>
    public IBudgetStore Budgets { get; }

    /// <summary>Records appended since the start that are not yet in the store.</summary>
    public long Unshipped => _writer.Written.Count - _shipper.Shipped;

    /// <summary>Takes the data folder, brings the store's schema up to date, ships what an earlier process left and completes its abandoned attempts.</summary>
    /// <exception cref="DataFolderInUseException">Another process has the folder.</exception>
    /// <exception cref="StoreUnusableException">The store cannot be opened: no SQLite on this machine, or a newer schema.</exception>
    public static async Task<LedgerStore> OpenAsync(LedgerOptions options, TimeProvider time, ILogger logger)
    {
        PrivateFolder.Create(options.DataFolder);
        var folderLock = DataFolderLock.Take(options.DataFolder);
        SqliteDatabase? database = null;
        try
        {
            database = SqliteDatabase.Open(options.SqlitePath);
            var sink = new SqliteLedgerSink(database);
            var folder = new JournalFolder(options.DataFolder);
            var shipper = new JournalShipper(folder, sink, options, time, logger);
            var segment = await shipper.RecoverAsync(CancellationToken.None);
            var abandoned = await sink.CompleteAbandonedAsync(time.GetUtcNow(), CancellationToken.None);
            if (abandoned > 0)
            {
                StorageLog.Abandoned(logger, abandoned);
            }

            var writer = new JournalWriter(folder, segment, options.SegmentBytes, options.SyncLedger, shipper.Written);
            return new LedgerStore(folderLock, database, writer, shipper, logger);
        }
        catch
        {
            database?.Dispose();
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
        return await _queries.ReportAsync(query, cancellation);
    }

    /// <inheritdoc/>
    public async Task<RequestTrail?> FindRequestAsync(string requestId, CancellationToken cancellation)
    {
        await FlushToStoreAsync(cancellation);
        return await _queries.FindRequestAsync(requestId, cancellation);
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<UnknownModel>> UnknownModelsAsync(DateTimeOffset since, CancellationToken cancellation)
    {
        await FlushToStoreAsync(cancellation);
        return await _queries.UnknownModelsAsync(since, cancellation);
    }

    /// <inheritdoc/>
    public async Task<RequestList> ListRequestsAsync(RequestListQuery query, CancellationToken cancellation)
    {
        await FlushToStoreAsync(cancellation);
        return await _queries.ListRequestsAsync(query, cancellation);
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<UntracedSpending>> UntracedSpendingAsync(DateOnly since, DateOnly until, CancellationToken cancellation)
    {
        await FlushToStoreAsync(cancellation);
        return await _queries.UntracedSpendingAsync(since, until, cancellation);
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<AttemptGlimpse>> AttemptsAsync(IReadOnlyCollection<DateTimeOffset> hours, CancellationToken cancellation)
    {
        await FlushToStoreAsync(cancellation);
        return await _queries.AttemptsAsync(hours, cancellation);
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
        _database.Dispose();
        _lock.Dispose();
    }
}
