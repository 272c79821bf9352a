using System.Text;

namespace Sluice.Core.Configuration;

/// <summary>Reads a <c>.env</c> file: <c>NAME=value</c> a line, <c>export</c> before it allowed, single quotes literal, double quotes with escapes, <c>#</c> comments.</summary>
public static class DotEnv
{
    /// <summary>The variables of <paramref name="text"/>, the last of a name winning. Lines that are none are skipped: the file belongs to other programs too.</summary>
    public static Dictionary<string, string> Parse(string text)
    {
        var variables = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var raw in text.TrimStart('\uFEFF').Split('\n'))
        {
            var line = raw.Trim();
            if (line.StartsWith("export ", StringComparison.Ordinal))
            {
                line = line["export ".Length..].TrimStart();
            }

            var equals = line.IndexOf('=', StringComparison.Ordinal);
            if (equals <= 0 || line[0] == '#')
            {
                continue;
            }

            var name = line[..equals].TrimEnd();
            if (name.All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '_' or '.') && !char.IsAsciiDigit(name[0]))
            {
                variables[name] = Value(line[(equals + 1)..].TrimStart());
            }
        }

        return variables;
    }

    /// <summary>The environment with <paramref name="file"/> under it: what is really set wins, also when it is set to nothing.</summary>
    public static Dictionary<string, string> MergeUnder(IReadOnlyDictionary<string, string> environment, IReadOnlyDictionary<string, string> file)
    {
        var merged = new Dictionary<string, string>(file, StringComparer.Ordinal);
        foreach (var (name, value) in environment)
        {
            merged[name] = value;
        }

        return merged;
    }

    private static string Value(string text)
    {
        if (text.Length > 0 && text[0] == '\'' && text.IndexOf('\'', 1) is > 0 and var end)
        {
            return text[1..end];
        }

        if (text.Length > 0 && text[0] == '"')
        {
            return Quoted(text);
        }

        // A comment needs a blank before it: a bare # may be part of a password.
        var comment = text.IndexOf(" #", StringComparison.Ordinal);
        return (comment < 0 ? text : text[..comment]).TrimEnd();
    }

    private static string Quoted(string text)
    {
        var value = new StringBuilder();
        for (var i = 1; i < text.Length && text[i] != '"'; i++)
        {
            if (text[i] == '\\' && i + 1 < text.Length)
            {
                i++;
                value.Append(text[i] switch { 'n' => '\n', 'r' => '\r', 't' => '\t', var other => other });
            }
            else
            {
                value.Append(text[i]);
            }
        }

        return value.ToString();
    }
}
