using System.Globalization;

namespace Sluice.Core.Advice;

/// <summary>Parts of a whole.</summary>
internal static class Share
{
    /// <summary><c>4.2 %</c>; of nothing it is <c>0.0 %</c>.</summary>
    public static string Of(long part, long whole) => string.Create(CultureInfo.InvariantCulture, $"{Percent(part, whole):0.0} %");

    /// <summary>To one place.</summary>
    public static decimal Percent(long part, long whole) => whole == 0 ? 0 : Math.Round(100m * part / whole, 1);
}
