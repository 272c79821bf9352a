using System.Globalization;
using Sluice.Core.Advice;

namespace Sluice.Core.Tests.Advice;

/// <summary>
/// Weeks of a ledger, planted by hand, that end with 2026-11-20. Four of them begin on Saturday 2026-10-24, so their Mondays are October 26 and
/// November 2, 9 and 16; eight begin on 2026-09-26.
/// </summary>
internal sealed class PlantedWeeks(int weeks)
{
    public const string Model = "x/coder";

    private readonly List<DaySum> _days = [];
    private readonly List<FailureHour> _failures = [];
    private readonly List<AttemptGlimpse> _attempts = [];
    private int _requests;

    public AdviceSpan Span { get; } = new(new DateOnly(2026, 11, 21), weeks);

    public AdviceFacts Facts => new() { Span = Span, Days = _days, Failures = _failures, Attempts = _attempts };

    public AdviceAnswer Advice => Advisor.Advise(Facts);

    /// <summary>50 answered calls on each day of some weeks, all where none are named; the oldest week is 0.</summary>
    public PlantedWeeks Calls(string provider, params int[] inWeeks)
    {
        for (var day = Span.Since; day < Span.Until; day = day.AddDays(1))
        {
            if (inWeeks.Length == 0 || inWeeks.Contains(Span.WeekOf(day)))
            {
                _days.Add(new DaySum(day, provider, Model, "answered", 50, 50));
            }
        }

        return this;
    }

    /// <summary>First calls of requests that failed within an hour; what became of the requests is not said.</summary>
    /// <param name="hour"><c>2026-11-02 13</c></param>
    /// <param name="provider">Whose.</param>
    /// <param name="cause">The kind.</param>
    /// <param name="count">How many.</param>
    public PlantedWeeks Fail(string hour, string provider, string cause, int count)
    {
        var at = DateTimeOffset.ParseExact(hour, "yyyy-MM-dd HH", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal);
        _failures.Add(new FailureHour(at, provider, Model, cause, count));
        _days.Add(new DaySum(DateOnly.FromDateTime(at.UtcDateTime), provider, Model, cause, count, count));
        return this;
    }

    /// <summary>Any sum of 2026-11-20.</summary>
    public PlantedWeeks Sum(string? provider, string cause, int requests, int attempts)
    {
        _days.Add(new DaySum(new DateOnly(2026, 11, 20), provider, Model, cause, requests, attempts));
        return this;
    }

    /// <summary>One request of 2026-11-20 with its attempts, a second apart.</summary>
    /// <param name="time"><c>13:05:00</c></param>
    /// <param name="attempts"><c>a overloaded</c>, or with another model <c>b answered x/other</c></param>
    public PlantedWeeks Request(string time, params string[] attempts)
    {
        var start = DateTimeOffset.ParseExact("2026-11-20 " + time, "yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal);
        var id = $"gen-{++_requests}";
        foreach (var (words, at) in attempts.Select((attempt, at) => (attempt.Split(' '), at)))
        {
            _attempts.Add(new AttemptGlimpse(id, start.AddSeconds(at), words[0], words.Length > 2 ? words[2] : Model, words[1]));
        }

        return this;
    }
}
