using Sluice.Core.Catalogue;
using Sluice.Core.Routing.Endpoints;
using Sluice.Protocols.Formats;
using Sluice.Protocols.Native;

namespace Sluice.Core.Routing.Filters;

/// <summary>All filters, in the order in which they are applied and a funnel lists them.</summary>
internal static class EndpointFilters
{
    private const RequestParameters Shapes = RequestParameters.ResponseFormat | RequestParameters.StructuredOutputs;
    private const RequestParameters ToolUse = RequestParameters.Tools;

    /// <summary>Leaves out whoever makes something else than what is asked for: nobody can be made to.</summary>
    public static readonly EndpointFilter Product = new("Filter by Product", FilterForce.Demanded, "the model makes something else than what is asked for",
        static _ => true,
        static (e, d) => (e.Makes & d.Needs.Makes) != Products.None)
    {
        AllowsAll = static (all, d) => (all.AllMake & d.Needs.Makes) != Products.None,
        IsQuiet = true,
        Remedy = "Name a model that makes this, or ask at the path of what the model makes.",
    };

    public static readonly EndpointFilter[] All =
    [
        Product,
        new("Filter by Service Tier", FilterForce.Demanded, "its service tier was not asked for",
            static d => d.IsTiered,
            static (e, d) => d.Tiers.Opens(e)),
        new("Filter by Rule", FilterForce.Demanded, "not among the rule's providers",
            static d => d.Preferences.AllowedByRule.Count > 0,
            static (e, d) => Contains(d.Preferences.AllowedByRule, e.Provider.Name))
        {
            ExcludedBy = "allowed_providers",
            Remedy = "The administrator widens the `only` of the rule in the configuration, or gives its providers an endpoint of this model.",
        },
        new("Filter by Allowed Providers", FilterForce.Demanded, "not among provider.only",
            static d => d.Only.Count > 0,
            static (e, d) => d.Lists(d.Only, e))
        {
            ByList = static (all, d) => ListVerdict.Of(d.Only, all, passes: true),
            Member = "provider.only",
            ExcludedBy = "allowed_providers",
            Remedy = "Name configured providers in `provider.only`, or leave it out.",
        },
        new("Filter by Ignored Providers", FilterForce.Demanded, "named in provider.ignore",
            static d => d.Ignore.Count > 0,
            static (e, d) => !d.Ignore.Covers(e, withTiers: true))
        {
            ByList = static (all, d) => ListVerdict.Of(d.Ignore, all, passes: false),
            Member = "provider.ignore",
            ExcludedBy = "allowed_providers",
            Remedy = "Shorten `provider.ignore`.",
        },
        new("Filter by Provider Order", FilterForce.Demanded, "not among provider.order and allow_fallbacks is false",
            static d => d.Order.Count > 0 && !d.Preferences.AllowFallbacks,
            static (e, d) => d.Lists(d.Order, e))
        {
            ByList = static (all, d) => ListVerdict.Of(d.Order, all, passes: true),
            Member = "provider.order",
            ExcludedBy = "allowed_providers",
            Remedy = "Name configured providers in `provider.order`, or leave `allow_fallbacks` out.",
        },
        new("Filter by Data Policy", FilterForce.Demanded, "the provider keeps prompts or trains on them or does not say",
            static d => d.Preferences.DenyDataCollection,
            static (e, d) => e.Provider.DataPolicy.CollectsNothing || d.IsLeftTo(e))
        {
            Member = "provider.data_collection",
            ExcludedBy = "data_policy:training",
            Remedy = "The administrator states in `providers[].data_policy` what each provider does with prompts.",
        },
        new("Filter by Zero Data Retention", FilterForce.Demanded, "zero data retention is not agreed with the provider",
            static d => d.Preferences.ZeroDataRetention,
            static (e, d) => e.Provider.DataPolicy.ZeroRetention || d.IsLeftTo(e))
        {
            Member = "provider.zdr",
            ExcludedBy = "data_policy:zdr",
            Remedy = "The administrator states in `providers[].data_policy.zdr` where zero data retention is agreed.",
        },
        new("Filter by Quantization", FilterForce.Demanded, "its quantization is not among provider.quantizations",
            static d => d.Preferences.Quantizations.Count > 0,
            static (e, d) => Contains(d.Preferences.Quantizations, e.Quantization) || d.IsLeftTo(e))
        {
            Member = "provider.quantizations",
            ExcludedBy = "quantization",
            Remedy = "Allow further quantizations (`unknown` for endpoints that say nothing), or leave `provider.quantizations` out.",
        },
        new("Filter by Max Price", FilterForce.Demanded, "costs more than provider.max_price or its price is not known",
            static d => d.Ceiling is not null,
            static (e, d) => d.Ceiling!.Admits(e) || d.IsLeftTo(e))
        {
            Member = "provider.max_price",
            ExcludedBy = "max_price",
            Remedy = "Raise `provider.max_price`; endpoints without a known price never pass it.",
        },
        new("Filter by Parameters", FilterForce.Demanded, "does not take every parameter of the request",
            static d => d.Preferences.RequireParameters && d.Needs.Parameters != RequestParameters.None,
            static (e, d) => (d.Needs.Parameters & ~e.Takes) == RequestParameters.None || d.IsLeftTo(e))
        {
            AllowsAll = static (all, d) => (d.Needs.Parameters & ~all.AllTake) == RequestParameters.None,
            Member = "provider.require_parameters",
            ExcludedBy = "require_parameters",
            Remedy = "Leave out parameters that no endpoint takes, or `provider.require_parameters`.",
        },
        new("Prefer Flex", FilterForce.Choice, "others are in the tier flex that was asked for",
            static d => d.IsTiered && d.Tiers.Asked == ServiceTiers.Flex,
            static (e, _) => e.Tier == ServiceTiers.Flex),
        new("Filter by Tools", FilterForce.Ability, "the model calls no tools",
            static d => d.Needs.Tools,
            static (e, _) => e.TakesTools)
        {
            AllowsAll = static (all, _) => all.AllTakeTools,
        },
        new("Filter by Images", FilterForce.Ability, "the model takes no images",
            static d => d.Needs.Images,
            static (e, _) => e.TakesImages),
        new("Filter by Documents", FilterForce.Ability, "the model takes no documents",
            static d => d.Needs.Documents,
            static (e, _) => e.TakesDocuments),
        new("Filter by Output Length", FilterForce.Ability, "gives fewer output tokens than asked for",
            static d => d.Needs.OutputTokens is not null,
            static (e, d) => d.Needs.OutputTokens <= e.MaxOutputTokens)
        {
            AllowsAll = static (all, d) => d.Needs.OutputTokens <= all.LeastOutput,
        },

        // The model asked for is never left out for its window: its provider says the overflow in its own words, by which agents compact.
        // There a larger window only goes first (EndpointRanks).
        new("Filter by Context Length", FilterForce.Ability, "the window is too small",
            static d => d.IsSubstitute && d.Window > 0,
            static (e, d) => d.Window <= e.ContextLength)
        {
            ExcludedBy = "context_length",
            AllowsAll = static (all, d) => d.Window <= all.LeastContext,
        },
        new("Prefer Tool Support", FilterForce.Choice, "others take tools",
            static d => !d.Preferences.RequireParameters && (d.Needs.Parameters & ToolUse) != RequestParameters.None,
            static (e, _) => (e.Takes & ToolUse) != RequestParameters.None)
        {
            AllowsAll = static (all, _) => (all.AllTake & ToolUse) != RequestParameters.None,
        },
        new("Prefer Output Formats", FilterForce.Choice, "others take the response format",
            static d => !d.Preferences.RequireParameters && (d.Needs.Parameters & Shapes) != RequestParameters.None,
            static (e, d) => (d.Needs.Parameters & Shapes & ~e.Takes) == RequestParameters.None)
        {
            AllowsAll = static (all, d) => (d.Needs.Parameters & Shapes & ~all.AllTake) == RequestParameters.None,
        },
        new("Prefer Verbosity", FilterForce.Choice, "others take verbosity",
            static d => !d.Preferences.RequireParameters && (d.Needs.Parameters & RequestParameters.Verbosity) != RequestParameters.None,
            static (e, _) => (e.Takes & RequestParameters.Verbosity) != RequestParameters.None)
        {
            AllowsAll = static (all, _) => (all.AllTake & RequestParameters.Verbosity) != RequestParameters.None,
        },
    ];

    private static bool Contains(IReadOnlyList<string> words, string word)
    {
        for (var i = 0; i < words.Count; i++)
        {
            if (words[i] == word)
            {
                return true;
            }
        }

        return false;
    }
}
