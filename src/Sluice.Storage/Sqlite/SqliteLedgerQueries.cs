using System.Globalization;
using Microsoft.Data.Sqlite;
using Sluice.Core.Advice;
using Sluice.Core.Ledger;
using Sluice.Protocols.Errors;

namespace Sluice.Storage.Sqlite;

/// <summary>Reports from the sums by hour and by day, requests from the rows themselves.</summary>
internal sealed class SqliteLedgerQueries(SqliteDatabase database) : ILedgerQueries
{
    public Task<Report> ReportAsync(ReportQuery query, CancellationToken cancellation) => Task.Run(
        () =>
        {
            using var connection = database.OpenRead();
            using var command = connection.CreateCommand();
            command.CommandText = ReportSql.Of(query);
            Bind(command, query);
            using var row = command.ExecuteReader();
            var rows = new List<ReportRow>();
            while (row.Read())
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

    public Task<RequestTrail?> FindRequestAsync(string requestId, CancellationToken cancellation)
    {
        using var connection = database.OpenRead();
        RequestSettled? request = null;
        using (var command = connection.CreateCommand())
        {
            command.CommandText = $"SELECT {LedgerRows.RequestColumns} FROM requests WHERE request_id = $id";
            command.Parameters.AddWithValue("$id", requestId);
            using var row = command.ExecuteReader();
            if (row.Read())
            {
                request = LedgerRows.ReadRequest(row);
            }
        }

        var attempts = new List<AttemptTrail>();
        using (var command = connection.CreateCommand())
        {
            command.CommandText = $"SELECT {LedgerRows.StartColumns}, {LedgerRows.EndColumns} FROM attempts WHERE request_id = $id ORDER BY ordinal, id";
            command.Parameters.AddWithValue("$id", requestId);
            using var row = command.ExecuteReader();
            while (row.Read())
            {
                attempts.Add(new AttemptTrail(LedgerRows.ReadStart(row), LedgerRows.ReadEnd(row)));
            }
        }

        return Task.FromResult(request is null && attempts.Count == 0 ? null : new RequestTrail(request, attempts));
    }

    // Requests have no index by time or error: the end of the table is read, which is a bounded walk however long the ledger has been kept.
    public Task<IReadOnlyList<UnknownModel>> UnknownModelsAsync(DateTimeOffset since, CancellationToken cancellation) => Task.Run<IReadOnlyList<UnknownModel>>(
        () =>
        {
            using var connection = database.OpenRead();
            using var command = connection.CreateCommand();
            command.CommandText = """
                SELECT requested_model, COUNT(*) FROM requests
                WHERE id > (SELECT MAX(id) FROM requests) - 20000 AND started_at >= $since AND error = $error AND error_source = $source
                GROUP BY requested_model ORDER BY 2 DESC, 1 LIMIT 20
                """;
            command.Parameters.AddWithValue("$since", LedgerRows.Ms(since));
            command.Parameters.AddWithValue("$error", nameof(ErrorKind.ModelNotFound));
            command.Parameters.AddWithValue("$source", nameof(ErrorSource.Client));
            using var row = command.ExecuteReader();
            var found = new List<UnknownModel>();
            while (row.Read())
            {
                found.Add(new UnknownModel(row.GetString(0), row.GetInt64(1)));
            }

            return found;
        },
        cancellation);

    public Task<RequestList> ListRequestsAsync(RequestListQuery query, CancellationToken cancellation)
    {
        using var connection = database.OpenRead();
        return Task.FromResult(RequestListSql.Read(connection, query));
    }

    public Task<IReadOnlyList<UntracedSpending>> UntracedSpendingAsync(DateOnly since, DateOnly until, CancellationToken cancellation) => Task.Run(
        () =>
        {
            using var connection = database.OpenRead();
            return UntracedSpendingSql.Read(connection, since, until);
        },
        cancellation);

    public Task<IReadOnlyList<AttemptGlimpse>> AttemptsAsync(IReadOnlyCollection<DateTimeOffset> hours, CancellationToken cancellation) => Task.Run(
        () =>
        {
            using var connection = database.OpenRead();
            return AttemptHoursSql.Read(connection, hours, cancellation);
        },
        cancellation);

    private static void Bind(SqliteCommand command, ReportQuery query)
    {
        const long HourMs = 3_600_000;
        var since = LedgerRows.Ms(query.Since) / HourMs;
        var until = (LedgerRows.Ms(query.Until) + HourMs - 1) / HourMs;
        command.Parameters.AddWithValue("$since", since);
        command.Parameters.AddWithValue("$until", until);
        command.Parameters.AddWithValue("$limit", query.MaxRows + 1);
        command.Parameters.AddWithValue("$firstDay", ReportSql.IsHourly(query) ? (until / 24) + 1 : (since + 23) / 24);
        command.Parameters.AddWithValue("$lastDay", ReportSql.IsHourly(query) ? 0 : until / 24);
        if (query.WasteOnly)
        {
            command.Parameters.AddWithValue("$answered", AttemptCause.Answered);
            command.Parameters.AddWithValue("$cache", AttemptCause.Cache);
        }
    }

    private static ReportRow Read(SqliteDataReader row, ReportQuery query)
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
