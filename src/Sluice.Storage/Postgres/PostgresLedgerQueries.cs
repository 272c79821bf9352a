using System.Data.Common;
using Npgsql;
using Sluice.Core.Advice;
using Sluice.Storage.Sql;

namespace Sluice.Storage.Postgres;

/// <summary>Answers from PostgreSQL.</summary>
internal sealed class PostgresLedgerQueries(PostgresDatabase database) : SqlLedgerQueries
{
    private const string Hours = $"SELECT {Glimpses.Columns} FROM attempts WHERE started_at >= @since AND started_at < @until AND outcome IS NOT NULL";

    // Compiling a report takes longer than it saves, and the sums of a year's sessions fit into this memory instead of files. The driver takes both
    // back with the connection.
    private const string ForReports = "SET jit = off; SET work_mem = '64MB'";

    protected override async Task<DbConnection> OpenAsync(CancellationToken cancellation)
    {
        var connection = await database.Source.OpenConnectionAsync(cancellation);
        try
        {
            await using var command = new NpgsqlCommand(ForReports, connection);
            await command.ExecuteNonQueryAsync(cancellation);
            return connection;
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
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
