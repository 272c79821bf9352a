using Sluice.Core.Diagnosis;

namespace Sluice.Core.Advice;

/// <summary>How much of the money nothing says what for.</summary>
/// <param name="CostNanoUsd">All that was spent.</param>
/// <param name="UnexplainedNanoUsd">Without project, session and tags.</param>
/// <param name="UnexplainedPercent">Of all that was spent.</param>
/// <param name="WithoutProjectNanoUsd">Without a project, whatever else is known.</param>
/// <param name="Unpriced">Attempts with tokens that have no known price: more was spent than this says.</param>
/// <param name="Who">Whose it is, the dearest first.</param>
/// <param name="Found">A sentence.</param>
/// <param name="Remedy">Null where nothing is needed.</param>
public sealed record UnexplainedSpend(
    long CostNanoUsd, long UnexplainedNanoUsd, decimal UnexplainedPercent, long WithoutProjectNanoUsd, long Unpriced, IReadOnlyList<UntracedSpending> Who, string Found, string? Remedy)
{
    // A tenth of a bill that nobody can place is where people begin to ask.
    private const decimal TolerablePercent = 10;
    private const int MostNames = 10;

    internal static UnexplainedSpend Of(AdviceFacts facts)
    {
        var cost = facts.Spending.Sum(spent => spent.CostNanoUsd);
        var withoutProject = facts.Spending.Where(spent => spent.Project is null).Sum(spent => spent.CostNanoUsd);
        var unpriced = facts.Spending.Sum(spent => spent.Unpriced);
        var unexplained = facts.Untraced.Sum(spent => spent.CostNanoUsd);
        var percent = Share.Percent(unexplained, cost);
        List<UntracedSpending> who = [.. facts.Untraced.Where(spent => spent.CostNanoUsd > 0).OrderByDescending(spent => spent.CostNanoUsd).ThenBy(spent => spent.User, StringComparer.Ordinal).Take(MostNames)];

        var found = cost == 0
            ? "Nothing was spent."
            : $"{Wording.Usd(unexplained)} of {Wording.Usd(cost)} ({Share.Of(unexplained, cost)}) have neither project nor session nor tags{Names(who)}; {Wording.Usd(withoutProject)} ({Share.Of(withoutProject, cost)}) have no project.";
        if (unpriced > 0)
        {
            found += $" More was spent: {Wording.Count(unpriced, "attempt")} had tokens without a known price.";
        }

        var remedy = percent > TolerablePercent
            ? "Give their keys a project (sluice keys create --user NAME --project NAME), or let their programs send x-sluice-project or x-sluice-tags."
            : unpriced > 0 ? "Write the missing price beside the endpoint, under models." : null;
        return new UnexplainedSpend(cost, unexplained, percent, withoutProject, unpriced, who, found, remedy);
    }

    private static string Names(List<UntracedSpending> who) =>
        who.Count == 0 ? "" : $", of {Wording.Names(who.Select(spent => $"{spent.User} ({Wording.Usd(spent.CostNanoUsd)})"))}";
}
