namespace Sluice.Core.Budgets;

/// <summary>In which time a budget's money may be spent. All begin at midnight UTC.</summary>
public enum BudgetPeriod
{
    /// <summary>A day.</summary>
    Day,

    /// <summary>A week, from Monday.</summary>
    Week,

    /// <summary>A calendar month.</summary>
    Month,
}

/// <summary>One such time.</summary>
/// <param name="Start">Its first moment, UTC.</param>
/// <param name="End">The first moment after it, UTC.</param>
public readonly record struct BudgetWindow(DateTimeOffset Start, DateTimeOffset End)
{
    /// <summary>The one that holds a moment.</summary>
    public static BudgetWindow Of(BudgetPeriod period, DateTimeOffset at)
    {
        var day = new DateTimeOffset(at.UtcDateTime.Date, TimeSpan.Zero);
        switch (period)
        {
            case BudgetPeriod.Day:
                return new BudgetWindow(day, day.AddDays(1));
            case BudgetPeriod.Week:
                var monday = day.AddDays(-(((int)day.DayOfWeek + 6) % 7));
                return new BudgetWindow(monday, monday.AddDays(7));
            case BudgetPeriod.Month:
                var first = day.AddDays(1 - day.Day);
                return new BudgetWindow(first, first.AddMonths(1));
            default:
                throw new ArgumentOutOfRangeException(nameof(period), period, message: null);
        }
    }

    /// <summary>It holds this moment.</summary>
    public bool Holds(DateTimeOffset at) => at >= Start && at < End;
}

/// <summary>Periods as they are written.</summary>
public static class BudgetPeriods
{
    /// <summary>All of them, for error messages.</summary>
    public const string Allowed = "day, week or month";

    /// <summary><c>day</c>, <c>week</c>, <c>month</c>.</summary>
    public static string Word(this BudgetPeriod period) => period switch
    {
        BudgetPeriod.Day => "day",
        BudgetPeriod.Week => "week",
        BudgetPeriod.Month => "month",
        _ => throw new ArgumentOutOfRangeException(nameof(period), period, message: null),
    };

    /// <summary><c>daily</c>, <c>weekly</c>, <c>monthly</c>.</summary>
    public static string Adjective(this BudgetPeriod period) => period switch
    {
        BudgetPeriod.Day => "daily",
        BudgetPeriod.Week => "weekly",
        BudgetPeriod.Month => "monthly",
        _ => throw new ArgumentOutOfRangeException(nameof(period), period, message: null),
    };

    /// <summary>Reads <see cref="Word"/>.</summary>
    public static BudgetPeriod? Parse(string? word) => word switch
    {
        "day" => BudgetPeriod.Day,
        "week" => BudgetPeriod.Week,
        "month" => BudgetPeriod.Month,
        _ => null,
    };
}
