using Microsoft.Data.Sqlite;
using Sluice.Core.Ledger;

namespace Sluice.Storage.Sqlite;

/// <summary>A page of the newest requests. Rows are numbered in the order in which they were settled, so the number is the place to go on from.</summary>
internal static class RequestListSql
{
    // Rows that one page looks through: where failures are rare, a page of them must not read a year. Some 10 ms.
    private const long MostRead = 20_000;

    private const string Page = $"""
        SELECT {LedgerRows.RequestColumns},
            (SELECT provider FROM attempts WHERE attempts.request_id = requests.request_id ORDER BY ordinal DESC LIMIT 1),
            (SELECT COALESCE(SUM(cost_nano), 0) FROM attempts WHERE attempts.request_id = requests.request_id),
            (SELECT COALESCE(SUM(unpriced), 0) FROM attempts WHERE attempts.request_id = requests.request_id),
            id
        FROM requests
        WHERE id < $before AND id >= $floor AND ($failed = 0 OR status >= 400 OR error IS NOT NULL)
        ORDER BY id DESC LIMIT $limit
        """;

    public static RequestList Read(SqliteConnection connection, RequestListQuery query)
    {
        var before = query.Before ?? Newest(connection) + 1;
        var floor = Math.Max(1, before - MostRead);
        using var command = connection.CreateCommand();
        command.CommandText = Page;
        command.Parameters.AddWithValue("$before", before);
        command.Parameters.AddWithValue("$floor", floor);
        command.Parameters.AddWithValue("$failed", query.FailedOnly);
        command.Parameters.AddWithValue("$limit", query.Limit);

        var lines = new List<RequestLine>(query.Limit);
        var last = floor;
        using var row = command.ExecuteReader();
        while (row.Read())
        {
            const int At = LedgerRows.RequestCount;
            lines.Add(new RequestLine(LedgerRows.ReadRequest(row), row.IsDBNull(At) ? null : row.GetString(At), row.GetInt64(At + 1), row.GetInt64(At + 2)));
            last = row.GetInt64(At + 3);
        }

        var next = lines.Count == query.Limit ? last : floor;
        return new RequestList(lines, next > 1 ? next : null);
    }

    private static long Newest(SqliteConnection connection)
    {
        using var command = connection.CreateCommand();
        command.CommandText = "SELECT COALESCE(MAX(id), 0) FROM requests";
        return (long)command.ExecuteScalar()!;
    }
}
