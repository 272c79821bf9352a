using Sluice.Core.Catalogue;

namespace Sluice.Core.Diagnosis;

/// <summary>Is the cost of everything known? A price that is not known is an alarm, never zero.</summary>
internal static class CostCheck
{
    private const string Check = "cost";

    public static IEnumerable<CheckLine> Of(ChecklistFacts facts)
    {
        var unpriced = facts.Configuration.Catalogue.Servable.SelectMany(model => model.Endpoints).Where(endpoint => !IsPriced(endpoint)).ToList();
        foreach (var group in unpriced.GroupBy(endpoint => IsMeant(facts, endpoint.Model.Id)).OrderByDescending(group => group.Key))
        {
            yield return new(Check, group.Key ? Verdict.Fail : Verdict.Warn,
                $"No price is known for {Wording.Names(group.Select(endpoint => endpoint.Id))}: {(group.Key ? "the cost is" : "nobody uses them yet; the cost would be")} reported as unknown.",
                "Write the price beside the endpoint, under models: price: { input: …, output: … }, in USD per million tokens.");
        }

        if (facts.Running is not { } running)
        {
            if (unpriced.Count == 0)
            {
                yield return new(Check, Verdict.Ok, $"{Wording.Count(Endpoints(facts), "endpoint")}, each with a price.");
            }

            yield break;
        }

        var spent = $"{Wording.Usd(running.Models.Sum(use => use.CostNanoUsd))} for {Wording.Count(running.Models.Sum(use => use.Requests), "request")} in {RunningFacts.Days} days";
        var unknown = running.Models.Where(use => use.Unpriced > 0).ToList();
        if (unknown.Count > 0)
        {
            yield return new(Check, Verdict.Fail, $"{spent}, and more: {Wording.Count(unknown.Sum(use => use.Unpriced), "attempt")} of {Wording.Names(unknown.Select(use => use.Model))} had tokens without a known price.",
                "Write the missing price beside the endpoint; what is past stays marked as unknown.");
        }
        else if (unpriced.Count == 0)
        {
            yield return new(Check, Verdict.Ok, $"{spent}; {Wording.Count(Endpoints(facts), "endpoint")}, each with a price.");
        }
    }

    // Models that make vectors have no output to be paid for; some that make images or video are paid by the piece alone.
    private static bool IsPriced(ModelEndpoint endpoint) => endpoint.Price is { Input: not null } or { Media: not null };

    // The built-in catalogue has models without a price that no team has heard of; what the file lists, or somebody uses, is meant.
    private static bool IsMeant(ChecklistFacts facts, string model) =>
        CatalogueFile.BuiltIn.Models.All(known => known.Id != model)
        || (facts.Running?.Models ?? []).Any(use => use.Model == model)
        || facts.Models.Any(name => facts.Configuration.Catalogue.Resolve(name)?.Model.Id == model);

    private static int Endpoints(ChecklistFacts facts) => facts.Configuration.Catalogue.Servable.Sum(model => model.Endpoints.Count);
}
