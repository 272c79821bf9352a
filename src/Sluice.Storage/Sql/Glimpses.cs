using System.Data.Common;
using Sluice.Core.Advice;
using Sluice.Core.Ledger;
using Sluice.Protocols.Errors;

namespace Sluice.Storage.Sql;

/// <summary>What is read of an attempt where only its time and its end count.</summary>
internal static class Glimpses
{
    private const long HourMs = 3_600_000;

    public const string Columns = "request_id, started_at, provider, model, outcome, fault";

    /// <summary>Reads <see cref="Columns"/> of an attempt that ended.</summary>
    public static AttemptGlimpse Read(DbDataReader row) => new(
        row.GetString(0), LedgerRows.Time(row.GetInt64(1)), row.GetString(2), row.GetString(3),
        AttemptCause.Of(Enum.Parse<AttemptOutcome>(row.GetString(4)), row.IsDBNull(5) ? null : Enum.Parse<ErrorKind>(row.GetString(5))));

    /// <summary>Hours that follow each other are read in one walk.</summary>
    /// <returns>In milliseconds, rising.</returns>
    public static IReadOnlyList<(long Since, long Until)> Ranges(IReadOnlyCollection<DateTimeOffset> hours)
    {
        var ranges = new List<(long Since, long Until)>();
        foreach (var hour in hours.Select(LedgerRows.Ms).Order())
        {
            if (ranges.Count > 0 && ranges[^1].Until == hour)
            {
                ranges[^1] = (ranges[^1].Since, hour + HourMs);
            }
            else
            {
                ranges.Add((hour, hour + HourMs));
            }
        }

        return ranges;
    }
}
