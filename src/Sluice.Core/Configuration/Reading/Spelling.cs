namespace Sluice.Core.Configuration.Reading;

/// <summary>Finds what was probably meant.</summary>
internal static class Spelling
{
    /// <summary>The closest candidate within a third of the word's length, null when none is close.</summary>
    public static string? Closest(string word, IEnumerable<string> candidates) => Closest(word, candidates, 1).FirstOrDefault();

    /// <summary>The closest candidates within a third of the word's length, best first.</summary>
    public static IReadOnlyList<string> Closest(string word, IEnumerable<string> candidates, int most)
    {
        var bound = Math.Max(1, Math.Min(word.Length, 64) / 3);
        return
        [
            .. candidates
                .Select(candidate => (Candidate: candidate, Distance: Distance(word, candidate, bound)))
                .Where(pair => pair.Distance <= bound)
                .OrderBy(pair => pair.Distance)
                .Take(most)
                .Select(pair => pair.Candidate),
        ];
    }

    /// <summary>Edit distance (insert, delete, replace, swap of neighbours), ignoring case; larger than <paramref name="bound"/> is only "too far".</summary>
    public static int Distance(string a, string b, int bound)
    {
        if (Math.Abs(a.Length - b.Length) > bound || a.Length > 256)
        {
            return bound + 1;
        }

        var before = new int[b.Length + 1];
        var previous = new int[b.Length + 1];
        var current = new int[b.Length + 1];
        for (var j = 0; j <= b.Length; j++)
        {
            previous[j] = j;
        }

        for (var i = 1; i <= a.Length; i++)
        {
            current[0] = i;
            var best = i;
            for (var j = 1; j <= b.Length; j++)
            {
                var same = Same(a[i - 1], b[j - 1]);
                var cost = Math.Min(Math.Min(previous[j] + 1, current[j - 1] + 1), previous[j - 1] + (same ? 0 : 1));
                if (i > 1 && j > 1 && Same(a[i - 1], b[j - 2]) && Same(a[i - 2], b[j - 1]))
                {
                    cost = Math.Min(cost, before[j - 2] + 1);
                }

                current[j] = cost;
                best = Math.Min(best, cost);
            }

            if (best > bound)
            {
                return bound + 1;
            }

            (before, previous, current) = (previous, current, before);
        }

        return previous[b.Length];
    }

    private static bool Same(char a, char b) => char.ToLowerInvariant(a) == char.ToLowerInvariant(b);
}
