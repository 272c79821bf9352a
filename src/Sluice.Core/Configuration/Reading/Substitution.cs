using System.Text;

namespace Sluice.Core.Configuration.Reading;

/// <summary>Fills in <c>${NAME}</c>, <c>${NAME:-default}</c> and <c>${file:/path}</c>; <c>$${</c> is a literal <c>${</c>.</summary>
internal sealed class Substitution(ConfigSources sources, string fileFolder)
{
    private readonly HashSet<string> _files = new(StringComparer.Ordinal);
    private readonly List<KeyValuePair<string, string>> _used = [];

    /// <summary>Absolute paths of the <c>${file:…}</c> targets.</summary>
    public IReadOnlyCollection<string> Files => _files;

    /// <summary>What was filled in, in order: part of the content hash.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Used => _used;

    /// <summary>Fills in all references of <paramref name="text"/>. On failure <paramref name="problem"/> says what is missing and what to do.</summary>
    public string? Apply(string text, out string? problem)
    {
        problem = null;
        if (!text.Contains("${", StringComparison.Ordinal))
        {
            return text;
        }

        var filled = new StringBuilder();
        var at = 0;
        while (text.IndexOf("${", at, StringComparison.Ordinal) is >= 0 and var open)
        {
            if (open > at && text[open - 1] == '$')
            {
                filled.Append(text, at, open - 1 - at).Append("${");
                at = open + 2;
                continue;
            }

            var close = text.IndexOf('}', open);
            if (close < 0)
            {
                problem = "a ${…} reference must be closed by }; write $${ for a literal ${";
                return null;
            }

            filled.Append(text, at, open - at);
            if (Value(text[(open + 2)..close], out problem) is not { } value)
            {
                return null;
            }

            filled.Append(value);
            at = close + 1;
        }

        return filled.Append(text, at, text.Length - at).ToString();
    }

    /// <summary>The content of a file that the configuration names; it is watched, and part of the content hash. Null where it cannot be read.</summary>
    public string? ReadFile(string path) => FromFile(path, out _);

    private string? Value(string reference, out string? problem)
    {
        problem = null;
        if (reference.StartsWith("file:", StringComparison.Ordinal))
        {
            return FromFile(reference["file:".Length..], out problem);
        }

        var split = reference.IndexOf(":-", StringComparison.Ordinal);
        var name = split < 0 ? reference : reference[..split];
        if (name.Length == 0 || !name.All(letter => char.IsAsciiLetterOrDigit(letter) || letter == '_'))
        {
            problem = "allowed are ${NAME}, ${NAME:-default} and ${file:/path}";
            return null;
        }

        var isSet = sources.Environment.TryGetValue(name, out var value);
        if (split >= 0 && string.IsNullOrEmpty(value))
        {
            value = reference[(split + 2)..];
        }
        else if (!isSet)
        {
            problem = $"the environment variable {name} is not set; set it, or write ${{{name}:-default}}";
            return null;
        }

        _used.Add(new(name, value!));
        return value;
    }

    private string? FromFile(string path, out string? problem)
    {
        problem = null;
        var full = Path.GetFullPath(path, fileFolder);
        _files.Add(full);
        if (sources.ReadFile(full) is not { } content)
        {
            problem = $"the file {full} cannot be read; create it or make it readable";
            return null;
        }

        // Secrets written by an editor or by echo end with a newline that is no part of them.
        var value = content.TrimEnd('\r', '\n');
        _used.Add(new(full, value));
        return value;
    }
}
