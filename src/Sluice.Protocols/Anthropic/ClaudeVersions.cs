using System.Globalization;

namespace Sluice.Protocols.Anthropic;

/// <summary>Reads family and version from a canonical model id: <c>anthropic/claude-opus-4.8</c>.</summary>
internal static class ClaudeVersions
{
    /// <summary>True when the id names a Claude model of at least the version given for its family.</summary>
    /// <param name="canonicalModel">Canonical id, or an upstream's spelling of it.</param>
    /// <param name="opus">For the opus family.</param>
    /// <param name="others">For all other families.</param>
    public static bool IsAtLeast(string canonicalModel, decimal opus, decimal others)
    {
        var name = canonicalModel[(canonicalModel.LastIndexOf('/') + 1)..];
        if (!name.StartsWith("claude-", StringComparison.Ordinal))
        {
            return false;
        }

        var words = name.Split('-', '.');
        if (words.Length < 3 || !int.TryParse(words[2], NumberStyles.None, CultureInfo.InvariantCulture, out var major))
        {
            return false;
        }

        // A third number of eight digits is a date, not a minor version.
        var minor = words.Length > 3 && words[3].Length <= 2 && int.TryParse(words[3], NumberStyles.None, CultureInfo.InvariantCulture, out var m) ? m : 0;
        return major + (minor / 10m) >= (words[1] == "opus" ? opus : others);
    }
}
