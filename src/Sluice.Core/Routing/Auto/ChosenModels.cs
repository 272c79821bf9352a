using Sluice.Core.Catalogue;

namespace Sluice.Core.Routing.Auto;

/// <summary>
/// Names that stand for a choice among models. A model of the file or an alias may take such a name over, as any other name of the catalogue; so
/// an operator hands <c>openrouter/auto</c> to OpenRouter itself.
/// </summary>
public static class ChosenModels
{
    /// <summary>The model that fits the task.</summary>
    public static readonly Model Auto = new("sluice/auto") { Name = "Chosen by the task" };

    /// <summary>Any model that costs nothing.</summary>
    public static readonly Model Free = new("sluice/free") { Name = "Any free model" };

    /// <summary>All names, with what other gateways call the same.</summary>
    internal static readonly IReadOnlyList<(string Name, Model Model)> Names =
    [
        (Auto.Id, Auto), ("openrouter/auto", Auto), ("openrouter/auto-beta", Auto), ("evolink/auto", Auto),
        (Free.Id, Free), ("openrouter/free", Free),
    ];

    /// <summary>The model of a name is one of these, and not a model.</summary>
    public static bool Is(Model model) => ReferenceEquals(model, Auto) || ReferenceEquals(model, Free);

    /// <summary>False for a name that surely is none of these: all that a request for a normal model pays.</summary>
    internal static bool MayMean(string name) =>
        name.Contains("auto", StringComparison.OrdinalIgnoreCase) || name.Contains("free", StringComparison.OrdinalIgnoreCase);
}
