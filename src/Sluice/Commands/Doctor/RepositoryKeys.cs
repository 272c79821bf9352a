using System.ComponentModel;
using System.Diagnostics;
using System.Text.RegularExpressions;
using Sluice.Core.Diagnosis;
using Sluice.Server.Diagnosis;

namespace Sluice.Commands.Doctor;

/// <summary>Looks for keys in the files that git tracks: what is committed is everybody's who ever clones the repository. Reads; keeps and prints no key.</summary>
internal static class RepositoryKeys
{
    private const int MostFiles = 20_000;
    private const long LargestFile = 1024 * 1024;
    private const long MostBytes = 128L * 1024 * 1024;
    private const int MostShown = 5;
    private static readonly TimeSpan GitsPatience = TimeSpan.FromSeconds(10);

    /// <summary>One line; null where the folder is in no repository, or there is no git.</summary>
    public static async Task<DoctorLine?> LookAsync(string folder, CancellationToken cancellation)
    {
        if (await TrackedAsync(folder, cancellation) is not { Count: > 0 } files)
        {
            return null;
        }

        var found = new List<string>();
        var (looked, bytes) = (0, 0L);
        foreach (var file in files.Take(MostFiles))
        {
            if (bytes >= MostBytes)
            {
                break;
            }

            if (Read(Path.Combine(folder, file)) is { } text)
            {
                bytes += text.Length;
                looked++;
                found.AddRange(Places(file, text));
            }
        }

        var scope = looked < files.Count ? $"{looked} of {files.Count} files that git tracks (the others are too large or no text)" : $"{looked} files that git tracks";
        return found.Count == 0
            ? DoctorLine.Of(new CheckLine("secrets", Verdict.Ok, $"No key of a provider in {scope}."))
            : DoctorLine.Of(new CheckLine("secrets", Verdict.Warn,
                $"What looks like a key stands in files that git tracks: {string.Join(", ", found.Take(MostShown))}{(found.Count > MostShown ? $" and {found.Count - MostShown} more" : "")}.",
                "Revoke these keys at their vendors (what was committed once is out), take them out of the files, and read them from the environment: ${NAME} in sluice.yaml."));
    }

    private static IEnumerable<string> Places(string file, string text)
    {
        try
        {
            return [.. KeyShapes.Find(text).Select(place => $"{file}:{place.Line} ({place.Vendor})")];
        }
        catch (RegexMatchTimeoutException)
        {
            // A file that keeps the expression busy for seconds was made to; the others are looked at all the same.
            return [];
        }
    }

    private static string? Read(string path)
    {
        try
        {
            if (new FileInfo(path) is not { Exists: true, LinkTarget: null, Length: <= LargestFile })
            {
                return null;
            }

            var text = File.ReadAllText(path);
            return text.Contains('\0', StringComparison.Ordinal) ? null : text;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    // Git itself knows what it tracks; its index has a format of its own that changes.
    private static async Task<List<string>?> TrackedAsync(string folder, CancellationToken cancellation)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(GitsPatience);
        try
        {
            using var git = Process.Start(new ProcessStartInfo("git", ["-C", folder, "ls-files", "-z"]) { RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false });
            if (git is null)
            {
                return null;
            }

            var errors = git.StandardError.ReadToEndAsync(limit.Token);
            var names = await git.StandardOutput.ReadToEndAsync(limit.Token);
            await errors;
            await git.WaitForExitAsync(limit.Token);
            return git.ExitCode == 0 ? [.. names.Split('\0', StringSplitOptions.RemoveEmptyEntries)] : null;
        }
        catch (Exception e) when (e is Win32Exception or IOException || (e is OperationCanceledException && !cancellation.IsCancellationRequested))
        {
            return null;
        }
    }
}
