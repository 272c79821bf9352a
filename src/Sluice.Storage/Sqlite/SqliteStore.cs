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

namespace Sluice.Storage.Sqlite;

/// <summary>Everything in one file.</summary>
internal sealed class SqliteStore(SqliteDatabase database, ILogger logger) : IStore
{
    public string Shown => database.Path;

    public ILedgerSink Ledger { get; } = new SqliteLedgerSink(database);

    public ILedgerQueries Queries { get; } = new SqliteLedgerQueries(database);

    public IIdentityStore Identity { get; } = new SqlIdentityStore(database);

    public IReasoningStore Reasoning { get; } = new SqlReasoningStore(database, logger);

    public ISessionStore Sessions { get; } = new SqlSessionStore(database, logger);

    public ILimitStore Limits { get; } = new SqlLimitStore(database);

    public IBudgetStore Budgets { get; } = new SqlBudgetStore(database);

    public ISharedStore? Shared => null;

    public LimitShare? LimitShare => null;

    public BudgetShare? BudgetShare => null;

    public ValueTask DisposeAsync()
    {
        database.Dispose();
        return ValueTask.CompletedTask;
    }
}
