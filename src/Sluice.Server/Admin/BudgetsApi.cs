using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Sluice.Core.Budgets;

namespace Sluice.Server.Admin;

/// <summary><c>/budgets</c>: what keys, users, teams, projects and the organization may spend, and how that stands. A change counts at once.</summary>
internal static class BudgetsApi
{
    // A billion dollars: above it sums of nano-dollars come near the end of their range.
    private const decimal MostUsd = 1_000_000_000m;
    private const decimal NanoPerUsd = 1_000_000_000m;

    /// <summary>All, with what is spent, held and left of them.</summary>
    public static async Task ListAsync(HttpContext http)
    {
        var budgets = await Directory(http).ListAsync(http.RequestAborted);
        await AdminAnswer.JsonAsync(http, new BudgetListAnswer([.. budgets.Select(budget => Answer(budget.Stored, budget.Standing))]), AdminJson.Default.BudgetListAnswer);
    }

    /// <summary>Sets one budget, in the place of one of the same scope and period.</summary>
    public static async Task SetAsync(HttpContext http)
    {
        var body = await AdminAnswer.ReadAsync(http, AdminJson.Default.BudgetBody);
        var name = NameOf(body.Scope, body.Per);
        if (body.Usd is not { } usd)
        {
            throw new BadInputException("usd is missing: the amount, a number from 0 to 1000000000.");
        }

        if (usd is < 0 or > MostUsd || decimal.Round(usd, 9) != usd)
        {
            throw new BadInputException($"usd is {usd}; allowed: a number from 0 to 1000000000 with at most nine decimal places.");
        }

        var (stored, standing) = await Directory(http).SetAsync(new Budget(name.Scope, name.Per, (long)(usd * NanoPerUsd), body.Hard ?? false), http.RequestAborted);
        await AdminAnswer.JsonAsync(http, Answer(stored, standing), AdminJson.Default.BudgetAnswer);
    }

    /// <summary>Takes a budget away: <c>?scope=…&amp;per=…</c>.</summary>
    public static async Task RemoveAsync(HttpContext http)
    {
        var name = NameOf(http.Request.Query["scope"], http.Request.Query["per"]);
        if (await Directory(http).RemoveAsync(name, http.RequestAborted))
        {
            await AdminAnswer.JsonAsync(http, new BudgetRemovedAnswer(name.Scope.ToString(), name.Per.Word()), AdminJson.Default.BudgetRemovedAnswer);
            return;
        }

        await AdminAnswer.ErrorAsync(http, StatusCodes.Status404NotFound, $"There is no budget of {name}.");
    }

    private static BudgetDirectory Directory(HttpContext http) => http.RequestServices.GetRequiredService<BudgetDirectory>();

    private static BudgetName NameOf(string? scope, string? per)
    {
        if (!Budget.TryParseScope(scope ?? "", out var whose))
        {
            throw new BadInputException($"'{scope}' is no scope of a budget. Allowed: {Budget.AllowedScopes}.");
        }

        return BudgetPeriods.Parse(per) is { } period ? new BudgetName(whose, period) : throw new BadInputException($"per is '{per}'; allowed: {BudgetPeriods.Allowed}.");
    }

    private static BudgetAnswer Answer(StoredBudget stored, BudgetStanding standing) => new(
        stored.Budget.Scope.ToString(), stored.Budget.Per.Word(), stored.Budget.IsHard, Money.Usd(stored.Budget.NanoUsd), Money.Usd(standing.Spent), Money.Usd(standing.Reserved),
        Money.Usd(standing.Left), standing.PercentSpent, standing.Window.Start, standing.Window.End, stored.ChangedAt);
}
