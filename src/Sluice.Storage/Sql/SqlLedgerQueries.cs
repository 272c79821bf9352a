using System.Data.Common;
using System.Globalization;
using Sluice.Core.Advice;
using Sluice.Core.Ledger;
using Sluice.Protocols.Errors;

namespace Sluice.Storage.Sql;

/// <summary>Reports from the sums by hour and by day, requests from the rows themselves, in words that both stores take.</summary>
internal abstract class SqlLedgerQueries : ILedgerQueries
{
    public Task<Report> ReportAsync(ReportQuery query, CancellationToken cancellation) => ReadAsync(
        async connection =>
        {
            await PrepareAsync(connection, query, cancellation);
            await using var command = connection.Command(ReportSql.Of(query), ReportSql.Parameters(query));
            await using var row = await command.ExecuteReaderAsync(cancellation);
            var rows = new List<ReportRow>();
            while (await row.ReadAsync(cancellation))
            {
                cancellation.ThrowIfCancellationRequested();
                if (rows.Count == query.MaxRows)
                {
                    return new Report(rows, Truncated: true);
                }

                // Without dimensions SQL answers one row of nulls for "nothing at all".
                if (!row.IsDBNull(query.By.Count))
                {
                    rows.Add(Read(row, query));
                }
            }

            return new Report(rows, Truncated: false);
        },
        cancellation);

    public Task<RequestTrail?> FindRequestAsync(string requestId, CancellationToken cancellation) => ReadAsync(
        async connection =>
        {
            RequestSettled? request = null;
            await using (var command = connection.Command($"SELECT {LedgerRows.RequestColumns} FROM requests WHERE request_id = @id", [("id", requestId)]))
            await using (var row = await command.ExecuteReaderAsync(cancellation))
            {
                if (await row.ReadAsync(cancellation))
                {
                    request = LedgerRows.ReadRequest(row);
                }
            }

            var attempts = new List<AttemptTrail>();
            await using (var command = connection.Command($"SELECT {LedgerRows.StartColumns}, {LedgerRows.EndColumns} FROM attempts WHERE request_id = @id ORDER BY ordinal, id", [("id", requestId)]))
            await using (var row = await command.ExecuteReaderAsync(cancellation))
            {
                while (await row.ReadAsync(cancellation))
                {
                    attempts.Add(new AttemptTrail(LedgerRows.ReadStart(row), LedgerRows.ReadEnd(row)));
                }
            }

            return request is null && attempts.Count == 0 ? null : new RequestTrail(request, attempts);
        },
        cancellation);

    // Requests have no index by time or error: the end of the table is read, which is a bounded walk however long the ledger has been kept.
    public Task<IReadOnlyList<UnknownModel>> UnknownModelsAsync(DateTimeOffset since, CancellationToken cancellation) => ReadAsync<IReadOnlyList<UnknownModel>>(
        async connection =>
        {
            await using var command = connection.Command(
                """
                SELECT requested_model, COUNT(*) FROM requests
                WHERE id > (SELECT MAX(id) FROM requests) - 20000 AND started_at >= @since AND error = @error AND error_source = @source
                GROUP BY requested_model ORDER BY 2 DESC, 1 LIMIT 20
                """,
                [("since", LedgerRows.Ms(since)), ("error", nameof(ErrorKind.ModelNotFound)), ("source", nameof(ErrorSource.Client))]);
            await using var row = await command.ExecuteReaderAsync(cancellation);
            var found = new List<UnknownModel>();
            while (await row.ReadAsync(cancellation))
            {
                found.Add(new UnknownModel(row.GetString(0), row.GetInt64(1)));
            }

            return found;
        },
        cancellation);

    public Task<RequestList> ListRequestsAsync(RequestListQuery query, CancellationToken cancellation) =>
        ReadAsync(connection => RequestListSql.ReadAsync(connection, query, cancellation), cancellation);

    public Task<IReadOnlyList<UntracedSpending>> UntracedSpendingAsync(DateOnly since, DateOnly until, CancellationToken cancellation) =>
        ReadAsync(connection => UntracedSpendingSql.ReadAsync(connection, since, until, cancellation), cancellation);

    public Task<IReadOnlyList<AttemptGlimpse>> AttemptsAsync(IReadOnlyCollection<DateTimeOffset> hours, CancellationToken cancellation) =>
        ReadAsync(connection => AttemptsAsync(connection, hours, cancellation), cancellation);

    /// <summary>A connection for reading.</summary>
    protected abstract Task<DbConnection> OpenAsync(CancellationToken cancellation);

    /// <summary>Tells the store what it cannot find out about a report by itself.</summary>
    protected virtual Task PrepareAsync(DbConnection connection, ReportQuery query, CancellationToken cancellation) => Task.CompletedTask;

    /// <summary>The attempts of some hours; how they are found by time is each store's own.</summary>
    protected abstract Task<IReadOnlyList<AttemptGlimpse>> AttemptsAsync(DbConnection connection, IReadOnlyCollection<DateTimeOffset> hours, CancellationToken cancellation);

    // SQLite does its work on the thread that asks, however its methods are called.
    private Task<T> ReadAsync<T>(Func<DbConnection, Task<T>> read, CancellationToken cancellation) => Task.Run(
        async () =>
        {
            await using var connection = await OpenAsync(cancellation);
            return await read(connection);
        },
        cancellation);

    private static ReportRow Read(DbDataReader row, ReportQuery query)
    {
        var keys = new string?[query.By.Count];
        for (var i = 0; i < keys.Length; i++)
        {
            keys[i] = query.By[i] switch
            {
                ReportDimension.Day => DateTimeOffset.UnixEpoch.AddDays(row.GetInt64(i)).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture),
                ReportDimension.Week => DateTimeOffset.UnixEpoch.AddDays((row.GetInt64(i) * 7) - ReportSql.DaysFromMonday).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture),
                ReportDimension.Hour => DateTimeOffset.UnixEpoch.AddHours(row.GetInt64(i)).ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture),
                _ => row.IsDBNull(i) || row.GetString(i).Length == 0 ? null : row.GetString(i),
            };
        }

        var at = keys.Length;
        return new ReportRow
        {
            Keys = keys,
            Requests = row.GetInt64(at),
            Attempts = row.GetInt64(at + 1),
            Input = row.GetInt64(at + 2),
            CacheRead = row.GetInt64(at + 3),
            CacheWrite5m = row.GetInt64(at + 4),
            CacheWrite1h = row.GetInt64(at + 5),
            Output = row.GetInt64(at + 6),
            Reasoning = row.GetInt64(at + 7),
            AudioInput = row.GetInt64(at + 8),
            AudioOutput = row.GetInt64(at + 9),
            WebSearches = row.GetInt64(at + 10),
            CostNanoUsd = row.GetInt64(at + 11),
            Estimated = row.GetInt64(at + 12),
            Unpriced = row.GetInt64(at + 13),
        };
    }
}
