using System.Text.RegularExpressions;

namespace Sluice.Protocols.Errors;

/// <summary>
/// Tells a refusal of the place that a call comes from apart from a refused key: vendors answer both with 403, Google this one with 400
/// ("User location is not supported for the API use."). Taken for the key's fault, it would shut out a good key for good.
/// </summary>
internal static partial class RegionWords
{
    /// <summary>The error is about a country or region.</summary>
    /// <param name="status">HTTP status.</param>
    /// <param name="code">The vendor's own code, where it gave one.</param>
    /// <param name="message">What it said.</param>
    public static bool Name(int status, string? code, string message) =>
        status == 451 || (status is 400 or 403 && (code == "unsupported_country_region_territory" || Places().IsMatch(message)));

    [GeneratedRegex(@"(country|region|territory|location) (is )?(not|un)[ -]?(supported|allowed|available)|(not|un)[ -]?(supported|allowed|available) (in|from|for) (your|this) (country|region|location)|unsupported (country|region|location)", RegexOptions.IgnoreCase | RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex Places();
}
