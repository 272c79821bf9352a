using System.Diagnostics;
using Sluice.Testing;

namespace Sluice.Architecture.Tests;

/// <summary>The files that belong to the repository: tracked, or new and not ignored. What builds leave behind is not looked at.</summary>
internal static class Tree
{
    private static readonly string[] All = List();

    /// <summary>Paths relative to the root, with forward slashes; <paramref name="patterns"/> are ends (<c>*.cs</c>) or a folder and an end (<c>src/*.cs</c>).</summary>
    public static IEnumerable<string> Files(params string[] patterns) =>
        All.Where(path => patterns.Length == 0 || patterns.Any(pattern => Matches(path, pattern)));

    public static string FullPath(string relative) => Path.Combine(RepositoryRoot.Path, relative);

    /// <summary>Text files with their text; binary ones are left out.</summary>
    public static IEnumerable<(string Path, string Text)> Texts(params string[] patterns)
    {
        foreach (var path in Files(patterns))
        {
            var text = File.ReadAllText(FullPath(path));
            if (!text.Contains('\0', StringComparison.Ordinal))
            {
                yield return (path, text);
            }
        }
    }

    /// <summary>A path against one pattern of <see cref="Files"/>.</summary>
    public static bool Matches(string path, string pattern)
    {
        var star = pattern.IndexOf('*', StringComparison.Ordinal);
        return star < 0
            ? path == pattern
            : path.StartsWith(pattern[..star], StringComparison.Ordinal) && path.EndsWith(pattern[(star + 1)..], StringComparison.Ordinal);
    }

    private static string[] List()
    {
        var start = new ProcessStartInfo("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
        {
            WorkingDirectory = RepositoryRoot.Path,
            UseShellExecute = false,
            RedirectStandardOutput = true,
        };
        using var git = Process.Start(start) ?? throw new InvalidOperationException("git did not start");
        var output = git.StandardOutput.ReadToEnd();
        git.WaitForExit();
        // A file that was deleted but not yet committed is still listed.
        return [.. output.Split('\0', StringSplitOptions.RemoveEmptyEntries).Where(path => File.Exists(FullPath(path))).Order(StringComparer.Ordinal)];
    }
}
