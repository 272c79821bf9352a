using Npgsql;
using NpgsqlTypes;
using Sluice.Core.Ledger;
using Sluice.Storage.Sql;

namespace Sluice.Storage.Postgres;

/// <summary>
/// Stores batches of one node's journal, each in a handful of statements: a round trip more for a batch is a millisecond, a row more is some
/// microseconds. Rows are inserted in the order of the journal, which two nodes share where a data folder was copied, and locked by rising ids; sums have
/// an order of their own (<see cref="PostgresUsageSums"/>).
/// </summary>
/// <param name="database">Shared with other nodes.</param>
/// <param name="node">Whose journal this is.</param>
/// <param name="time">Tells when attempts of other nodes have been left behind.</param>
internal sealed class PostgresLedgerSink(PostgresDatabase database, string node, TimeProvider time) : ILedgerSink
{
    /// <summary>
    /// From this age on any node may complete an attempt of another: nothing that is asked of a provider takes longer than a day, and what a node could not
    /// ship meanwhile has two hours to arrive. A node that is away for longer has its last attempts charged by their estimates.
    /// </summary>
    internal static readonly TimeSpan LeftBehind = TimeSpan.FromHours(26);

    private static readonly TimeSpan SweepEvery = TimeSpan.FromHours(1);
    private const int SweepRows = 1000;

    private const string StartTypes = "ttibttttttttttttbb";
    private const string EndTypes = "bttittbbbbbbbbbbtbtffbftt";
    private const string RequestTypes = "tbbtttttttttfitttttittt";

    private static readonly string AddAttempts = $"""
        INSERT INTO attempts (node, {LedgerRows.StartColumns}, {LedgerRows.EndColumns})
        SELECT $1, v.* FROM unnest({ColumnArrays.Parameters(2, LedgerRows.StartCount + LedgerRows.EndCount)}) AS v
        ON CONFLICT (attempt_id) DO NOTHING RETURNING attempt_id
        """;

    private static readonly string AddRequests = $"""
        INSERT INTO requests ({LedgerRows.RequestColumns})
        SELECT * FROM unnest({ColumnArrays.Parameters(1, LedgerRows.RequestCount)})
        ON CONFLICT (request_id) DO NOTHING RETURNING request_id
        """;

    // Only a running attempt can end: the first end counts, so nothing is charged twice.
    private static readonly string Settle = $"""
        WITH held AS (SELECT id FROM attempts WHERE attempt_id = ANY ($1) AND ended_at IS NULL ORDER BY attempt_id FOR UPDATE)
        UPDATE attempts AS a SET ({LedgerRows.EndColumns}) = ROW ({Prefixed("v", LedgerRows.EndColumns)})
        FROM held, unnest({ColumnArrays.Parameters(1, 1 + LedgerRows.EndCount)}) AS v (attempt_id, {LedgerRows.EndColumns})
        WHERE a.id = held.id AND v.attempt_id = a.attempt_id AND a.ended_at IS NULL
        RETURNING {Prefixed("a", LedgerRows.StartColumns)}
        """;

    private readonly PostgresUsageSums _sums = new();
    private int? _number;
    private DateTimeOffset _nextSweep = DateTimeOffset.MinValue;

