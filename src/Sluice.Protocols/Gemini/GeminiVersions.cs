using System.Globalization;

namespace Sluice.Protocols.Gemini;

/// <summary>
/// Reads the version from a model id, canonical or an upstream's spelling: <c>google/gemini-2.5-pro</c>, <c>gemini-3.1-pro-preview</c>,
/// <c>publishers/google/models/gemini-1.5-flash-002</c>. A Gemini id without a number (<c>gemini-flash-latest</c>) is the newest.
/// </summary>
internal static class GeminiVersions
{
    // Newer than all that there are: aliases move on.
    private const decimal Newest = 99m;

    /// <summary>The version; null where the id names no Gemini model (Gemma, a tuned endpoint's number).</summary>
    public static decimal? Of(string model)
    {
        var at = model.LastIndexOf("gemini-", StringComparison.OrdinalIgnoreCase);
        if (at < 0)
        {
            return null;
        }

        var rest = model.AsSpan(at + "gemini-".Length);
        var end = rest.IndexOfAnyExcept("0123456789.");
        var number = end < 0 ? rest : rest[..end];
        return number.IsEmpty || !decimal.TryParse(number.TrimEnd('.'), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var version) ? Newest : version;
    }

    /// <summary>A Gemini model of at least this version.</summary>
    public static bool IsAtLeast(string model, decimal version) => Of(model) >= version;

    /// <summary>One of the larger models, which cannot stop thinking.</summary>
    public static bool IsPro(string model) => model.Contains("-pro", StringComparison.OrdinalIgnoreCase);
}
