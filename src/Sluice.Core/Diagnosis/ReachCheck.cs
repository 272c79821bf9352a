namespace Sluice.Core.Diagnosis;

/// <summary>Can the providers be reached, and do they take their keys? Asked just now: a provider that nobody used says nothing in any log.</summary>
internal static class ReachCheck
{
    private const string Check = "reach";

    public static IEnumerable<CheckLine> Of(ChecklistFacts facts)
    {
        var all = facts.Running?.Reached ?? [];
        foreach (var reach in all.Where(reach => reach.State is not ("ok" or "reached")))
        {
            // Both pass by themselves, and a request would have waited or gone elsewhere.
            var verdict = reach.State is "limited" or "outage" ? Verdict.Warn : Verdict.Fail;
            yield return new(Check, verdict, $"{Who(reach)}, {reach.State}: {reach.Detail}", reach.Remedy);
        }

        var (proven, open) = (all.Where(reach => reach.State == "ok").ToList(), all.Where(reach => reach.State == "reached").ToList());
        if (proven.Count > 0)
        {
            yield return new(Check, Verdict.Ok, $"Reached, and the key is taken: {Wording.Names(proven.Select(Who))}.");
        }

        if (open.Count > 0)
        {
            yield return new(Check, Verdict.Ok, $"Reached; whether the key is taken, no free call tells: {Wording.Names(open.Select(Who))}.");
        }
    }

    private static string Who(Reach reach) => reach.Credential ?? reach.Provider;
}
