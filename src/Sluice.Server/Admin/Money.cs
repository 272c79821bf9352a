using System.Globalization;

namespace Sluice.Server.Admin;

/// <summary>Nano-dollars as people and spreadsheets read them.</summary>
internal static class Money
{
    /// <summary>Exact: <c>1234567</c> is <c>0.001234567</c>. No exponent, no rounding.</summary>
    public static string Usd(long nano) => (nano / 1_000_000_000m).ToString("0.000000000", CultureInfo.InvariantCulture);
}
