using System.Text.RegularExpressions;

namespace Sluice.Simulator.Answers;

/// <summary>Reads what agents hide in texts.</summary>
internal static partial class PromptText
{
    /// <summary>
    /// What the person said: agents add <c>&lt;system-reminder&gt;…</c> (Claude Code) or <c>&lt;&lt;&lt;BEGIN_OPENCLAW_INTERNAL_CONTEXT&gt;&gt;&gt;…</c> to it, and
    /// translations to formats without instructions in mid-conversation <c>&lt;system&gt;…</c>, in blocks of their own or, once a translation has joined the
    /// blocks, in the same text. Null where nothing else is left. A text without any comes back as it is.
    /// </summary>
    public static string? Said(string text)
    {
        if (!text.Contains("<system-reminder>", StringComparison.Ordinal) && !text.Contains("<<<BEGIN_OPENCLAW_INTERNAL_CONTEXT>>>", StringComparison.Ordinal)
            && !text.Contains("<system>\n", StringComparison.Ordinal))
        {
            return text;
        }

        var said = Added().Replace(text, "").Trim();
        return said.Length == 0 ? null : said;
    }

    /// <summary>
    /// Nothing here but what the agent added: OpenClaw ends every request with such a message, and a conversation ends with its tool results all the same.
    /// </summary>
    /// <param name="texts">The texts of a message.</param>
    public static bool IsOnlyAdded(IEnumerable<string> texts)
    {
        var any = false;
        foreach (var text in texts)
        {
            if (Said(text) is not null)
            {
                return false;
            }

            any = true;
        }

        return any;
    }

    /// <summary>From lines like <c> - Primary working directory: /home/dev/project</c>.</summary>
    public static string? WorkingDirectory(string text) =>
        FolderLine().Match(text) is { Success: true } found ? found.Groups["folder"].Value.Trim() : null;

    // An unclosed one reaches to the end.
    [GeneratedRegex("(?s)<system-reminder>.*?(?:</system-reminder>|$)|<<<BEGIN_OPENCLAW_INTERNAL_CONTEXT>>>.*?(?:<<<END_OPENCLAW_INTERNAL_CONTEXT>>>|$)|<system>\n.*?(?:\n</system>|$)", RegexOptions.NonBacktracking)]
    private static partial Regex Added();

    [GeneratedRegex(@"(?:[Ww]orking directory|<cwd>|Current directory):? ?(?<folder>/[^\n<]*)", RegexOptions.NonBacktracking)]
    private static partial Regex FolderLine();
}
