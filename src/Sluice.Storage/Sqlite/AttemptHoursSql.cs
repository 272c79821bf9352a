using Microsoft.Data.Sqlite;
using Sluice.Core.Advice;
using Sluice.Storage.Sql;

namespace Sluice.Storage.Sqlite;

/// <summary>
/// Attempts of some hours. There is no index by time, and none is needed: attempts are numbered in the order of the journal, so a time is found by
/// halving the numbers. Within a batch they stand out of order, which is why an hour's walk begins and ends with a margin of two batches.
/// </summary>
internal static class AttemptHoursSql
{
    // Of one batch, starts whose ends came with it stand before the others. So a row is out of its place by less than a batch, and a probe that meets
    // such a row strays by one more.
    private const long Margin = 2 * LedgerOptions.UsualShipRows;

    private const string Walk = $"""
        SELECT {Glimpses.Columns} FROM attempts
        WHERE id >= $from AND id < $to AND started_at >= $since AND started_at < $until AND outcome IS NOT NULL
        """;

    public static IReadOnlyList<AttemptGlimpse> Read(SqliteConnection connection, IReadOnlyCollection<DateTimeOffset> hours, CancellationToken cancellation)
    {
        var found = new List<AttemptGlimpse>();
        using var probe = connection.CreateCommand();
        probe.CommandText = "SELECT id, started_at FROM attempts WHERE id >= $id ORDER BY id LIMIT 1";
        var id = probe.Parameters.AddWithValue("$id", 0L);
        foreach (var (since, until) in Glimpses.Ranges(hours))
        {
            cancellation.ThrowIfCancellationRequested();
            using var walk = connection.CreateCommand();
            walk.CommandText = Walk;
            walk.Parameters.AddWithValue("$from", FirstFrom(probe, id, since) - Margin);
            walk.Parameters.AddWithValue("$to", FirstFrom(probe, id, until) + Margin);
            walk.Parameters.AddWithValue("$since", since);
            walk.Parameters.AddWithValue("$until", until);
            using var row = walk.ExecuteReader();
            while (row.Read())
            {
                found.Add(Glimpses.Read(row));
            }
        }

        return found;
    }

    /// <summary>The smallest number at which attempts are as late as <paramref name="ms"/>; numbers may have gaps.</summary>
    private static long FirstFrom(SqliteCommand probe, SqliteParameter id, long ms)
    {
        // No table is longer than this; the probes from there down find nothing and cost nothing.
        var (low, high) = (0L, 1L << 40);
        while (low < high)
        {
            var middle = low + ((high - low) / 2);
            id.Value = middle;
            using var row = probe.ExecuteReader();
            if (row.Read() && row.GetInt64(1) < ms)
            {
                low = row.GetInt64(0) + 1;
            }
            else
            {
                high = middle;
            }
        }

        return low;
    }
}
