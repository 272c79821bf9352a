using System.Diagnostics.CodeAnalysis;
using System.Text.RegularExpressions;
using Sluice.Core.Admission.Limits;

namespace Sluice.Core.Guardrails;

/// <summary>What no prompt may hold.</summary>
/// <param name="Name">How it is called where it refuses; the pattern itself is told to nobody.</param>
/// <param name="Pattern">What is looked for; takes time in proportion to the text, whatever stands in it.</param>
/// <param name="Scope">Whose requests; null for all.</param>
public sealed record Guardrail(string Name, Regex Pattern, LimitScope? Scope)
{
    /// <summary>Compiles a pattern. False: it is none, or one that could take for ever (look-around, references back), and <paramref name="fault"/> says so.</summary>
    public static bool TryCompile([StringSyntax(StringSyntaxAttribute.Regex)] string pattern, [NotNullWhen(true)] out Regex? compiled, [NotNullWhen(false)] out string? fault)
    {
        try
        {
            compiled = new Regex(pattern, RegexOptions.NonBacktracking | RegexOptions.CultureInvariant);
            fault = null;
            return true;
        }
        catch (ArgumentException e)
        {
            (compiled, fault) = (null, e.Message);
            return false;
        }
        catch (NotSupportedException)
        {
            (compiled, fault) = (null, "Look-ahead, look-behind, references back and atomic groups are not allowed: they can take for ever.");
            return false;
        }
    }
}
