using System.Globalization;
using Microsoft.Data.Sqlite;
using Sluice.Core.Ledger;

namespace Sluice.Storage.Sqlite;

/// <summary>Reports from the sums by hour and by day, requests from the rows themselves.</summary>
internal sealed class SqliteLedgerQueries(SqliteDatabase database) : ILedgerQueries
{
    private const string Measures =
        "SUM(requests) AS requests, SUM(attempts) AS attempts, SUM(input) AS input, SUM(cache_read) AS cache_read, SUM(cache_write_5m) AS cache_write_5m, SUM(cache_write_1h) AS cache_write_1h, SUM(output) AS output, SUM(reasoning) AS reasoning, SUM(audio_input) AS audio_input, SUM(audio_output) AS audio_output, SUM(web_searches) AS web_searches, SUM(cost_nano) AS cost_nano, SUM(estimated) AS estimated, SUM(unpriced) AS unpriced";

    public Task<Report> ReportAsync(ReportQuery query, CancellationToken cancellation) => Task.Run(
        () =>
        {
            using var connection = database.OpenRead();
            using var command = connection.CreateCommand();
            command.CommandText = Sql(query);
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

    /// <summary>
    /// Whole days come from the daily sums, the ragged edges (or everything, when sessions are asked for) from the hourly ones. The inner query
    /// sums by series first, so that names are joined to a few thousand rows only. Every piece of the text comes from the closed enum, never
    /// from a caller.
    /// </summary>
    private static string Sql(ReportQuery query)
    {
        var bySession = query.By.Contains(ReportDimension.Session);
        var byDay = query.By.Contains(ReportDimension.Day);
        var extra = (byDay ? ", day" : "") + (bySession ? ", session" : "");
        var hourly = $"SELECT series{(byDay ? ", hour / 24 AS day" : "")}{(bySession ? ", session" : "")}, {Measures} FROM usage_hour";
        var grouped = $"GROUP BY series{extra}";
        var source = bySession
            ? $"{hourly} WHERE hour >= $since AND hour < $until {grouped}"
            : $"""
               {hourly} WHERE hour >= $since AND hour < MIN($until, $firstDay * 24) {grouped}
               UNION ALL
               SELECT series{(byDay ? ", day" : "")}, {Measures} FROM usage_day WHERE day >= $firstDay AND day < $lastDay {grouped}
               UNION ALL
               {hourly} WHERE hour >= MAX($firstDay, $lastDay) * 24 AND hour < $until {grouped}
               """;
        var names = string.Concat(query.By.Select(dimension => Column(dimension) + ", "));
        var groups = string.Join(", ", query.By.Select(Column));
        return $"""
            SELECT {names}{Measures}
            FROM ({source}) AS u
            JOIN usage_series AS s ON s.id = u.series
            {(bySession ? "LEFT JOIN usage_sessions AS n ON n.id = u.session" : "")}
            {(query.WasteOnly ? "WHERE s.cause <> $answered" : "")}
            {(groups.Length == 0 ? "" : "GROUP BY " + groups)}
            ORDER BY SUM(cost_nano) DESC, SUM(attempts) DESC{(groups.Length == 0 ? "" : ", " + groups)}
            LIMIT $limit
            """;
    }

    private static void Bind(SqliteCommand command, ReportQuery query)
    {
        const long HourMs = 3_600_000;
        var since = LedgerRows.Ms(query.Since) / HourMs;
        var until = (LedgerRows.Ms(query.Until) + HourMs - 1) / HourMs;
        command.Parameters.AddWithValue("$since", since);
        command.Parameters.AddWithValue("$until", until);
        command.Parameters.AddWithValue("$limit", query.MaxRows + 1);
        if (!query.By.Contains(ReportDimension.Session))
        {
            command.Parameters.AddWithValue("$firstDay", (since + 23) / 24);
            command.Parameters.AddWithValue("$lastDay", until / 24);
        }

        if (query.WasteOnly)
        {
            command.Parameters.AddWithValue("$answered", AttemptCause.Answered);
        }
    }

    private static string Column(ReportDimension dimension) => dimension switch
    {
        ReportDimension.User => "s.user",
        ReportDimension.Team => "s.team",
        ReportDimension.Project => "s.project",
        ReportDimension.Model => "s.model",
        ReportDimension.Session => "n.session",
        ReportDimension.Client => "s.client",
        ReportDimension.Provider => "s.provider",
        ReportDimension.Cause => "s.cause",
        ReportDimension.Day => "u.day",
        ReportDimension.Key => "s.key_id",
        _ => throw new ArgumentOutOfRangeException(nameof(dimension), dimension, "Not a dimension."),
    };

    private static ReportRow Read(SqliteDataReader row, ReportQuery query)
    {
        var keys = new string?[query.By.Count];
        for (var i = 0; i < keys.Length; i++)
        {
            keys[i] = query.By[i] == ReportDimension.Day
                ? DateTimeOffset.UnixEpoch.AddDays(row.GetInt64(i)).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture)
                : row.IsDBNull(i) || row.GetString(i).Length == 0 ? null : row.GetString(i);
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
