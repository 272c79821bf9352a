using System.Globalization;
using System.Text.Json.Serialization;

namespace Sluice.Core.Advice;

/// <summary>What the weeks say of one kind of error.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<Pattern>))]
public enum Pattern
{
    /// <summary>There were calls in too few weeks to tell.</summary>
    [JsonStringEnumMemberName("too_little")]
    TooLittle,

    /// <summary>It comes back week after week, or in the same hour of the week, and did so lately.</summary>
    [JsonStringEnumMemberName("recurring")]
    Recurring,

    /// <summary>It did come back, and has stopped.</summary>
    [JsonStringEnumMemberName("over")]
    Over,

    /// <summary>Nearly all of it fell on one day.</summary>
    [JsonStringEnumMemberName("bad_day")]
    BadDay,

    /// <summary>Now and then.</summary>
    [JsonStringEnumMemberName("scattered")]
    Scattered,
}

/// <summary>Where something that recurs is going: its share of the calls in the later half of the weeks against the earlier half.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<Direction>))]
public enum Direction
{
    /// <summary>Neither.</summary>
    [JsonStringEnumMemberName("steady")]
    Steady,

    /// <summary>At least doubled.</summary>
    [JsonStringEnumMemberName("rising")]
    Rising,

    /// <summary>At least halved.</summary>
    [JsonStringEnumMemberName("falling")]
    Falling,
}

/// <summary>
/// Errors by week, and whether they recur. The rule: an error recurs when at least <see cref="HitErrors"/> of it came in three quarters of the
/// weeks (three at least), or at least <see cref="SlotErrors"/> in the same hour of the week in as many weeks; and in the last two weeks too.
/// Weeks without any call do not count. A bad day is one week, however bad, and so never recurs.
/// </summary>
internal sealed class WeeklyPattern
{
    /// <summary>Weeks with calls that any judgement needs.</summary>
    public const int FewestWeeks = 3;

    /// <summary>Errors that make a week one of those in which it happened.</summary>
    public const int HitErrors = 5;

    /// <summary>The same within one hour of the week: fewer, since the same hour again and again is no chance.</summary>
    public const int SlotErrors = 3;

    // Of all errors, on one day.
    private const double BadDayShare = 0.8;
    private const int LatestWeeks = 2;

    private readonly List<int> _weeks;

    private WeeklyPattern(long[] calls, long[] errors)
    {
        Calls = calls;
        Errors = errors;
        _weeks = [.. Enumerable.Range(0, calls.Length).Where(week => calls[week] > 0)];
    }

    /// <summary>Calls of each week, the oldest first.</summary>
    public IReadOnlyList<long> Calls { get; }

    /// <summary>Errors of each week, the oldest first.</summary>
    public IReadOnlyList<long> Errors { get; }

    /// <summary>Weeks with calls.</summary>
    public int WeeksAsked => _weeks.Count;

    /// <summary>Weeks in which it happened.</summary>
    public int WeeksHit => _weeks.Count(week => Errors[week] >= HitErrors);

    /// <summary>The judgement.</summary>
    public Pattern Pattern { get; private set; }

    /// <summary>Of something that recurs; null of anything else.</summary>
    public Direction? Direction { get; private set; }

    /// <summary>Hours of the week in which it recurs, as <c>Monday 13:00</c> (UTC), in the order of the week.</summary>
    public IReadOnlyList<string> Slots { get; private set; } = [];

    /// <summary>The day with the most errors.</summary>
    public DateOnly WorstDay { get; private set; }

    /// <summary>How many those were.</summary>
    public long WorstDayErrors { get; private set; }

    /// <param name="span">What is looked at.</param>
    /// <param name="calls">All calls of whoever is judged, failed ones too.</param>
    /// <param name="failures">The errors that are judged; at least one.</param>
    public static WeeklyPattern Of(AdviceSpan span, IEnumerable<DaySum> calls, IReadOnlyList<FailureHour> failures)
    {
        var pattern = new WeeklyPattern(
            ByWeek(span, calls.Select(sum => (sum.Day, sum.Attempts))),
            ByWeek(span, failures.Select(failure => (failure.Day, failure.Attempts))));
        var worst = failures.GroupBy(failure => failure.Day, failure => failure.Attempts).MaxBy(day => day.Sum())!;
        (pattern.WorstDay, pattern.WorstDayErrors) = (worst.Key, worst.Sum());
        pattern.Judge(span, failures);
        return pattern;
    }

    private static long[] ByWeek(AdviceSpan span, IEnumerable<(DateOnly Day, long Count)> days)
    {
        var weeks = new long[span.Weeks];
        foreach (var (day, count) in days)
        {
            weeks[span.WeekOf(day)] += count;
        }

        return weeks;
    }

    private void Judge(AdviceSpan span, IReadOnlyList<FailureHour> failures)
    {
        var hits = _weeks.Where(week => Errors[week] >= HitErrors).ToList();
        var slots = failures
            .GroupBy(failure => (failure.Hour.UtcDateTime.DayOfWeek, failure.Hour.UtcDateTime.Hour))
            .Select(slot => (slot.Key, Weeks: HitWeeks(span, slot)))
            .Where(slot => Recurs(slot.Weeks))
            .OrderBy(slot => ((int)slot.Key.DayOfWeek + 6) % 7).ThenBy(slot => slot.Key.Hour)
            .ToList();
        var lately = slots.Where(slot => IsRecent(slot.Weeks)).ToList();
        Slots = [.. lately.Select(slot => string.Create(CultureInfo.InvariantCulture, $"{slot.Key.DayOfWeek} {slot.Key.Hour:00}:00"))];
        Pattern = WeeksAsked < FewestWeeks ? Pattern.TooLittle
            : lately.Count > 0 || (Recurs(hits) && IsRecent(hits)) ? Pattern.Recurring
            : slots.Count > 0 || Recurs(hits) ? Pattern.Over
            : WorstDayErrors >= BadDayShare * Errors.Sum() && WorstDayErrors >= HitErrors ? Pattern.BadDay
            : Pattern.Scattered;
        Direction = Pattern == Pattern.Recurring ? Compare() : null;
    }

    private static List<int> HitWeeks(AdviceSpan span, IEnumerable<FailureHour> failures) =>
        [.. failures.GroupBy(failure => span.WeekOf(failure.Day)).Where(week => week.Sum(failure => failure.Attempts) >= SlotErrors).Select(week => week.Key)];

    private bool Recurs(List<int> hits) => hits.Count >= Math.Max(FewestWeeks, ((3 * WeeksAsked) + 3) / 4);

    private bool IsRecent(List<int> hits) => hits.Intersect(_weeks.TakeLast(LatestWeeks)).Any();

    private Direction Compare()
    {
        var half = _weeks.Count / 2;
        var (earlier, later) = (Share(_weeks.Take(half)), Share(_weeks.TakeLast(half)));
        return later >= 2 * earlier ? Advice.Direction.Rising : earlier >= 2 * later ? Advice.Direction.Falling : Advice.Direction.Steady;
    }

    private double Share(IEnumerable<int> weeks) => weeks.Sum(week => Errors[week]) / (double)weeks.Sum(week => Calls[week]);
}
