using System.Globalization;
using Sluice.Core.Admission.Limits;
using Sluice.Core.Budgets;
using Sluice.Core.Routing;
using Sluice.Protocols.Errors;
using Sluice.Server.Attempts;

namespace Sluice.Server.Budgets;

/// <summary>
/// What a client is told when there is no money for its request: 402 where it is its own, 403 where it is what several share, 402 with
/// <c>retry-after</c> where it is only held by requests that are under way, 503 where the database that several nodes share does not say whether there is any.
/// </summary>
internal static class BudgetErrors
{
    // Somebody has to end first: nothing tells when.
    private static readonly TimeSpan UntilSomebodyEnds = TimeSpan.FromSeconds(5);

    // A database that fails over is back within the minute; nothing tells when.
    private static readonly TimeSpan UntilTheDatabaseIsBack = TimeSpan.FromSeconds(5);

    /// <summary>A hard budget cannot pay.</summary>
    /// <param name="shortage">Which, and how much is missing.</param>
    /// <param name="output">Tokens of output that were counted with.</param>
    /// <param name="affordable">Tokens of output that there is money for.</param>
    /// <param name="request">Of whom.</param>
    public static GatewayError Of(BudgetShortage shortage, long output, long affordable, InferenceRequest request)
    {
        if (shortage.IsAway)
        {
            return OfAway(shortage, request);
        }

        var standing = shortage.Standing;
        var budget = standing.Budget;
        var remedy = Remedy(shortage, affordable);

        // OpenRouter's clients compare the message; the rest stands in the metadata.
        var words = Words(shortage, output, affordable);
        var isForbidden = !budget.IsPersonal && !shortage.IsInFlight;
        return new GatewayError(ErrorKind.Credits, ErrorSource.Gateway, isForbidden ? 403 : ErrorStatus.Of(ErrorKind.Credits),
            request.Surface.IsOpenRouters ? words : $"{words} {Describe(standing)} {remedy}")
        {
            RequestId = request.Id,
            Remedy = remedy,
            Limit = string.Create(CultureInfo.InvariantCulture, $"{budget.Name} {Usd(budget.NanoUsd)} USD"),
            Reason = shortage.IsInFlight ? "in_flight_budget_exhausted" : standing.Spent == 0 && shortage.Need > budget.NanoUsd && budget.NanoUsd > 0 ? "weight_exceeds_budget" : "budget_exceeded",
            Code = isForbidden ? "budget_exceeded" : null,
            LimitSource = shortage.IsInFlight ? "openrouter_in_flight_budget"
                : budget.Scope.Kind == ScopeKind.Key ? "openrouter_key_limit"
                : budget.IsPersonal ? "openrouter_credits"
                : $"sluice_{budget.Scope.Word}_budget",
            RetryAfter = shortage.IsInFlight ? UntilSomebodyEnds : null,
            ShouldRetry = shortage.IsInFlight,
        };
    }

    private static GatewayError OfAway(BudgetShortage shortage, InferenceRequest request)
    {
        const string Remedy = "Try again shortly; the administrator sees in the log of this node why its PostgreSQL does not answer.";
        var budget = shortage.Standing.Budget;
        return new GatewayError(ErrorKind.Overloaded, ErrorSource.Gateway, 503,
            $"The database that all nodes share does not answer, and this node alone cannot tell whether the hard budget of {budget.Scope} still pays. {Remedy}")
        {
            RequestId = request.Id,
            Remedy = Remedy,
            Limit = $"{budget.Name} {Usd(budget.NanoUsd)} USD",
            RetryAfter = UntilTheDatabaseIsBack,
            ShouldRetry = true,
        };
    }

    /// <summary>A hard budget, and an endpoint that nobody knows the price of.</summary>
    public static GatewayError OfUnpriced(Budget budget, Candidate candidate, InferenceRequest request)
    {
        const string Remedy = "Give the endpoint a price in the configuration (0 where it costs nothing), or use a model that has one.";
        return new GatewayError(ErrorKind.NoEndpoint, ErrorSource.Gateway, 404,
            $"{candidate.Endpoint.Id} has no known price, and the hard budget of {budget.Scope} can only be kept by prices. {Remedy}")
        {
            RequestId = request.Id,
            Remedy = Remedy,
            Limit = $"{budget.Name} {Usd(budget.NanoUsd)} USD",
            ShouldRetry = false,
        };
    }

    /// <summary>Dollars with as many places as they have, at least two.</summary>
    public static string Usd(long nano) => (nano / 1_000_000_000m).ToString("#,0.00#######", CultureInfo.InvariantCulture);

    private static string Words(BudgetShortage shortage, long output, long affordable)
    {
        var budget = shortage.Standing.Budget;
        return shortage.IsInFlight ? "The budget is held by requests that are under way. Retry shortly."
            : !budget.IsPersonal ? $"{Shared(budget.Scope)} {budget.Per.Adjective()} budget of ${Usd(budget.NanoUsd)} exceeded. Contact your org admin."
            : affordable > 0 ? string.Create(CultureInfo.InvariantCulture, $"This request requires more credits, or fewer max_tokens. You requested up to {output} tokens, but can only afford {affordable}.")
            : "Insufficient credits.";
    }

    private static string Describe(BudgetStanding standing)
    {
        var held = standing.Reserved > 0 ? $" and ${Usd(standing.Reserved)} held for requests under way" : "";
        return string.Create(CultureInfo.InvariantCulture,
            $"The {standing.Budget.Per.Adjective()} budget of {standing.Budget.Scope} is ${Usd(standing.Budget.NanoUsd)}, with ${Usd(standing.Spent)} spent{held}; it begins anew on {standing.Window.End.UtcDateTime:yyyy-MM-dd}.");
    }

    private static string Remedy(BudgetShortage shortage, long affordable)
    {
        if (shortage.IsInFlight)
        {
            return "Wait for the requests under way, and try again.";
        }

        var raise = $"ask the administrator to raise it ('sluice budgets set --scope {shortage.Standing.Budget.Scope}')";
        return affordable > 0 ? string.Create(CultureInfo.InvariantCulture, $"Set max_tokens to {affordable} or less, or {raise}.") : $"Wait until then, or {raise}.";
    }

    // As OpenRouter names the one that it has.
    private static string Shared(LimitScope scope) => scope.Kind switch
    {
        ScopeKind.Organization => "Workspace",
        ScopeKind.Team => $"Team {scope.Name}'s",
        _ => $"Project {scope.Name}'s",
    };
}
