using System.Data.Common;
using Sluice.Core.Advice;
using Sluice.Storage.Sql;

namespace Sluice.Storage.Postgres;

/// <summary>Answers from PostgreSQL.</summary>
internal sealed class PostgresLedgerQueries(PostgresDatabase database) : SqlLedgerQueries
{
    private const string Hours = $"SELECT {Glimpses.Columns} FROM attempts WHERE started_at >= @since AND started_at < @until AND outcome IS NOT NULL";

    protected override async Task<DbConnection> OpenAsync(CancellationToken cancellation) => await database.Source.OpenConnectionAsync(cancellation);

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
