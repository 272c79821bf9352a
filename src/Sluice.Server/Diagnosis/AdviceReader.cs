using System.Globalization;
using Sluice.Core.Advice;
using Sluice.Core.Ledger;
using Sluice.Server.Admin;

namespace Sluice.Server.Diagnosis;

/// <summary>Asks the ledger for what advice is made of: sums, but for the attempts of a bounded number of hours.</summary>
internal static class AdviceReader
{
    // What many models at many providers come to in a year of hours, with room to spare; ~ 50 MB.
    private const int MostRows = 250_000;

    /// <exception cref="BadInputException">The ledger has more sums for these weeks than <paramref name="mostRows"/>: advice from a part of them would be wrong.</exception>
    public static async Task<AdviceFacts> ReadAsync(ILedgerQueries ledger, AdviceSpan span, CancellationToken cancellation, int mostRows = MostRows)
    {
        var wasted = await SumsAsync([ReportDimension.Hour, ReportDimension.Provider, ReportDimension.Model, ReportDimension.Cause], wasteOnly: true);
        List<FailureHour> failures = [.. wasted.Where(row => row.Keys[1] is not null && row.Keys[2] is not null).Select(Failure)];
        var hours = OutageHours.Of(failures);
        var read = hours.Take(OutageHours.MostRead).ToList();
        var spending = await SumsAsync([ReportDimension.User, ReportDimension.Project, ReportDimension.Provider]);
        return new AdviceFacts
        {
            Span = span,
            Days = [.. (await SumsAsync([ReportDimension.Day, ReportDimension.Provider, ReportDimension.Model, ReportDimension.Cause])).Select(row => new DaySum(
                DateOnly.ParseExact(row.Keys[0]!, "yyyy-MM-dd", CultureInfo.InvariantCulture), row.Keys[1], row.Keys[2], row.Keys[3]!, row.Requests, row.Attempts))],
            Failures = failures,
            Users = [.. spending
                .Where(row => row.Keys[2] is not null)
                .GroupBy(row => (User: UserOf(row), Provider: row.Keys[2]!))
                .Select(rows => new UserAsks(rows.Key.User, rows.Key.Provider, rows.Sum(row => row.Attempts)))],
            Spending = [.. spending.Select(row => new Spending(UserOf(row), row.Keys[1], row.CostNanoUsd, row.Unpriced))],
            Untraced = await ledger.UntracedSpendingAsync(span.Since, span.Until, cancellation),
            Attempts = await ledger.AttemptsAsync(read, cancellation),
            HoursWithOutages = hours.Count,
            HoursRead = read.Count,
        };

        async Task<IReadOnlyList<ReportRow>> SumsAsync(ReportDimension[] by, bool wasteOnly = false)
        {
            var report = await ledger.ReportAsync(new ReportQuery(by, AdviceSpan.Midnight(span.Since), AdviceSpan.Midnight(span.Until)) { MaxRows = mostRows, WasteOnly = wasteOnly }, cancellation);
            return report.Truncated
                ? throw new BadInputException(string.Create(CultureInfo.InvariantCulture, $"The ledger has more than {mostRows:N0} sums for these {span.Weeks} weeks; ask for fewer weeks with 'since'."))
                : report.Rows;
        }
    }

    private static FailureHour Failure(ReportRow row) => new(
        DateTimeOffset.ParseExact(row.Keys[0]!, "yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal), row.Keys[1]!, row.Keys[2]!, row.Keys[3]!, row.Attempts);

    private static string UserOf(ReportRow row) => row.Keys[0] ?? "-";
}
