using System.Data.Common;
using Sluice.Core.Ledger;

namespace Sluice.Storage.Sql;

/// <summary>A page of the newest requests. Rows are numbered in the order in which they were settled, so the number is the place to go on from.</summary>
internal static class RequestListSql
{
    // Rows that one page looks through: where failures are rare, a page of them must not read a year. Some 10 ms.
    private const long MostRead = 20_000;

    private const string Page = $"""
        SELECT {LedgerRows.RequestColumns},
            (SELECT provider FROM attempts WHERE attempts.request_id = requests.request_id ORDER BY ordinal DESC LIMIT 1),
            (SELECT CAST(COALESCE(SUM(cost_nano), 0) AS BIGINT) FROM attempts WHERE attempts.request_id = requests.request_id),
            (SELECT COUNT(*) FROM attempts WHERE attempts.request_id = requests.request_id AND unpriced),
            id
        FROM requests
        WHERE id < @before AND id >= @floor AND (@all OR status >= 400 OR error IS NOT NULL)
        ORDER BY id DESC LIMIT @limit
        """;

    public static async Task<RequestList> ReadAsync(DbConnection connection, RequestListQuery query, CancellationToken cancellation)
    {
        var before = query.Before ?? await NewestAsync(connection, cancellation) + 1;
        var floor = Math.Max(1, before - MostRead);
        await using var command = connection.Command(Page, [("before", before), ("floor", floor), ("all", !query.FailedOnly), ("limit", query.Limit)]);

        var lines = new List<RequestLine>(query.Limit);
        var last = floor;
        await using var row = await command.ExecuteReaderAsync(cancellation);
        while (await row.ReadAsync(cancellation))
        {
            const int At = LedgerRows.RequestCount;
            lines.Add(new RequestLine(LedgerRows.ReadRequest(row), row.IsDBNull(At) ? null : row.GetString(At), row.GetInt64(At + 1), row.GetInt64(At + 2)));
            last = row.GetInt64(At + 3);
        }

        var next = lines.Count == query.Limit ? last : floor;
        return new RequestList(lines, next > 1 ? next : null);
    }

    private static async Task<long> NewestAsync(DbConnection connection, CancellationToken cancellation)
    {
        await using var command = connection.Command("SELECT COALESCE(MAX(id), 0) FROM requests", []);
        return (long)(await command.ExecuteScalarAsync(cancellation))!;
    }
}
