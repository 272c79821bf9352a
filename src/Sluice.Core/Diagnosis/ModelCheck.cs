using System.Globalization;

namespace Sluice.Core.Diagnosis;

/// <summary>Are the model names right: those of the file's fallbacks, those that were asked about, and those that clients sent?</summary>
internal static class ModelCheck
{
    private const string Check = "models";

    public static IEnumerable<CheckLine> Of(ChecklistFacts facts)
    {
        var catalogue = facts.Configuration.Catalogue;
        var wrong = new List<CheckLine>();
        var names = 0;
        foreach (var (model, chain) in facts.Configuration.Fallbacks.OrderBy(pair => pair.Key, StringComparer.Ordinal))
        {
            foreach (var name in chain.Prepend(model).Where(name => name != "*"))
            {
                names++;
                Look(name, $"fallbacks of {model}: ");
            }
        }

        foreach (var name in facts.Models)
        {
            names++;
            Look(name, "");
        }

        // An older row may hold a name that has been given a meaning since.
        foreach (var unknown in (facts.Running?.UnknownModels ?? []).Where(unknown => catalogue.Resolve(unknown.Name) is null))
        {
            wrong.Add(new CheckLine(Check, Verdict.Fail,
                string.Create(CultureInfo.InvariantCulture, $"Clients asked {unknown.Requests:N0} times in {RunningFacts.Days} days for '{unknown.Name}', which means no model here."), Meant(unknown.Name)));
        }

        return wrong.Count > 0
            ? wrong
            : [new CheckLine(Check, Verdict.Ok, $"{Wording.Count(catalogue.Servable.Count, "model")} can be served{(names == 0 ? "" : $"; {Wording.Count(names, "name")} looked up, all right")}.")];

        void Look(string name, string where)
        {
            var found = catalogue.Resolve(name);
            if (found is null)
            {
                wrong.Add(new CheckLine(Check, Verdict.Fail, $"{where}'{name}' means no model here.", Meant(name)));
            }
            else if (found.Endpoints.Count == 0)
            {
                wrong.Add(new CheckLine(Check, Verdict.Fail, $"{where}'{name}' is known, but no configured provider serves it.", "Configure a provider that serves it, or take the name out."));
            }
        }

        string Meant(string name) => catalogue.Suggest(name) is { Count: > 0 } close
            ? $"Did you mean {string.Join(" or ", close)}?"
            : "'sluice models list' shows what can be served; give the name a meaning with an alias.";
    }
}
