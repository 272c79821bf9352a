using System.Globalization;

namespace Sluice.Core.Configuration.Reading;

/// <summary>Reads figures with units.</summary>
internal static class Units
{
    private static readonly (string Unit, decimal Milliseconds)[] Times = [("ms", 1m), ("s", 1_000m), ("m", 60_000m), ("h", 3_600_000m), ("d", 86_400_000m)];

    private static readonly (string Unit, decimal Bytes)[] Sizes =
    [
        ("KiB", 1024m), ("MiB", 1024m * 1024), ("GiB", 1024m * 1024 * 1024), ("KB", 1_000m), ("MB", 1_000_000m), ("GB", 1_000_000_000m), ("B", 1m),
    ];

    /// <summary>A positive span of at most 365 days.</summary>
    public static TimeSpan? Duration(string text)
    {
        foreach (var (unit, milliseconds) in Times)
        {
            // "ms" stands first, so that its "s" is not taken for seconds.
            if (text.EndsWith(unit, StringComparison.Ordinal) && Number(text[..^unit.Length]) is { } number)
            {
                var total = number * milliseconds;
                return total is > 0 and <= 31_536_000_000m ? TimeSpan.FromMilliseconds((double)total) : null;
            }
        }

        return null;
    }

    /// <summary>A positive number of bytes, at most 1 TiB.</summary>
    public static long? Size(string text)
    {
        foreach (var (unit, bytes) in Sizes)
        {
            if (text.EndsWith(unit, StringComparison.Ordinal) && Number(text[..^unit.Length]) is { } number)
            {
                var total = number * bytes;
                return total is >= 1 and <= 1_099_511_627_776m ? (long)total : null;
            }
        }

        return null;
    }

    /// <summary>A share of 1.</summary>
    public static decimal? Percent(string text) =>
        text.EndsWith('%') && Number(text[..^1]) is { } number and >= 0 and <= 100 ? number / 100m : null;

    /// <summary>A plain, non-negative decimal number of sensible size.</summary>
    public static decimal? Number(string text) =>
        text.Length is > 0 and <= 24 && decimal.TryParse(text.Trim(), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number) && number < 1_000_000_000_000m
            ? number
            : null;
}
