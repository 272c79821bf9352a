using System.Data.Common;
using Sluice.Core.Advice;

namespace Sluice.Storage.Sql;

/// <summary>
/// Spending that nothing leads back to any work. The sums know projects and sessions, not tags: so what requests with tags alone cost is taken off.
/// The sums without a session lie beside each other, whatever the ledger's size.
/// </summary>
internal static class UntracedSpendingSql
{
    private const string Text = """
        SELECT "user", CAST(SUM(cost) AS BIGINT) FROM (
            SELECT s."user" AS "user", u.cost_nano AS cost
            FROM usage_session_day AS u JOIN usage_series AS s ON s.id = u.series
            WHERE u.session = 0 AND s.project = '' AND u.day >= @since AND u.day < @until
            UNION ALL
            SELECT r."user", -a.cost_nano
            FROM requests AS r JOIN attempts AS a ON a.request_id = r.request_id
            WHERE r.tags IS NOT NULL AND r.project IS NULL AND r.session IS NULL AND r.started_at >= @since * 86400000 AND r.started_at < @until * 86400000
              AND a.cost_nano IS NOT NULL) AS spent
        GROUP BY "user" HAVING SUM(cost) > 0 ORDER BY 2 DESC, 1
        """;

    public static async Task<IReadOnlyList<UntracedSpending>> ReadAsync(DbConnection connection, DateOnly since, DateOnly until, CancellationToken cancellation)
    {
        await using var command = connection.Command(Text, [("since", DaysSince1970(since)), ("until", DaysSince1970(until))]);
        await using var row = await command.ExecuteReaderAsync(cancellation);
        var found = new List<UntracedSpending>();
        while (await row.ReadAsync(cancellation))
        {
            found.Add(new UntracedSpending(row.GetString(0), row.GetInt64(1)));
        }

        return found;
    }

    private static long DaysSince1970(DateOnly day) => day.DayNumber - DateOnly.FromDateTime(DateTime.UnixEpoch).DayNumber;
}