    public async Task<JournalPosition> ReadPositionAsync(CancellationToken cancellation)
    {
        await using var connection = await database.ConnectAsync(cancellation);
        await using var command = new NpgsqlCommand("""SELECT segment, "offset" FROM ledger_nodes WHERE id = $1""", connection);
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = node });
        await using var row = await command.ExecuteReaderAsync(cancellation);
        return await row.ReadAsync(cancellation) ? new JournalPosition(row.GetInt64(0), row.GetInt64(1)) : default;
    }

    public async Task<int> StoreAsync(LedgerBatch batch, JournalPosition position, CancellationToken cancellation)
    {
        if (time.GetUtcNow() >= _nextSweep)
        {
            await CompleteAsync("ended_at IS NULL AND node <> $1 AND started_at < $2", time.GetUtcNow(), cancellation);
            _nextSweep = time.GetUtcNow() + SweepEvery;
        }

        return await WriteAsync(
            async (work, number) =>
            {
                var sums = new UsageSums();
                var orphans = await StoreAsync(batch, number, sums, work);
                await work.WriteAsync(sums, _sums, position, number, node);
                return orphans;
            },
            cancellation);
    }

    public async Task<int> CompleteAbandonedAsync(DateTimeOffset now, CancellationToken cancellation)
    {
        var completed = await CompleteAsync("ended_at IS NULL AND (node = $1 OR started_at < $2)", now, cancellation);
        _nextSweep = now + SweepEvery;
        return completed;
    }

    private static string Prefixed(string alias, string columns) => string.Join(", ", columns.Split(", ").Select(column => $"{alias}.{column}"));

    private static async Task<int> StoreAsync(LedgerBatch batch, int number, UsageSums sums, Transaction work)
    {
        var starts = new Dictionary<string, AttemptStarted>(batch.Started.Count);
        foreach (var start in batch.Started)
        {
            starts.TryAdd(start.AttemptId, start);
        }

        var ends = new Dictionary<string, AttemptSettled>(batch.Settled.Count);
        foreach (var end in batch.Settled)
        {
            ends.TryAdd(end.AttemptId, end);
        }

        // An attempt whose start and end are in one batch is one row of one insert; one that goes on is the same with nothing behind.
        var nothing = new object?[LedgerRows.EndCount];
        var rows = starts.Values.Select(start => (object?[])[.. LedgerRows.Values(start), .. ends.TryGetValue(start.AttemptId, out var end) ? LedgerRows.Values(end) : nothing]).ToList();
        var requests = batch.Requests.DistinctBy(request => request.RequestId).ToList();
        var (newAttempts, newRequests) = await work.InsertAsync(rows, number, requests);
        foreach (var id in newAttempts)
        {
            if (ends.Remove(id, out var end))
            {
                sums.Add(starts[id], end);
            }
        }

        foreach (var request in requests.Where(request => request.Attempts == 0 && newRequests.Contains(request.RequestId)))
        {
            sums.Add(request);
        }

        // Their starts came with an earlier batch, or all of this was stored before.
        return await work.SettleAsync(ends, sums);
    }

    /// <summary>Completes attempts whose process is gone, the numbers of which come first; a thousand at a time.</summary>
    private async Task<int> CompleteAsync(string condition, DateTimeOffset now, CancellationToken cancellation)
    {
        var all = 0;
        while (true)
        {
            var completed = await WriteAsync(
                async (work, number) =>
                {
                    var running = await work.RunningAsync(condition, number, LedgerRows.Ms(now - LeftBehind));
                    var sums = new UsageSums();
                    await work.SettleAsync(running.ToDictionary(start => start.AttemptId, start => LedgerRows.Abandoned(start, now)), sums);
                    await work.WriteAsync(sums, _sums, null, number, node);
                    return running.Count;
                },
                cancellation);
            all += completed;
            if (completed < SweepRows)
            {
                return all;
            }
        }
    }

    private async Task<int> WriteAsync(Func<Transaction, int, Task<int>> work, CancellationToken cancellation)
    {
        try
        {
            var number = _number ??= await NumberAsync(cancellation);
            return await database.WriteAsync((connection, transaction) => work(new Transaction(connection, transaction, cancellation), number), cancellation);
        }
        catch
        {
            // Whether it was committed is not known; what was found in it may not exist.
            _sums.Forget();
            _number = null;
            throw;
        }
    }

    private async Task<int> NumberAsync(CancellationToken cancellation)
    {
        await using var connection = await database.ConnectAsync(cancellation);
        await using var batch = new NpgsqlBatch(connection);
        batch.BatchCommands.Add(new NpgsqlBatchCommand("INSERT INTO ledger_nodes (id) VALUES ($1) ON CONFLICT (id) DO NOTHING") { Parameters = { new NpgsqlParameter<string> { TypedValue = node } } });
        batch.BatchCommands.Add(new NpgsqlBatchCommand("SELECT number FROM ledger_nodes WHERE id = $1") { Parameters = { new NpgsqlParameter<string> { TypedValue = node } } });
        return (int)(await batch.ExecuteScalarAsync(cancellation))!;
    }

    /// <summary>The statements of one batch.</summary>
    private sealed class Transaction(NpgsqlConnection connection, NpgsqlTransaction transaction, CancellationToken cancellation)
    {
        /// <returns>The ids that were not there before.</returns>
        public async Task<(HashSet<string> Attempts, HashSet<string> Requests)> InsertAsync(List<object?[]> rows, int number, List<RequestSettled> requests)
        {
            await using var batch = new NpgsqlBatch(connection, transaction);
            // Each answers with its ids, so both are asked even where there is nothing to insert.
            var attempts = new NpgsqlBatchCommand(AddAttempts) { Parameters = { new NpgsqlParameter<int> { TypedValue = number } } };
            ColumnArrays.Add(attempts.Parameters, StartTypes + EndTypes, rows);
            batch.BatchCommands.Add(attempts);
            var whole = new NpgsqlBatchCommand(AddRequests);
            ColumnArrays.Add(whole.Parameters, RequestTypes, [.. requests.Select(LedgerRows.Values)]);
            batch.BatchCommands.Add(whole);

            await using var row = await batch.ExecuteReaderAsync(cancellation);
            var newAttempts = await IdsAsync(row);
            await row.NextResultAsync(cancellation);
            return (newAttempts, await IdsAsync(row));
        }

        /// <summary>Attempts that have no end and that nobody else is completing now.</summary>
        public async Task<List<AttemptStarted>> RunningAsync(string condition, int number, long before)
        {
            await using var command = new NpgsqlCommand($"SELECT {LedgerRows.StartColumns} FROM attempts WHERE {condition} ORDER BY attempt_id LIMIT {SweepRows} FOR UPDATE SKIP LOCKED", connection, transaction)
            {
                Parameters = { new NpgsqlParameter<int> { TypedValue = number }, new NpgsqlParameter<long> { TypedValue = before } },
            };
            await using var row = await command.ExecuteReaderAsync(cancellation);
            var running = new List<AttemptStarted>();
            while (await row.ReadAsync(cancellation))
            {
                running.Add(LedgerRows.ReadStart(row));
            }

            return running;
        }

        /// <summary>Ends attempts that are in the store.</summary>
        /// <returns>Ends of attempts that are not.</returns>
        public async Task<int> SettleAsync(Dictionary<string, AttemptSettled> ends, UsageSums sums)
        {
            if (ends.Count == 0)
            {
                return 0;
            }

            await using var command = new NpgsqlCommand(Settle, connection, transaction);
            ColumnArrays.Add(command.Parameters, "t" + EndTypes, [.. ends.Select(end => (object?[])[end.Key, .. LedgerRows.Values(end.Value)])]);
            await using (var row = await command.ExecuteReaderAsync(cancellation))
            {
                while (await row.ReadAsync(cancellation))
                {
                    var start = LedgerRows.ReadStart(row);
                    ends.Remove(start.AttemptId, out var end);
                    sums.Add(start, end!);
                }
            }

            if (ends.Count == 0)
            {
                return 0;
            }

            await using var ended = new NpgsqlCommand("SELECT attempt_id FROM attempts WHERE attempt_id = ANY ($1)", connection, transaction) { Parameters = { ColumnArrays.Of(ends.Keys.ToArray(), NpgsqlDbType.Text) } };
            await using var known = await ended.ExecuteReaderAsync(cancellation);
            return ends.Count - (await IdsAsync(known)).Count;
        }

        /// <summary>Adds the sums and takes the journal's position on; last, since other nodes wait from here on.</summary>
        /// <exception cref="InvalidOperationException">The node is not in the database any more: it is another database than before.</exception>
        public async Task WriteAsync(UsageSums sums, PostgresUsageSums numbers, JournalPosition? position, int number, string node)
        {
            await using var batch = new NpgsqlBatch(connection, transaction);
            foreach (var command in await numbers.PrepareAsync(sums, connection, transaction, cancellation))
            {
                batch.BatchCommands.Add(command);
            }

            var move = position is not { } reached ? null : new NpgsqlBatchCommand("""UPDATE ledger_nodes SET segment = $1, "offset" = $2 WHERE number = $3 AND id = $4""")
            {
                Parameters =
                {
                    new NpgsqlParameter<long> { TypedValue = reached.Segment }, new NpgsqlParameter<long> { TypedValue = reached.Offset },
                    new NpgsqlParameter<int> { TypedValue = number }, new NpgsqlParameter<string> { TypedValue = node },
                },
            };
            if (move is not null)
            {
                batch.BatchCommands.Add(move);
            }

            if (batch.BatchCommands.Count > 0)
            {
                await batch.ExecuteNonQueryAsync(cancellation);
            }

            if (move is { RecordsAffected: 0 })
            {
                throw new InvalidOperationException("The database does not know this node any more.");
            }
        }

        private async Task<HashSet<string>> IdsAsync(NpgsqlDataReader row)
        {
            var ids = new HashSet<string>();
            while (await row.ReadAsync(cancellation))
            {
                ids.Add(row.GetString(0));
            }

            return ids;
        }
    }
}
