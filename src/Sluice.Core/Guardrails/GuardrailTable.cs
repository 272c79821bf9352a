using Sluice.Core.Admission;

namespace Sluice.Core.Guardrails;

/// <summary>All guardrails of a configuration.</summary>
/// <param name="All">In the order of the file.</param>
public sealed record GuardrailTable(IReadOnlyList<Guardrail> All)
{
    /// <summary>None.</summary>
    public static readonly GuardrailTable Empty = new([]);

    /// <summary>There are none: nothing is read for them.</summary>
    public bool IsEmpty => All.Count == 0;

    /// <summary>Names of those that a text runs into.</summary>
    /// <param name="caller">Whose text.</param>
    /// <param name="text">Bounded by whoever read it.</param>
    public IReadOnlyList<string> Broken(CallerScopes caller, string text)
    {
        var scopes = caller.All().ToList();
        return [.. All.Where(guardrail => (guardrail.Scope is not { } scope || scopes.Contains(scope)) && guardrail.Pattern.IsMatch(text)).Select(guardrail => guardrail.Name)];
    }
}
