namespace Sluice.Testing;

/// <summary>A page of the documents that is made from the code: a change of the code shows as a change of the page.</summary>
public static class ApprovedPage
{
    /// <summary>Null where the page in the tree says the same, else what to do and the first line that differs. <c>SLUICE_ACCEPT=1</c> rewrites the page.</summary>
    /// <param name="relative">From the repository's root, as <c>docs/errors.md</c>.</param>
    /// <param name="made">What the code says.</param>
    public static string? Difference(string relative, string made)
    {
        var path = Path.Combine(RepositoryRoot.Path, relative);
        if (Environment.GetEnvironmentVariable("SLUICE_ACCEPT") == "1")
        {
            File.WriteAllText(path, made);
        }

        var present = File.Exists(path) ? File.ReadAllText(path) : "";
        return present == made
            ? null
            : $"{relative} is not what the code says. Look at the difference, then rewrite the page with SLUICE_ACCEPT=1.\n{FirstDifference(present, made)}";
    }

    private static string FirstDifference(string present, string made)
    {
        var (old, now) = (present.Split('\n'), made.Split('\n'));
        var at = 0;
        while (at < old.Length && at < now.Length && old[at] == now[at])
        {
            at++;
        }

        return $"line {at + 1}\n- {(at < old.Length ? old[at] : "")}\n+ {(at < now.Length ? now[at] : "")}";
    }
}
