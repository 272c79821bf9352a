using System.Globalization;
using Sluice.Core.Catalogue;
using Sluice.Core.Resilience;

namespace Sluice.Core.Diagnosis;

/// <summary>Is there a plan for the day on which a provider is down? The whole plan, layer by layer, is what <c>sluice config check --resilience</c> shows.</summary>
internal static class FallbackCheck
{
    /// <summary>What the line is called.</summary>
    public const string Check = "fallback";

    public static IEnumerable<CheckLine> Of(ChecklistFacts facts)
    {
        var snapshot = facts.Configuration;
        var all = snapshot.Catalogue.Servable.Where(model => model.Endpoints.Count > 0).ToList();
        var used = Used(facts, all);
        var (considered, said) = used.Count > 0 ? (used, "in use") : (all, "that can be served");
        if (considered.Count == 0)
        {
            return [new(Check, Verdict.Fail, "No model can be served at all.", "Configure a provider.")];
        }

        var alone = considered.Where(model => FallbackPaths.ProvidersOf(snapshot, model).Count < 2).ToList();
        var counted = string.Create(CultureInfo.InvariantCulture, $"{alone.Count:N0} of {considered.Count:N0} models {said}");
        return alone.Count == 0
            ? [new(Check, Verdict.Ok, $"{Wording.Count(considered.Count, "model")} {said}: all survive the outage of any one provider.")]
            :
            [
                new(Check, used.Count == 0 && alone.Count < considered.Count ? Verdict.Warn : Verdict.Fail,
                    $"{counted} hang on a single provider, fallbacks included: {Wording.Names(alone.Select(model => model.Model.Id))}.",
                    "Add a second provider for them, or a fallback: 'fallbacks: { \"*\": [author/model] }'; then prove it with 'sluice drill outage'."),
            ];
    }

    private static List<ResolvedModel> Used(ChecklistFacts facts, IReadOnlyList<ResolvedModel> all)
    {
        var names = (facts.Running?.Models ?? []).Select(use => use.Model).Concat(facts.Models.Select(name => facts.Configuration.Catalogue.Resolve(name)?.Model.Id).OfType<string>()).ToHashSet(StringComparer.Ordinal);
        return [.. all.Where(model => names.Contains(model.Model.Id))];
    }
}
