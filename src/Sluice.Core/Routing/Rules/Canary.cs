namespace Sluice.Core.Routing.Rules;

/// <summary>
/// Decides who is in a canary of some percent: by the conversation, so that none changes sides half-way, else by the user. The rule's own name
/// goes into it, so that two canaries of 10 % are not the same people.
/// </summary>
internal static class Canary
{
    /// <summary>A canary's size is counted in hundredths of a percent.</summary>
    public const int Whole = 10_000;

    private const ulong Offset = 14695981039346656037;
    private const ulong Prime = 1099511628211;

    /// <summary>True for the same share of conversations at any time, on any machine, after any restart.</summary>
    /// <param name="seed">The rule's name.</param>
    /// <param name="origin">Whose request.</param>
    /// <param name="hundredths">Hundredths of a percent.</param>
    public static bool Holds(string seed, RequestOrigin origin, int hundredths)
    {
        var hash = Add(Add(Offset, seed), origin.User);
        return Mix(origin.Session is { Length: > 0 } session ? Add(hash, session) : hash) % Whole < (ulong)hundredths;
    }

    // FNV-1a, with an end mark, or "ab" + "c" and "a" + "bc" would be the same.
    private static ulong Add(ulong hash, string text)
    {
        foreach (var letter in text)
        {
            hash = (hash ^ letter) * Prime;
        }

        return (hash ^ 0xFFFF) * Prime;
    }

    // FNV's low bits follow the last letters too closely to be taken as a share; SplitMix64's end spreads them.
    private static ulong Mix(ulong z)
    {
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
}
