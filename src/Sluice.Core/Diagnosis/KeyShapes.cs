using System.Text.RegularExpressions;

namespace Sluice.Core.Diagnosis;

/// <summary>A place where something looks like a key. The key itself is not in it.</summary>
/// <param name="Line">From 1.</param>
/// <param name="Vendor">Whose it looks like.</param>
public sealed record KeyPlace(int Line, string Vendor);

/// <summary>
/// Finds what looks like a provider's key in a text. Stricter than what is taken out of messages: there a word too much costs nothing, here each
/// wrong alarm teaches people to look away. Vendors' shapes are whole, and what stands in examples (one letter again and again, no digit) is none.
/// </summary>
public static partial class KeyShapes
{
    // A key that a machine drew has far more different letters than a placeholder.
    private const int FewestDifferent = 10;

    /// <summary>Each place, in order; the first in each line counts.</summary>
    public static IEnumerable<KeyPlace> Find(string text)
    {
        var (line, counted) = (1, 0);
        foreach (Match match in Shapes().Matches(text))
        {
            if (!IsDrawn(match.Value))
            {
                continue;
            }

            line += text.AsSpan(counted, match.Index - counted).Count('\n');
            counted = match.Index;
            yield return new KeyPlace(line, match.Groups.Keys.First(name => !char.IsAsciiDigit(name[0]) && match.Groups[name].Success));
        }
    }

    private static bool IsDrawn(string key) => key.Any(char.IsAsciiDigit) && key.Distinct().Count() >= FewestDifferent;

    [GeneratedRegex(
        "(?<![A-Za-z0-9_-])(?:(?<Anthropic>sk-ant-[A-Za-z0-9_-]{24,})|(?<OpenRouter>sk-or-v1-[0-9a-f]{32,})|(?<Sluice>sk-sluice-[A-Za-z0-9]{40})"
        + "|(?<OpenAI>sk-(?:proj|svcacct|admin)-[A-Za-z0-9_-]{32,}|sk-[A-Za-z0-9]{32,})|(?<Google>AIza[A-Za-z0-9_-]{35})|(?<Groq>gsk_[A-Za-z0-9]{40,})"
        + "|(?<xAI>xai-[A-Za-z0-9]{40,})|(?<Perplexity>pplx-[A-Za-z0-9]{40,})|(?<AWS>AKIA[A-Z0-9]{16}))(?![A-Za-z0-9_-])",
        RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 2000)]
    private static partial Regex Shapes();
}
