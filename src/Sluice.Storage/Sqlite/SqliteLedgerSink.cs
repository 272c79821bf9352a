using Microsoft.Data.Sqlite;
using Sluice.Core.Ledger;
using Sluice.Protocols.Conversation;
using Sluice.Storage.Sql;

namespace Sluice.Storage.Sqlite;

/// <summary>Stores batches of the journal. Statements are compiled once and live as long as the writing connection.</summary>
internal sealed class SqliteLedgerSink(SqliteDatabase database) : ILedgerSink
{
    private Statements? _statements;

    public Task<JournalPosition> ReadPositionAsync(CancellationToken cancellation)
    {
        using var connection = database.OpenRead();
        using var command = connection.CreateCommand();
        command.CommandText = "SELECT segment, offset FROM journal_position";
        using var row = command.ExecuteReader();
        return Task.FromResult(row.Read() ? new JournalPosition(row.GetInt64(0), row.GetInt64(1)) : default);
    }

    public Task<int> StoreAsync(LedgerBatch batch, JournalPosition position, CancellationToken cancellation) =>
        WriteAsync(
            (statements, transaction) =>
            {
                var orphans = StoreAttempts(batch, statements, transaction);
                foreach (var request in batch.Requests)
                {
                    if (statements.AddRequest.Execute(LedgerRows.Values(request)) == 1 && request.Attempts == 0)
                    {
                        statements.Rollup.Add(request);
                    }
                }

                statements.SetPosition.Execute(position.Segment, position.Offset);
                return orphans;
            },
            cancellation);

    public Task<int> CompleteAbandonedAsync(DateTimeOffset now, CancellationToken cancellation) =>
        WriteAsync(
            (statements, transaction) =>
            {
                var running = ReadStarts("ended_at IS NULL", null, transaction);
                foreach (var start in running)
                {
                    Settle(start, LedgerRows.Abandoned(start, now), statements);
                }

                return running.Count;
            },
            cancellation);

    /// <summary>An attempt whose start and end are in one batch, as most are, becomes one insert.</summary>
    private static int StoreAttempts(LedgerBatch batch, Statements statements, SqliteTransaction transaction)
    {
        var starts = new Dictionary<string, AttemptStarted>(batch.Started.Count);
        foreach (var start in batch.Started)
        {
            starts.TryAdd(start.AttemptId, start);
        }

        var orphans = 0;
        foreach (var end in batch.Settled)
        {
            if (starts.Remove(end.AttemptId, out var start)
                && statements.AddWhole.Execute([.. LedgerRows.Values(start), .. LedgerRows.Values(end)]) == 1)
            {
                statements.Rollup.Add(start, end);
                continue;
            }

            // The start came with an earlier batch, or all of this was stored before.
            start = FindStart(end.AttemptId, transaction);
            if (start is null)
            {
                orphans++;
            }
            else
            {
                Settle(start, end, statements);
            }
        }

        foreach (var start in starts.Values)
        {
            statements.AddStart.Execute(LedgerRows.Values(start));
        }

        return orphans;
    }

    private static AttemptStarted? FindStart(string attemptId, SqliteTransaction transaction) =>
        ReadStarts("attempt_id = $id", attemptId, transaction) is [var start] ? start : null;

    private static List<AttemptStarted> ReadStarts(string condition, string? attemptId, SqliteTransaction transaction)
    {
        using var command = transaction.Connection!.CreateCommand();
        command.Transaction = transaction;
        command.CommandText = $"SELECT {LedgerRows.StartColumns} FROM attempts WHERE {condition}";
        if (attemptId is not null)
        {
            command.Parameters.AddWithValue("$id", attemptId);
        }

        using var rows = command.ExecuteReader();
        var starts = new List<AttemptStarted>();
        while (rows.Read())
        {
            starts.Add(LedgerRows.ReadStart(rows));
        }

        return starts;
    }

    private static void Settle(AttemptStarted start, AttemptSettled end, Statements statements)
    {
        // Only a running attempt can end: the first end counts, so nothing is charged twice.
        if (statements.Settle.Execute([.. LedgerRows.Values(end), start.AttemptId]) == 1)
        {
            statements.Rollup.Add(start, end);
        }
    }

    /// <summary>Numbers from ?<paramref name="first"/> on, for a VALUES list.</summary>
    private static string Parameters(int first, int count) => string.Join(", ", Enumerable.Range(first, count).Select(number => $"?{number}"));

    private Task<int> WriteAsync(Func<Statements, SqliteTransaction, int> work, CancellationToken cancellation) =>
        database.WriteAsync(
            (connection, transaction) =>
            {
                var statements = _statements ??= new Statements(connection);
                try
                {
                    var result = work(statements, transaction);
                    statements.Rollup.Write();
                    return result;
                }
                catch
                {
                    statements.Rollup.Forget();
                    throw;
                }
            },
            cancellation);

    private sealed class Statements(SqliteConnection connection)
    {
        public PreparedStatement AddWhole { get; } = new(connection, $"""
            INSERT INTO attempts ({LedgerRows.StartColumns}, {LedgerRows.EndColumns})
            VALUES ({Parameters(1, LedgerRows.StartCount + LedgerRows.EndCount)}) ON CONFLICT (attempt_id) DO NOTHING
            """);

        public PreparedStatement AddStart { get; } = new(connection, $"""
            INSERT INTO attempts ({LedgerRows.StartColumns}) VALUES ({Parameters(1, LedgerRows.StartCount)})
            ON CONFLICT (attempt_id) DO NOTHING
            """);

        public PreparedStatement Settle { get; } = new(connection, $"""
            UPDATE attempts SET ({LedgerRows.EndColumns}) = ({Parameters(1, LedgerRows.EndCount)})
            WHERE attempt_id = ?{LedgerRows.EndCount + 1} AND ended_at IS NULL
            """);

        public PreparedStatement AddRequest { get; } = new(connection, $"""
            INSERT INTO requests ({LedgerRows.RequestColumns}) VALUES ({Parameters(1, LedgerRows.RequestCount)})
            ON CONFLICT (request_id) DO NOTHING
            """);

        public PreparedStatement SetPosition { get; } = new(connection, """
            INSERT INTO journal_position (only, segment, offset) VALUES (1, ?1, ?2)
            ON CONFLICT (only) DO UPDATE SET segment = excluded.segment, offset = excluded.offset
            """);

        public UsageRollup Rollup { get; } = new(connection);
    }
}
