namespace Sluice.Core.Advice;

/// <summary>
/// The time that advice looks back on: whole weeks of whole UTC days, the last of which is today. Counted back from today, not from a Monday: so
/// every weekday is in every week once, whenever somebody asks.
/// </summary>
/// <param name="Until">The first day that is not looked at: tomorrow.</param>
/// <param name="Weeks">1 to <see cref="MaxWeeks"/>.</param>
public sealed record AdviceSpan(DateOnly Until, int Weeks)
{
    /// <summary>A year and a day.</summary>
    public const int MaxWeeks = 53;

    /// <summary>The first day that is looked at.</summary>
    public DateOnly Since => Until.AddDays(-7 * Weeks);

    /// <summary>The whole weeks since a moment; at least one, at most <see cref="MaxWeeks"/>.</summary>
    public static AdviceSpan Between(DateTimeOffset since, DateTimeOffset now)
    {
        var until = DateOnly.FromDateTime(now.UtcDateTime).AddDays(1);
        return new AdviceSpan(until, Math.Clamp((int)((now - since).TotalDays / 7), 1, MaxWeeks));
    }

    /// <summary>The number of a day's week, 0 for the oldest.</summary>
    public int WeekOf(DateOnly day) => (day.DayNumber - Since.DayNumber) / 7;

    /// <summary>A day's first moment.</summary>
    public static DateTimeOffset Midnight(DateOnly day) => new(day.ToDateTime(TimeOnly.MinValue), TimeSpan.Zero);
}
