using Microsoft.AspNetCore.Http;
using Sluice.Core.Configuration;

namespace Sluice.Server.KeptAnswers;

/// <summary>What a request wants of kept answers, by OpenRouter's headers.</summary>
/// <param name="Ttl">How long its answer stands for a fresh one.</param>
/// <param name="Clear">A kept answer is thrown away first.</param>
internal readonly record struct CacheWish(TimeSpan Ttl, bool Clear)
{
    /// <summary>OpenRouter's limit of a header's time to live, in seconds.</summary>
    private const int LongestTtl = 86_400;

    /// <summary>Null where its answer is neither kept nor taken from what was: the configuration's no counts before the header, its yes after it.</summary>
    public static CacheWish? Of(IHeaderDictionary headers, CacheSettings settings)
    {
        if (settings.Enabled == false || !(Switch(headers["X-OpenRouter-Cache"]) ?? settings.Enabled ?? false))
        {
            return null;
        }

        var ttl = LeadingDigits(headers["X-OpenRouter-Cache-TTL"].ToString()) is { } seconds ? TimeSpan.FromSeconds(seconds) : settings.Ttl;
        return new CacheWish(ttl, Switch(headers["X-OpenRouter-Cache-Clear"]) == true);
    }

    private static bool? Switch(string? value) =>
        "true".Equals(value, StringComparison.OrdinalIgnoreCase) ? true : "false".Equals(value, StringComparison.OrdinalIgnoreCase) ? false : null;

    // "60abc" is 60 and "1.5" is 1; what begins with no digit says nothing.
    private static int? LeadingDigits(string text)
    {
        var digits = text.AsSpan().TrimStart();
        var end = digits.IndexOfAnyExceptInRange('0', '9');
        digits = end < 0 ? digits : digits[..end];
        if (digits.IsEmpty)
        {
            return null;
        }

        return int.TryParse(digits, out var seconds) ? Math.Clamp(seconds, 1, LongestTtl) : LongestTtl;
    }
}
