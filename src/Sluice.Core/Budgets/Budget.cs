using Sluice.Core.Admission.Limits;

namespace Sluice.Core.Budgets;

/// <summary>How much money somebody may spend in a day, a week or a month.</summary>
/// <param name="Scope">Whose: a key, a user, a team, a project or the organization.</param>
/// <param name="Per">In which time.</param>
/// <param name="NanoUsd">Nano-dollars; 0 is nothing at all.</param>
/// <param name="IsHard">What it cannot pay for is refused; a soft one only tells.</param>
public sealed record Budget(LimitScope Scope, BudgetPeriod Per, long NanoUsd, bool IsHard)
{
    /// <summary>The scopes that may have one, for error messages.</summary>
    public const string AllowedScopes = "key:ID, user:NAME, team:NAME, project:NAME or organization";

    /// <summary>What tells it from all others: a scope may have one for each period.</summary>
    public BudgetName Name => new(Scope, Per);

    /// <summary>Money is the balance of one person or key; else it is what several share.</summary>
    public bool IsPersonal => Scope.Kind is ScopeKind.Key or ScopeKind.User;

    /// <summary>Reads a scope that may have a budget.</summary>
    public static bool TryParseScope(string text, out LimitScope scope) => LimitScope.TryParse(text, out scope) && scope.Kind != ScopeKind.Model;
}

/// <summary>A budget's name: <c>user:dev1 per month</c>.</summary>
/// <param name="Scope">Whose.</param>
/// <param name="Per">In which time.</param>
public readonly record struct BudgetName(LimitScope Scope, BudgetPeriod Per)
{
    /// <inheritdoc/>
    public override string ToString() => $"{Scope} per {Per.Word()}";
}
