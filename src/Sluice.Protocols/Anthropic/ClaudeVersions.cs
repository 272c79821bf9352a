using System.Globalization;

namespace Sluice.Protocols.Anthropic;

/// <summary>
/// Reads family and version from a model id, canonical or an upstream's spelling of it: <c>anthropic/claude-opus-4.8</c>,
/// <c>claude-3-5-haiku-20241022</c> (the old order), <c>us.anthropic.claude-sonnet-4-5-20250929-v1:0</c>.
/// </summary>
internal static class ClaudeVersions
{
    /// <summary>True when the id names a Claude model of at least the version given for its family.</summary>
    /// <param name="model">The id.</param>
    /// <param name="opus">For the opus family.</param>
    /// <param name="others">For all other families.</param>
    public static bool IsAtLeast(string model, decimal opus, decimal others) =>
        Version(model, out var family) is { } version && version >= (family == "opus" ? opus : others);

    /// <summary>True when the id names a Claude model, whether it says a version or not.</summary>
    public static bool IsClaude(string model) => model.Contains("claude-", StringComparison.Ordinal);

    /// <summary>True when the id names a Claude model whose version can be read and is below the given one.</summary>
    public static bool IsBelow(string model, decimal version) => Version(model, out _) < version;

    private static decimal? Version(string model, out string family)
    {
        family = "";
        var at = model.IndexOf("claude-", StringComparison.Ordinal);
        if (at < 0)
        {
            return null;
        }

        // Family first since Claude 4 (claude-sonnet-4-5), version first before (claude-3-5-sonnet).
        var words = model[at..].Split('-', '.', '@', ':');
        var first = words.Length > 1 && Small(words[1]) is not null ? 1 : 2;
        if (words.Length <= first || Small(words[first]) is not { } major)
        {
            return null;
        }

        // A longer number behind it is a date, not a minor version.
        var minor = words.Length > first + 1 ? Small(words[first + 1]) : null;
        family = words.FirstOrDefault(w => w is "opus" or "sonnet" or "haiku") ?? "";
        return major + ((minor ?? 0) / 10m);
    }

    private static int? Small(string word) =>
        word.Length <= 2 && int.TryParse(word, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;
}
