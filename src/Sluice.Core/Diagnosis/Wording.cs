using System.Globalization;

namespace Sluice.Core.Diagnosis;

/// <summary>How lines write numbers and names. A line that named 300 models would not be read.</summary>
internal static class Wording
{
    private const int MostNames = 5;

    public static string Names(IEnumerable<string> names)
    {
        var all = names.Distinct(StringComparer.Ordinal).ToList();
        return all.Count <= MostNames
            ? string.Join(", ", all)
            : string.Create(CultureInfo.InvariantCulture, $"{string.Join(", ", all.Take(MostNames))} and {all.Count - MostNames} more");
    }

    public static string Count(long number, string noun) => string.Create(CultureInfo.InvariantCulture, $"{number:N0} {noun}{(number == 1 ? "" : "s")}");

    public static string Seconds(TimeSpan time) => string.Create(CultureInfo.InvariantCulture, $"{time.TotalSeconds:0.###} s");

    public static string Usd(long nano) => string.Create(CultureInfo.InvariantCulture, $"{nano / 1_000_000_000m:0.00} USD");
}
