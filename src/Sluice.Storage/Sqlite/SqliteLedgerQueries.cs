using System.Data.Common;
using Microsoft.Data.Sqlite;
using Sluice.Core.Advice;
using Sluice.Storage.Sql;

namespace Sluice.Storage.Sqlite;

/// <summary>Answers from SQLite.</summary>
internal sealed class SqliteLedgerQueries(SqliteDatabase database) : SqlLedgerQueries
{
    protected override Task<DbConnection> OpenAsync(CancellationToken cancellation) => Task.FromResult<DbConnection>(database.OpenRead());

    protected override Task<IReadOnlyList<AttemptGlimpse>> AttemptsAsync(DbConnection connection, IReadOnlyCollection<DateTimeOffset> hours, CancellationToken cancellation) =>
        Task.FromResult(AttemptHoursSql.Read((SqliteConnection)connection, hours, cancellation));
}
