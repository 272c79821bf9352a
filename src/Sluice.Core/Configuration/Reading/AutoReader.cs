using Sluice.Core.Catalogue;
using Sluice.Core.Routing.Auto;

namespace Sluice.Core.Configuration.Reading;

/// <summary>Reads <c>auto</c>. A tier that names nothing sends its tasks elsewhere than the operator wrote: that is an error, as in a rule.</summary>
internal sealed class AutoReader(CatalogueTable catalogue, Findings findings)
{
    private const int MostModels = 16;

    /// <summary>Compiles the tiers; what is wrong becomes findings.</summary>
    /// <param name="section">Null where the file has none.</param>
    /// <param name="alwaysConcerned">Any request may have to be read for its task.</param>
    public AutoTable Read(ConfigValue? section, bool alwaysConcerned)
    {
        var tiers = new Dictionary<TaskKind, IReadOnlyList<string>>();
        foreach (var task in TaskKinds.All)
        {
            if (section?["tiers"]?[TaskKinds.WordOf(task)] is { } written)
            {
                tiers[task] = Check(written);
            }
        }

        return AutoTable.Compile(tiers, catalogue, alwaysConcerned);
    }

    /// <summary>Some other name than its own leads to a choice: an alias, what a rule uses, or a fallback. Then no name says by itself what it needs.</summary>
    public static bool LeadsToChoice(ConfigValue root, CatalogueTable catalogue) =>
        (root["aliases"]?.Members.Select(member => member.Value) ?? [])
            .Concat((root["fallbacks"]?.Members ?? []).SelectMany(chain => chain.Value.Items))
            .Concat((root["rules"]?.Items ?? []).SelectMany(rule => rule["use"]?.Items ?? []))
            .Any(name => catalogue.Resolve((string)name.Scalar!) is { } resolved && ChosenModels.Is(resolved.Model));

    private IReadOnlyList<string> Check(ConfigValue tier)
    {
        if (tier.Items.Count is 0 or > MostModels)
        {
            findings.Error(tier, $"allowed: 1 to {MostModels} models; leave the tier out for the shipped one");
        }

        foreach (var model in tier.Items)
        {
            var name = (string)model.Scalar!;
            var resolved = catalogue.Resolve(name);
            if (resolved is null)
            {
                var near = catalogue.Suggest(name);
                findings.Error(model, $"no model has this name{(near.Count == 0 ? "" : $"; did you mean {string.Join(" or ", near)}?")} allowed: a model of the catalogue or of models, an alias, or provider/model");
            }
            else if (ChosenModels.Is(resolved.Model))
            {
                findings.Error(model, "it stands for a choice itself; allowed: models");
            }
        }

        return tier.Texts();
    }
}
