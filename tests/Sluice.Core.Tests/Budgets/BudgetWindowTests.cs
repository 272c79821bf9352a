using Sluice.Core.Budgets;
using Xunit;

namespace Sluice.Core.Tests.Budgets;

public sealed class BudgetWindowTests
{
    [Theory]
    [InlineData(BudgetPeriod.Day, "2026-11-21T23:59:59Z", "2026-11-21", "2026-11-22")]
    [InlineData(BudgetPeriod.Day, "2026-11-21T23:30:00-01:00", "2026-11-22", "2026-11-23")]
    [InlineData(BudgetPeriod.Week, "2026-11-21T12:00:00Z", "2026-11-16", "2026-11-23")]
    [InlineData(BudgetPeriod.Week, "2026-11-22T23:59:59Z", "2026-11-16", "2026-11-23")]
    [InlineData(BudgetPeriod.Week, "2026-11-23T00:00:00Z", "2026-11-23", "2026-11-30")]
    [InlineData(BudgetPeriod.Week, "2027-01-01T00:00:00Z", "2026-12-28", "2027-01-04")]
    [InlineData(BudgetPeriod.Month, "2026-12-31T23:59:59Z", "2026-12-01", "2027-01-01")]
    [InlineData(BudgetPeriod.Month, "2028-02-29T00:00:00Z", "2028-02-01", "2028-03-01")]
    public void Windows_BeginAtMidnightUtc_WeeksOnMonday(BudgetPeriod period, string at, string start, string end)
    {
        var window = BudgetWindow.Of(period, DateTimeOffset.Parse(at, System.Globalization.CultureInfo.InvariantCulture));
        Assert.Equal((start + "T00:00:00+00:00", end + "T00:00:00+00:00"), ($"{window.Start:yyyy-MM-ddTHH:mm:sszzz}", $"{window.End:yyyy-MM-ddTHH:mm:sszzz}"));
    }
}
