using Sluice.Core.Advice;
using Xunit;

namespace Sluice.Core.Tests.Advice;

public sealed class AdviceSpanTests
{
    private static readonly DateTimeOffset Now = new(2026, 11, 20, 15, 30, 0, TimeSpan.Zero);

    [Theory]
    [InlineData(28, 4, "2026-10-24")]
    [InlineData(29, 4, "2026-10-24")]
    [InlineData(7, 1, "2026-11-14")]
    [InlineData(3, 1, "2026-11-14")]
    [InlineData(4_000, 53, "2025-11-15")]
    public void Between_IsWholeWeeksThatEndToday(int days, int weeks, string since)
    {
        var span = AdviceSpan.Between(Now.AddDays(-days), Now);

        Assert.Equal((weeks, since, "2026-11-21"), (span.Weeks, span.Since.ToString("O"), span.Until.ToString("O")));
    }

    [Fact]
    public void WeekOf_CountsFromTheOldest()
    {
        var span = AdviceSpan.Between(Now.AddDays(-28), Now);

        Assert.Equal([0, 0, 1, 3, 3], new[] { "2026-10-24", "2026-10-30", "2026-10-31", "2026-11-14", "2026-11-20" }.Select(day => span.WeekOf(DateOnly.Parse(day))));
    }
}
