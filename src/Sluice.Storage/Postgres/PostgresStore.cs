using Microsoft.Extensions.Logging;
using Sluice.Core.Admission;
using Sluice.Core.Affinity;
using Sluice.Core.Budgets;
using Sluice.Core.Identity;
using Sluice.Core.Ledger;
using Sluice.Core.Reasoning;
using Sluice.Storage.Sql;

namespace Sluice.Storage.Postgres;

/// <summary>Everything in one database, which other nodes may share.</summary>
/// <param name="database">Owned from now on.</param>
/// <param name="node">The id of this data folder.</param>
/// <param name="time">For what other nodes leave behind.</param>
/// <param name="logger">Told when it is away.</param>
internal sealed class PostgresStore(PostgresDatabase database, string node, TimeProvider time, ILogger logger) : IStore
{
    public string Shown => database.Shown;

    public ILedgerSink Ledger { get; } = new PostgresLedgerSink(database, node, time);

    public ILedgerQueries Queries { get; } = new PostgresLedgerQueries(database);

    public IIdentityStore Identity { get; } = new SqlIdentityStore(database);

    public IReasoningStore Reasoning { get; } = new SqlReasoningStore(database, logger);

    public ISessionStore Sessions { get; } = new SqlSessionStore(database, logger);

    public ILimitStore Limits { get; } = new SqlLimitStore(database);

    public IBudgetStore Budgets { get; } = new SqlBudgetStore(database);

    public ValueTask DisposeAsync() => database.DisposeAsync();
}
