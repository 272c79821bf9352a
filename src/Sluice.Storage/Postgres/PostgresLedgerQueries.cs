using System.Data.Common;
using Sluice.Core.Advice;
using Sluice.Core.Ledger;
using Sluice.Storage.Sql;

namespace Sluice.Storage.Postgres;

/// <summary>Answers from PostgreSQL.</summary>
internal sealed class PostgresLedgerQueries(PostgresDatabase database) : SqlLedgerQueries
{
    private const string Hours = $"SELECT {Glimpses.Columns} FROM attempts WHERE started_at >= @since AND started_at < @until AND outcome IS NOT NULL";

    // Compiling a report takes longer than it saves, and the sums of a year's sessions fit into this memory instead of files. The driver takes these
    // back with the connection.
    private const string ForReports = "SET jit = off; SET work_mem = '64MB'";

    // Sessions are many groups whose rows stand beside each other: sorting them costs half of what hashing does.
    private const string ForSessions = ForReports + "; SET enable_hashagg = off";

    protected override async Task<DbConnection> OpenAsync(CancellationToken cancellation) => await database.ConnectAsync(cancellation);

    protected override async Task PrepareAsync(DbConnection connection, ReportQuery query, CancellationToken cancellation)
    {
        await using var command = connection.Command(query.By is [ReportDimension.Session] ? ForSessions : ForReports, []);
        await command.ExecuteNonQueryAsync(cancellation);
    }

    protected override async Task<IReadOnlyList<AttemptGlimpse>> AttemptsAsync(DbConnection connection, IReadOnlyCollection<DateTimeOffset> hours, CancellationToken cancellation)
    {
        var found = new List<AttemptGlimpse>();
        foreach (var (since, until) in Glimpses.Ranges(hours))
        {
            await using var command = connection.Command(Hours, [("since", since), ("until", until)]);
            await using var row = await command.ExecuteReaderAsync(cancellation);
            while (await row.ReadAsync(cancellation))
            {
                found.Add(Glimpses.Read(row));
            }
        }

        return found;
    }
}
