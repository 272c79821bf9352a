using Sluice.Core.Catalogue;

namespace Sluice.Core.Routing.Rules;

/// <summary>The rules of one configuration, in order. Immutable; asking it allocates nothing but what resolving a model's name does.</summary>
public sealed class RuleTable
{
    /// <summary>No rules.</summary>
    public static readonly RuleTable Empty = new([], null, CostlyFacts.None);

    private readonly Rule[] _rules;
    private readonly CatalogueTable? _catalogue;
    private readonly CostlyFacts _reads;

    internal RuleTable(IEnumerable<Rule> rules, CatalogueTable? catalogue, CostlyFacts reads)
    {
        _rules = [.. rules];
        _catalogue = catalogue;
        _reads = reads;
    }

    /// <summary>In the file's order.</summary>
    public IReadOnlyList<Rule> All => _rules;

    /// <summary>The deadline of the rule of this name; null where it sets none.</summary>
    public TimeSpan? DeadlineOf(string name)
    {
        foreach (var rule in _rules)
        {
            if (rule.Name == name)
            {
                return rule.Deadline;
            }
        }

        return null;
    }

    /// <summary>The first rule that holds; null where none does.</summary>
    /// <param name="request">As the client sent it.</param>
    /// <param name="now">Any offset; rules see UTC.</param>
    public Rule? Match(RoutingRequest request, DateTimeOffset now)
    {
        if (_rules.Length == 0)
        {
            return null;
        }

        var facts = new RuleFacts(request, (_reads & CostlyFacts.CanonicalModel) != CostlyFacts.None ? _catalogue?.Resolve(request.Model)?.Model.Id : null, now.ToUniversalTime());
        foreach (var rule in _rules)
        {
            if (rule.Holds(facts))
            {
                return rule;
            }
        }

        return null;
    }
}
