using System.Globalization;

namespace Sluice.Server.Admin;

/// <summary>Times as people write them: <c>14d</c>, <c>24h</c>, <c>30m</c>, <c>2w</c>, a day or an ISO 8601 time. Without a zone it is UTC.</summary>
internal static class TimeExpression
{
    // A hundred years: enough for anybody, and far from where dates overflow.
    private const int MaxAmount = 36_500;

    /// <param name="text">What was written.</param>
    /// <param name="now">What relative times count from.</param>
    /// <param name="direction">-1 for "ago", 1 for "from now".</param>
    /// <param name="member">For the message.</param>
    /// <exception cref="BadInputException">Not a time.</exception>
    public static DateTimeOffset Parse(string text, DateTimeOffset now, int direction, string member)
    {
        if (text.Length > 1 && int.TryParse(text.AsSpan(0, text.Length - 1), NumberStyles.None, CultureInfo.InvariantCulture, out var amount) && amount is > 0 and <= MaxAmount)
        {
            TimeSpan? span = text[^1] switch
            {
                'm' => TimeSpan.FromMinutes(amount),
                'h' => TimeSpan.FromHours(amount),
                'd' => TimeSpan.FromDays(amount),
                'w' when amount <= MaxAmount / 7 => TimeSpan.FromDays(amount * 7),
                _ => null,
            };
            if (span is { } found)
            {
                return now + (found * direction);
            }
        }

        return text.Length >= 10 && DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var time)
            ? time
            : throw new BadInputException($"'{member}' is '{text}', which is no time. Write 30m, 24h, 14d, 2w, a day as 2026-11-21, or an ISO 8601 time.");
    }
}
