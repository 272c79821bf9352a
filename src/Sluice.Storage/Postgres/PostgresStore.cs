using Microsoft.Extensions.Logging;
using Sluice.Core.Admission;
using Sluice.Core.Admission.Leases;
using Sluice.Core.Affinity;
using Sluice.Core.Budgets;
using Sluice.Core.Budgets.Slices;
using Sluice.Core.Identity;
using Sluice.Core.Ledger;
using Sluice.Core.Nodes;
using Sluice.Core.Reasoning;
using Sluice.Storage.Sql;

namespace Sluice.Storage.Postgres;

/// <summary>Everything in one database, which other nodes may share.</summary>
internal sealed class PostgresStore : IStore
{
    private readonly PostgresDatabase _database;

    /// <param name="database">Owned from now on.</param>
    /// <param name="node">The id of this data folder.</param>
    /// <param name="time">For what other nodes leave behind.</param>
    /// <param name="logger">Told when it is away.</param>
    public PostgresStore(PostgresDatabase database, string node, TimeProvider time, ILogger logger)
    {
        _database = database;
        var shared = new PostgresShared(database, time, logger);
        Shared = shared;
        Ledger = new PostgresLedgerSink(database, node, time);
        Queries = new PostgresLedgerQueries(database);
        Identity = new SqlIdentityStore(database);
        Reasoning = new PostgresReasoningStore(database, shared.Feed, time, logger);
        Sessions = new PostgresSessionStore(database, shared.Feed, time, logger);
        Limits = new SqlLimitStore(database);
        Budgets = new SqlBudgetStore(database);
        LimitShare = new LimitShare(node, new PostgresLimitLeases(database));
        BudgetShare = new BudgetShare(node, new PostgresBudgetLeases(database), new PostgresNodeSpending(database));
    }

    public string Shown => _database.Shown;

    public ILedgerSink Ledger { get; }

    public ILedgerQueries Queries { get; }

    public IIdentityStore Identity { get; }

    public IReasoningStore Reasoning { get; }

    public ISessionStore Sessions { get; }

    public ILimitStore Limits { get; }

    public IBudgetStore Budgets { get; }

    public ISharedStore? Shared { get; }

    public LimitShare? LimitShare { get; }

    public BudgetShare? BudgetShare { get; }

    public ValueTask DisposeAsync() => _database.DisposeAsync();
}
