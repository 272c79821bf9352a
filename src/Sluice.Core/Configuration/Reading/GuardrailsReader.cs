using Sluice.Core.Admission.Limits;
using Sluice.Core.Budgets;
using Sluice.Core.Guardrails;

namespace Sluice.Core.Configuration.Reading;

/// <summary>The section <c>guardrails</c>.</summary>
internal sealed class GuardrailsReader(Findings findings)
{
    private const int MostGuardrails = 100;
    private const int LongestName = 64;
    private const int LongestPattern = 4_096;

    /// <summary>Compiles the patterns; what is wrong becomes findings.</summary>
    public GuardrailTable Read(ConfigValue? section)
    {
        var items = section?.Items ?? [];
        if (items.Count > MostGuardrails)
        {
            findings.Error(section!, $"allowed: at most {MostGuardrails} guardrails, and there are {items.Count}");
            return GuardrailTable.Empty;
        }

        var names = new HashSet<string>(StringComparer.Ordinal);
        var all = items.Select(item => ReadOne(item, names)).OfType<Guardrail>().ToList();
        return all.Count == 0 ? GuardrailTable.Empty : new GuardrailTable(all);
    }

    private Guardrail? ReadOne(ConfigValue item, HashSet<string> names)
    {
        if (item.Get<string>("name") is not { } name || item.Get<string>("pattern") is not { } pattern)
        {
            // Told by the shape already.
            return null;
        }

        if (name.Length is 0 or > LongestName || name.Any(char.IsControl))
        {
            findings.Error(item["name"]!, $"allowed: a name of at most {LongestName} letters");
        }

        if (!names.Add(name))
        {
            findings.Error(item["name"]!, $"another guardrail is called {name}");
        }

        LimitScope? scope = null;
        if (item.Get<string>("scope") is { } whose)
        {
            if (!Budget.TryParseScope(whose, out var read))
            {
                findings.Error(item["scope"]!, $"allowed: {Budget.AllowedScopes}");
            }

            scope = read;
        }

        if (pattern.Length is 0 or > LongestPattern)
        {
            findings.Error(item["pattern"]!, $"allowed: a regular expression of at most {LongestPattern} letters");
            return null;
        }

        if (!Guardrail.TryCompile(pattern, out var compiled, out var fault))
        {
            findings.Error(item["pattern"]!, $"no regular expression that can be used: {fault}");
            return null;
        }

        return new Guardrail(name, compiled, scope);
    }
}
