using System.Text.RegularExpressions;

namespace Sluice.Simulator.Answers;

/// <summary>Reads what agents hide in texts.</summary>
internal static partial class PromptText
{
    /// <summary>
    /// What the person said: agents add <c>&lt;system-reminder&gt;…</c> to it, in blocks of their own or, once a translation has joined the blocks,
    /// in the same text. Null where nothing else is left. A text without any comes back as it is.
    /// </summary>
    public static string? Said(string text)
    {
        if (!text.Contains("<system-reminder>", StringComparison.Ordinal))
        {
            return text;
        }

        var said = Reminder().Replace(text, "").Trim();
        return said.Length == 0 ? null : said;
    }

    /// <summary>From lines like <c> - Primary working directory: /home/dev/project</c>.</summary>
    public static string? WorkingDirectory(string text) =>
        FolderLine().Match(text) is { Success: true } found ? found.Groups["folder"].Value.Trim() : null;

    // An unclosed one reaches to the end.
    [GeneratedRegex("(?s)<system-reminder>.*?(?:</system-reminder>|$)", RegexOptions.NonBacktracking)]
    private static partial Regex Reminder();

    [GeneratedRegex(@"(?:[Ww]orking directory|<cwd>|Current directory):? ?(?<folder>/[^\n<]*)", RegexOptions.NonBacktracking)]
    private static partial Regex FolderLine();
}
