using System.Text.RegularExpressions;

namespace Sluice.Simulator.Answers;

/// <summary>Reads what agents hide in texts.</summary>
internal static partial class PromptText
{
    /// <summary>Agents add blocks like <c>&lt;system-reminder&gt;…</c> to what the person said; those are not what was asked.</summary>
    public static bool IsReminder(string text) => text.AsSpan().TrimStart().StartsWith("<system-reminder>", StringComparison.Ordinal);

    /// <summary>From lines like <c> - Primary working directory: /home/dev/project</c>.</summary>
    public static string? WorkingDirectory(string text) =>
        FolderLine().Match(text) is { Success: true } found ? found.Groups["folder"].Value.Trim() : null;

    [GeneratedRegex(@"(?:[Ww]orking directory|<cwd>|Current directory):? ?(?<folder>/[^\n<]*)", RegexOptions.NonBacktracking)]
    private static partial Regex FolderLine();
}
