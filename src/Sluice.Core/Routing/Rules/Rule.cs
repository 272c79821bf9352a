using Sluice.Core.Catalogue;
using Sluice.Core.Configuration;

namespace Sluice.Core.Routing.Rules;

/// <summary>One rule of the configuration, compiled: which requests, and what becomes of them.</summary>
public sealed class Rule
{
    private readonly Condition _condition;
    private readonly IReadOnlyList<string>[] _rest;

    internal Rule(string name, string? when, Condition condition, IReadOnlyList<string> use)
    {
        (Name, When, _condition, Use) = (name, when, condition, use);
        _rest = [.. use.Select((_, i) => use.Skip(i + 1).ToArray())];
    }

    /// <summary>The rule's own name, else <c>rule 3</c> by its place.</summary>
    public string Name { get; }

    /// <summary>The expression as written; null where the rule holds always.</summary>
    public string? When { get; }

    /// <summary>Models in the place of the request's, in order; empty leaves the request's own.</summary>
    public IReadOnlyList<string> Use { get; }

    /// <summary>The only providers that may serve; empty is all.</summary>
    public IReadOnlyList<string> Only { get; init; } = [];

    /// <summary>Providers to try first where the request names none.</summary>
    public IReadOnlyList<string> Order { get; init; } = [];

    /// <summary>How to order endpoints where the request does not say.</summary>
    public RouteSort? Sort { get; init; }

    /// <summary>How long its requests may take in all; null is the configured length.</summary>
    public TimeSpan? Deadline { get; init; }

    internal bool Holds(in RuleFacts facts) => _condition.Holds(facts);

    /// <summary>The request as the rule wants it. A model that the key may not use is passed over; if it may use none of them, the first is asked for, and refused.</summary>
    public RoutingRequest Apply(RoutingRequest request, CatalogueTable catalogue)
    {
        var preferences = Merge(request.Preferences);
        if (Use.Count == 0)
        {
            return request with { Preferences = preferences };
        }

        var first = 0;
        for (var i = 0; i < Use.Count && request.AllowedModels.Count > 0; i++)
        {
            if (catalogue.Resolve(Use[i]) is { } model && ModelPermission.Allows(request.AllowedModels, Use[i], model, catalogue))
            {
                first = i;
                break;
            }
        }

        return request with { Model = Use[first], FallbackModels = _rest[first], Preferences = preferences };
    }

    /// <summary>The plan with the rule's name in every reason, so that headers, ledger and explanations tell it.</summary>
    /// <param name="plan">Made of what <see cref="Apply"/> returned.</param>
    /// <param name="requested">The model as the client named it.</param>
    public Plan Mark(Plan plan, string requested)
    {
        var candidates = new Candidate[plan.Candidates.Count];
        for (var i = 0; i < candidates.Length; i++)
        {
            candidates[i] = plan.Candidates[i] with { Reason = $"{Called}: {plan.Candidates[i].Reason}" };
        }

        return plan with
        {
            Rule = Name,
            Candidates = candidates,
            Notes = [Note(requested), .. plan.Notes],
            Refusal = plan.Refusal is { } refusal ? refusal with { Message = $"{refusal.Message} ({Called} of the configuration sent '{Shortened(requested)}' there.)" } : null,
        };
    }

    private bool Chooses => Only.Count > 0 || Order.Count > 0 || Sort is not null;

    private string Called => Name.StartsWith("rule ", StringComparison.Ordinal) ? Name : $"rule {Name}";

    private string Note(string requested) => Use.Count == 0
        ? $"{Called} matched: it {(Chooses ? "chooses among providers" : "sets a deadline")} and leaves the model."
        : $"{Called} matched: {string.Join(" then ", Use)} in place of {Shortened(requested)}.";

    private static string Shortened(string name) => name.Length <= 200 ? name : name[..200] + "…";

    private ProviderPreferences Merge(ProviderPreferences own)
    {
        if (!Chooses)
        {
            return own;
        }

        return own with
        {
            AllowedByRule = Only,
            Order = own.Order.Count > 0 ? own.Order : Order,
            Sort = own.Sort ?? Sort,
        };
    }
}
