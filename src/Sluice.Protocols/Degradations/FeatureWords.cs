using System.Buffers;
using System.Text;

namespace Sluice.Protocols.Degradations;

/// <summary>Words of a client as a degradation's name, which goes into a header, or inside its sentence.</summary>
internal static class FeatureWords
{
    private const int Longest = 64;

    private static readonly SearchValues<char> Allowed =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-");

    /// <summary>The name of a member as it is; <c>unknown_member</c> where it is none that a header can hold.</summary>
    public static string Of(string name) =>
        name.Length is > 0 and <= Longest && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '.' or '-') ? name : "unknown_member";

    /// <summary>The letters, digits, <c>_</c> and <c>-</c> of <paramref name="text"/>, at most <paramref name="most"/>.</summary>
    public static string Clean(string text, int most)
    {
        var clean = new StringBuilder(Math.Min(text.Length, most));
        foreach (var c in text)
        {
            if (clean.Length < most && Allowed.Contains(c))
            {
                clean.Append(c);
            }
        }

        return clean.ToString();
    }
}
