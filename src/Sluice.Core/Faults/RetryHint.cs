using System.Globalization;

namespace Sluice.Core.Faults;

/// <summary>
/// Reads when an upstream wants to be asked again. Values are kept as they came, absurd ones too (up to what a TimeSpan holds): who acts on
/// them bounds them. A time that has passed is zero.
/// </summary>
public static class RetryHint
{
    private static readonly string[] AnthropicWindows = ["requests", "tokens", "input-tokens", "output-tokens"];
    private static readonly string[] SubscriptionWindows = ["", "-5h", "-7d"];
    private static readonly string[] OpenAIWindows = ["requests", "tokens"];

    /// <summary>The plainest hint wins: <c>retry-after-ms</c>, then <c>retry-after</c>, then (on 429 alone) the reset of a window that is used up; null without any.</summary>
    /// <param name="headers">Of the answer.</param>
    /// <param name="status">HTTP status: reset headers stand on good answers too and mean nothing there.</param>
    /// <param name="now">Against which dates are taken.</param>
    public static TimeSpan? FromHeaders(IHeaderLookup headers, int status, DateTimeOffset now)
    {
        if (headers.Find("retry-after-ms") is { } milliseconds && TryNumber(milliseconds, out var ms))
        {
            return Span(ms / 1000);
        }

        if (headers.Find("retry-after") is { } after && ParseRetryAfter(after, now) is { } wait)
        {
            return wait;
        }

        return status == 429 ? FromResets(headers, now) : null;
    }

    /// <summary>Reads <c>retry-after</c>: seconds (a fraction is tolerated) or an HTTP date.</summary>
    public static TimeSpan? ParseRetryAfter(string value, DateTimeOffset now)
    {
        if (TryNumber(value, out var seconds))
        {
            return Span(seconds);
        }

        return DateTimeOffset.TryParse(value, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var date) ? Until(date, now) : null;
    }

    /// <summary>Reads a duration as <c>6m0s</c>, <c>1h2m3.5s</c>, <c>17ms</c> or plain seconds; null where it is none.</summary>
    public static TimeSpan? ParseDuration(ReadOnlySpan<char> text)
    {
        text = text.Trim();
        if (text.IsEmpty)
        {
            return null;
        }

        if (TryNumber(text, out var plain))
        {
            return Span(plain);
        }

        double seconds = 0;
        while (!text.IsEmpty)
        {
            var digits = text.IndexOfAnyExcept("0123456789.");
            if (digits <= 0 || !TryNumber(text[..digits], out var amount))
            {
                return null;
            }

            text = text[digits..];
            var unit = text.IndexOfAny("0123456789.");
            var name = unit < 0 ? text : text[..unit];
            double? scale = name switch
            {
                "d" => 86_400,
                "h" => 3_600,
                "m" => 60,
                "s" => 1,
                "ms" => 1e-3,
                "us" or "µs" => 1e-6,
                "ns" => 1e-9,
                _ => null,
            };
            if (scale is null)
            {
                return null;
            }

            seconds += amount * scale.Value;
            text = text[name.Length..];
        }

        return Span(seconds);
    }

    /// <summary>
    /// Reads when a window opens again: an ISO date, Unix time in seconds or milliseconds, or (below a billion) seconds from now, or a duration.
    /// Null where it is none of them.
    /// </summary>
    public static TimeSpan? ParseMoment(string text, DateTimeOffset now)
    {
        if (TryNumber(text, out var number) && number > 1e9)
        {
            return Until(DateTimeOffset.UnixEpoch + Span(number > 1e11 ? number / 1000 : number), now);
        }

        return ParseDuration(text)
            ?? (DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var date) ? Until(date, now) : null);
    }

    /// <summary>The longest reset among the windows that have nothing left: while one is shut, the others do not help.</summary>
    private static TimeSpan? FromResets(IHeaderLookup headers, DateTimeOffset now)
    {
        TimeSpan? longest = null;
        foreach (var window in AnthropicWindows)
        {
            if (IsZero(headers.Find($"anthropic-ratelimit-{window}-remaining"))
                && headers.Find($"anthropic-ratelimit-{window}-reset") is { } reset
                && DateTimeOffset.TryParse(reset, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var date))
            {
                longest = Longer(longest, Until(date, now));
            }
        }

        // Windows of a subscription: which one is shut is said by a word, when it opens in Unix seconds.
        foreach (var window in SubscriptionWindows)
        {
            if (string.Equals(headers.Find($"anthropic-ratelimit-unified{window}-status"), "rejected", StringComparison.OrdinalIgnoreCase)
                && headers.Find($"anthropic-ratelimit-unified{window}-reset") is { } reset)
            {
                longest = Longer(longest, ParseMoment(reset, now));
            }
        }

        foreach (var window in OpenAIWindows)
        {
            if (IsZero(headers.Find($"x-ratelimit-remaining-{window}")) && headers.Find($"x-ratelimit-reset-{window}") is { } reset)
            {
                longest = Longer(longest, ParseDuration(reset));
            }
        }

        // OpenRouter's single window: the reset is Unix time in milliseconds; others that use these names send seconds, until then or since 1970.
        if (IsZero(headers.Find("x-ratelimit-remaining")) && headers.Find("x-ratelimit-reset") is { } single)
        {
            longest = Longer(longest, ParseMoment(single, now));
        }

        return longest;
    }

    private static bool IsZero(string? remaining) => remaining is not null && TryNumber(remaining, out var left) && left == 0;

    private static TimeSpan? Longer(TimeSpan? one, TimeSpan? other) => one is null || other > one ? other : one;

    private static TimeSpan Until(DateTimeOffset date, DateTimeOffset now) => date > now ? date - now : TimeSpan.Zero;

    private static bool TryNumber(ReadOnlySpan<char> text, out double number) =>
        double.TryParse(text, NumberStyles.AllowDecimalPoint | NumberStyles.AllowLeadingWhite | NumberStyles.AllowTrailingWhite, CultureInfo.InvariantCulture, out number)
        && double.IsFinite(number);

    // A peer's 1e18 seconds must not overflow a date: a hundred years is as good as never.
    private static TimeSpan Span(double seconds) => TimeSpan.FromSeconds(Math.Min(seconds, 36_500d * 86_400));
}
