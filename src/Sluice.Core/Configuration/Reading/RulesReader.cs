using System.Globalization;
using Sluice.Core.Catalogue;
using Sluice.Core.Routing.Rules;

namespace Sluice.Core.Configuration.Reading;

/// <summary>Reads <c>rules</c>: compiles every expression and checks what it names.</summary>
internal sealed class RulesReader(IReadOnlyList<ProviderSettings> providers, Findings findings)
{
    private const int MostRules = 256;
    private const int MostModels = 16;
    private const int LongestName = 64;

    private CostlyFacts _reads;
    private IReadOnlyList<Rule> _rules = [];

    /// <summary>Compiles the rules; what is wrong becomes findings.</summary>
    public RulesReader Read(ConfigValue? section)
    {
        var rules = new List<Rule>();
        var names = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        var items = section?.Items ?? [];
        if (items.Count > MostRules)
        {
            findings.Error(section!, $"allowed: at most {MostRules} rules, and there are {items.Count}");
            return this;
        }

        for (var i = 0; i < items.Count; i++)
        {
            if (ReadRule(items[i], i, names) is { } rule)
            {
                rules.Add(rule);
            }
        }

        _rules = rules;
        return this;
    }

    /// <summary>Every model of every rule must mean something. Needs the catalogue, which is there only when nothing else is wrong.</summary>
    public static void CheckModels(ConfigValue? section, CatalogueTable catalogue, Findings findings)
    {
        foreach (var model in (section?.Items ?? []).SelectMany(rule => rule["use"]?.Items ?? []))
        {
            var name = (string)model.Scalar!;
            if (catalogue.Resolve(name) is null)
            {
                var near = catalogue.Suggest(name);
                findings.Error(model, $"no model has this name{(near.Count == 0 ? "" : $"; did you mean {string.Join(" or ", near)}?")} allowed: a model of the catalogue or of models, an alias, or provider/model");
            }
        }
    }

    /// <summary>The table; only after <see cref="Read"/> without errors.</summary>
    public RuleTable Compile(CatalogueTable catalogue) => new(_rules, catalogue, _reads);

    /// <summary>Some rule asks for the task of a request; only after <see cref="Read"/>.</summary>
    public bool ReadsTask => (_reads & CostlyFacts.Task) != CostlyFacts.None;

    private Rule? ReadRule(ConfigValue item, int index, HashSet<string> names)
    {
        var written = item.Get<string>("name");
        if (written is not null && (written.Length is 0 or > LongestName || !written.All(letter => char.IsAsciiLetterOrDigit(letter) || letter is ' ' or '-' or '_')))
        {
            findings.Error(item["name"]!, $"allowed: letters, digits, spaces, - and _, at most {LongestName}");
        }

        var name = written ?? string.Create(CultureInfo.InvariantCulture, $"rule {index + 1}");
        if (!names.Add(name))
        {
            findings.Error(item["name"] ?? item, $"another rule is called {name}");
        }

        var use = item["use"]?.Texts() ?? [];
        var only = Providers(item["only"]);
        var order = Providers(item["order"]);
        var sort = item.Get<string>("sort");
        if (use.Count > MostModels)
        {
            findings.Error(item["use"]!, $"allowed: at most {MostModels} models");
        }

        var deadline = item.Get<TimeSpan?>("deadline");
        if (use.Count == 0 && only.Count == 0 && order.Count == 0 && sort is null && deadline is null)
        {
            findings.Error(item, "a rule must say what to do: use, only, order, sort or deadline");
        }

        var condition = ReadCondition(item["when"], written);
        return condition is null ? null : new Rule(name, item.Get<string>("when"), condition, use)
        {
            Only = only,
            Order = order,
            Deadline = deadline,
            Sort = sort is null ? null : Enum.Parse<RouteSort>(sort, ignoreCase: true),
        };
    }

    private Condition? ReadCondition(ConfigValue? when, string? name)
    {
        if (when?.Scalar is not string text)
        {
            return new Constant(true);
        }

        // Without a name the words themselves are what a canary is told apart by: they stay when rules are put into another order.
        var condition = RuleExpression.Compile(text, name ?? text, out var reads, out var errors);
        _reads |= reads;
        foreach (var error in errors)
        {
            // What a reference stands for may be a secret: then neither what was found is shown nor a message that may quote it.
            var hasReference = when.Shown.Contains("${", StringComparison.Ordinal);
            findings.Error(
                when with { Shown = $"{(hasReference ? "an expression with references" : error.Found)} at column {error.Column} of the expression" },
                hasReference ? "it is no expression once its references are replaced; put them in quotes" : error.Message);
        }

        return condition;
    }

    private IReadOnlyList<string> Providers(ConfigValue? list)
    {
        foreach (var item in list?.Items ?? [])
        {
            var name = (string)item.Scalar!;
            if (!providers.Any(provider => provider.Name == name))
            {
                var known = providers.Select(provider => provider.Name).ToList();
                var close = Spelling.Closest(name, known);
                findings.Error(item, $"no provider has this name; {(close is null ? "" : $"did you mean {close}? ")}allowed: {string.Join(", ", known)}");
            }
        }

        return list?.Texts() ?? [];
    }
}
