using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Sluice.Core.Catalogue;

namespace Sluice.Catalogue;

/// <summary>Brings the lists together, model by model.</summary>
internal sealed partial class CatalogueBuilder
{
    private static readonly string[] EffortOrder = ["none", "minimal", "low", "medium", "high", "xhigh", "max"];

    // For the other authors LiteLLM keeps what they have long switched off.
    private static readonly string[] LiteLlmAdds = ["anthropic", "openai", "deepseek", "x-ai"];
    private const decimal PerMillion = 1_000_000m;

    private readonly SortedDictionary<string, Draft> _drafts = new(StringComparer.Ordinal);
    private readonly List<CatalogueEntry> _media = [];

    /// <summary>OpenRouter's list: the ids, and what OpenRouter takes.</summary>
    public void AddOpenRouter(JsonElement list)
    {
        foreach (var item in list.GetProperty("data").EnumerateArray())
        {
            var id = item.Text("id")!;
            if (id.StartsWith('~') || id.IndexOf('/', StringComparison.Ordinal) < 0)
            {
                continue;
            }

            var draft = new Draft(id);
            _drafts[id] = draft;
            draft.Released = DateOnly.FromDateTime(DateTimeOffset.FromUnixTimeSeconds(item.Whole("created") ?? 0).UtcDateTime);
            draft.Context = item.Whole("context_length");
            draft.MaxOutput = item.Get("top_provider")?.Whole("max_completion_tokens");
            draft.Efforts = Ordered(item.Get("reasoning")?.Texts("supported_efforts") ?? []);
            var inputs = item.Get("architecture")?.Texts("input_modalities") ?? [];
            var takes = item.Texts("supported_parameters");
            draft.MakesImages = item.Get("architecture")?.Texts("output_modalities").Contains("image") ?? false;
            draft.Can("images", inputs.Contains("image"));
            draft.Can("documents", inputs.Contains("file"));
            draft.Can("audio", inputs.Contains("audio"));
            draft.Can("tools", takes.Contains("tools"));
            draft.Can("reasoning", takes.Contains("reasoning"));
            draft.Can("structured_output", takes.Contains("structured_outputs"));
            draft.Can("sampling", takes.Contains("temperature"));
            draft.OpenRouterPrice = Corrections.UnlessFree(id, OpenRouterPrice(item.GetProperty("pricing"), withTiers: true));
            draft.At["openrouter"] = id;
            AddEnd(draft, "openrouter", item.Text("expiration_date"));
            AddDatedSlug(draft, item.Text("canonical_slug"));
        }
    }

    /// <summary>models.dev: the authors' own names and prices, and the hosts of open models.</summary>
    public void AddModelsDev(JsonElement list)
    {
        var providers = list.GetProperty("providers");
        foreach (var (vendor, author, name, _) in Vendors.FirstParty)
        {
            // Undated names first, so that dated ones find what they are a date of.
            var models = providers.GetProperty(name).GetProperty("models").EnumerateObject().Where(model => WritesText(model.Value) && !Odd().IsMatch(model.Name));
            foreach (var model in models.OrderBy(model => Names.Undated(Names.Key(model.Name)) != Names.Key(model.Name)).ThenByDescending(model => model.Name, StringComparer.Ordinal))
            {
                var draft = Place(vendor, author, model.Name);
                AddTraits(draft, author, model.Value);
                if (model.Value.Get("cost") is { } cost && draft.FirstPartyName == model.Name && ModelsDevPrice(cost) is { Input: not null } price)
                {
                    draft.ListPrice ??= Corrections.UnlessFree(draft.Id, price);
                }
            }
        }

        foreach (var (vendor, name) in Vendors.Hosts)
        {
            var byKey = _drafts.Values.Where(draft => !draft.Slug.Contains(':', StringComparison.Ordinal)).ToLookup(draft => Names.HostKey(draft.Slug));
            foreach (var model in providers.GetProperty(name).GetProperty("models").EnumerateObject())
            {
                if (byKey[Names.HostKey(model.Name)].FirstOrDefault() is { } draft && model.Value.Get("cost") is { } cost
                    && Corrections.UnlessFree(draft.Id, ModelsDevPrice(cost)) is { } price && draft.At.TryAdd(vendor, model.Name))
                {
                    draft.HostPrices[vendor] = price;
                }
            }
        }
    }

    /// <summary>LiteLLM: what the others lack.</summary>
    public void AddLiteLlm(JsonElement list)
    {
        foreach (var (vendor, author, _, provider) in Vendors.FirstParty)
        {
            var models = list.EnumerateObject()
                .Where(model => model.Value.Text("litellm_provider") == provider && model.Value.Text("mode") is "chat" or "responses" && !Odd().IsMatch(model.Name))
                .Select(model => (Name: model.Name[(model.Name.LastIndexOf('/') + 1)..], model.Value))
                .OrderBy(model => Names.Undated(Names.Key(model.Name)) != Names.Key(model.Name)).ThenByDescending(model => model.Name, StringComparer.Ordinal);
            foreach (var (name, model) in models)
            {
                var price = LiteLlmPrice(model, author);
                if ((price.Input is null || !LiteLlmAdds.Contains(author)) && Find(author, name) is null)
                {
                    continue;
                }

                var draft = Place(vendor, author, name);
                // LiteLLM has the day of gpt-4-32k there.
                if (name != "gpt-4-0613" && (draft.FirstPartyName == name || draft.FirstPartyName == Names.Undated(name)))
                {
                    AddEnd(draft, vendor, model.Text("deprecation_date"));
                }

                draft.Context ??= model.Whole("max_input_tokens");
                draft.MaxOutput ??= model.Whole("max_output_tokens");
                draft.CanUnlessKnown("images", model.Flag("supports_vision"));
                draft.CanUnlessKnown("documents", model.Flag("supports_pdf_input"));
                draft.CanUnlessKnown("audio", model.Flag("supports_audio_input"));
                draft.CanUnlessKnown("tools", model.Flag("supports_function_calling"));
                draft.CanUnlessKnown("reasoning", model.Flag("supports_reasoning"));
                draft.CanUnlessKnown("structured_output", model.Flag("supports_response_schema"));
                if (model.Flag("supports_sampling_params") is { } sampling)
                {
                    // What a gateway in front of the author takes says nothing about the author's own host.
                    draft.Can("sampling", sampling);
                }

                draft.Adaptive ??= model.Flag("supports_adaptive_thinking");
                if (price.Input is not null && Corrections.UnlessFree(draft.Id, price) is not null && (draft.FirstPartyName == name || draft.ListPrice is null))
                {
                    draft.ListPrice = draft.ListPrice is null ? price : Filled(draft.ListPrice, price);
                }
            }
        }
    }

    /// <summary>Models that write no text, which no other list has.</summary>
    public void AddMedia(IEnumerable<CatalogueEntry> entries) => _media.AddRange(entries);

    // "2098-12-31" is a list's word for "not soon".
    private static void AddEnd(Draft draft, string vendor, string? day)
    {
        const int NotSoon = 2090;
        if (DateOnly.TryParse(day, CultureInfo.InvariantCulture, out var end) && end.Year < NotSoon)
        {
            draft.Ends[vendor] = end;
        }
    }

    /// <summary>The finished catalogue.</summary>
    public CatalogueFile Build(DateOnly version)
    {
        foreach (var fast in _drafts.Values.Where(draft => draft.Author == "anthropic" && draft.Id.EndsWith("-fast", StringComparison.Ordinal)))
        {
            fast.Adaptive ??= _drafts.GetValueOrDefault(fast.Id[..^"-fast".Length])?.Adaptive;
        }

        return new(version.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture), [.. _drafts.Values.Select(draft => draft.Finish()).Concat(_media).OrderBy(entry => entry.Id, StringComparer.Ordinal)]);
    }

    private Draft? Find(string author, string upstream)
    {
        var key = Names.Key(upstream);
        var own = _drafts.Values.Where(draft => draft.Author == author).ToList();
        var undated = Names.Undated(key);
        return own.Find(draft => draft.FirstPartyName == upstream || draft.IsCalled(key)) ?? (undated == key ? null : own.Find(draft => draft.IsCalled(undated)));
    }

    // The model that an author's own name means, made where nobody has it yet.
    private Draft Place(string vendor, string author, string upstream)
    {
        var draft = Find(author, upstream);
        if (draft is null)
        {
            draft = new Draft($"{author}/{Names.Slug(author, upstream)}");
            _drafts[draft.Id] = draft;
        }

        if (draft.FirstPartyName is null)
        {
            draft.FirstPartyName = upstream;
            draft.At[vendor] = upstream;
        }

        if (!string.Equals(Names.Key(upstream), Names.Key(draft.Slug), StringComparison.Ordinal))
        {
            draft.Aliases.Add(upstream);
        }

        return draft;
    }

    private static bool WritesText(JsonElement model) =>
        model.Get("modalities") is not { } modalities || (modalities.Texts("output").Contains("text") && modalities.Texts("input").Contains("text"));

    // "anthropic/claude-4.5-sonnet-20250929" is a name of its own and says the day of "claude-sonnet-4.5".
    private static void AddDatedSlug(Draft draft, string? canonical)
    {
        if (canonical is null || canonical == draft.Id || !canonical.StartsWith(draft.Author + "/", StringComparison.Ordinal) || draft.Slug.Contains(':', StringComparison.Ordinal))
        {
            return;
        }

        var slug = canonical[(draft.Author.Length + 1)..];
        draft.Aliases.Add(slug);
        var undated = Names.Undated(slug);
        if (undated != slug && Names.Undated(draft.Slug) == draft.Slug)
        {
            if (undated != draft.Slug)
            {
                draft.Aliases.Add(undated);
            }

            draft.Aliases.Add(draft.Slug + slug[undated.Length..]);
        }
    }

    private static void AddTraits(Draft draft, string author, JsonElement model)
    {
        draft.Context = draft.Context is { } known ? known : model.Get("limit")?.Whole("context");
        draft.MaxOutput ??= model.Get("limit")?.Whole("output");
        draft.Released ??= DateOnly.TryParse(model.Text("release_date"), CultureInfo.InvariantCulture, out var day) ? day : null;
        var inputs = model.Get("modalities")?.Texts("input") ?? [];
        draft.Can("images", inputs.Contains("image"));
        draft.Can("documents", inputs.Contains("pdf"));
        draft.Can("audio", inputs.Contains("audio"));
        draft.Can("tools", model.Flag("tool_call") ?? false);
        draft.Can("reasoning", model.Flag("reasoning") ?? false);
        if (model.Flag("structured_output") is { } structured)
        {
            draft.Can("structured_output", structured);
        }

        if (model.Flag("temperature") is { } temperature)
        {
            draft.Can("sampling", temperature);
        }

        var options = model.Get("reasoning_options") is { ValueKind: JsonValueKind.Array } listed ? listed.EnumerateArray().ToList() : [];
        if (options.Find(option => option.Text("type") == "effort") is { ValueKind: JsonValueKind.Object } effort)
        {
            draft.Efforts = Ordered(effort.Texts("values"));
            draft.Adaptive ??= author == "anthropic" && !options.Exists(option => option.Text("type") == "budget_tokens") ? true : null;
        }

        if (options.Find(option => option.Text("type") == "budget_tokens") is { ValueKind: JsonValueKind.Object } budget)
        {
            draft.MaxThinkingBudget = budget.Whole("max");
        }
    }

    private static string[] Ordered(IEnumerable<string> efforts) => [.. efforts.Where(EffortOrder.Contains).OrderBy(word => Array.IndexOf(EffortOrder, word))];

    private static CataloguePrice OpenRouterPrice(JsonElement pricing, bool withTiers) => new()
    {
        Input = pricing.Price("prompt", PerMillion),
        Output = pricing.Price("completion", PerMillion),
        CacheRead = pricing.Price("input_cache_read", PerMillion),
        CacheWrite5m = pricing.Price("input_cache_write", PerMillion),
        CacheWrite1h = pricing.Price("input_cache_write_1h", PerMillion),
        AudioInput = pricing.Price("audio", PerMillion),
        AudioOutput = pricing.Price("audio_output", PerMillion),
        ImageOutput = pricing.Price("image_output", PerMillion),
        WebSearch = pricing.Price("web_search", 1m),
        Tiers = withTiers && pricing.Get("overrides") is { ValueKind: JsonValueKind.Array } overrides
            ? [.. overrides.EnumerateArray().Where(step => step.Whole("min_prompt_tokens") is not null)
                .Select(step => new CatalogueTier(step.Whole("min_prompt_tokens")!.Value, OpenRouterPrice(step, withTiers: false))).OrderBy(tier => tier.Above)]
            : null,
    };

    private static CataloguePrice ModelsDevPrice(JsonElement cost) => new()
    {
        Input = cost.Price("input", 1m),
        Output = cost.Price("output", 1m),
        CacheRead = cost.Price("cache_read", 1m),
        CacheWrite5m = cost.Price("cache_write", 1m),
        AudioInput = cost.Price("input_audio", 1m),
        AudioOutput = cost.Price("output_audio", 1m),
        Tiers = cost.Get("tiers") is { ValueKind: JsonValueKind.Array } tiers
            ? [.. tiers.EnumerateArray().Where(tier => tier.Get("tier")?.Whole("size") is not null)
                .Select(tier => new CatalogueTier(tier.GetProperty("tier").Whole("size")!.Value, ModelsDevPrice(tier))).OrderBy(tier => tier.Above)]
            : null,
    };

    private static CataloguePrice LiteLlmPrice(JsonElement model, string author)
    {
        var tiers = model.EnumerateObject()
            .Select(member => TierName().Match(member.Name)).Where(match => match.Success)
            .Select(match => match.Groups["size"].Value).Distinct()
            .Select(size => new CatalogueTier(long.Parse(size, CultureInfo.InvariantCulture) * 1000, LiteLlmRates(model, $"_above_{size}k_tokens")))
            .OrderBy(tier => tier.Above).ToList();
        var input = model.Price("input_cost_per_token", PerMillion);
        return LiteLlmRates(model, "") with
        {
            // Perplexity's fee is per request, not per search.
            WebSearch = author == "perplexity" ? null : model.Get("search_context_cost_per_query")?.Price("search_context_size_medium", 1m),
            Flex = Factor(model, "flex", input),
            Priority = Factor(model, "priority", input),
            Tiers = tiers.Count == 0 ? null : tiers,
        };
    }

    private static CataloguePrice LiteLlmRates(JsonElement model, string suffix) => new()
    {
        Input = model.Price("input_cost_per_token" + suffix, PerMillion),
        Output = model.Price("output_cost_per_token" + suffix, PerMillion),
        CacheRead = model.Price("cache_read_input_token_cost" + suffix, PerMillion),
        // A few models have 0 where writes are simply input.
        CacheWrite5m = model.Price("cache_creation_input_token_cost" + suffix, PerMillion) is > 0m and var write ? write : null,
        CacheWrite1h = model.Price("cache_creation_input_token_cost_above_1hr" + suffix, PerMillion),
        AudioInput = model.Price("input_cost_per_audio_token" + suffix, PerMillion),
        AudioOutput = model.Price("output_cost_per_audio_token" + suffix, PerMillion),
    };

    private static decimal? Factor(JsonElement model, string tier, decimal? input) =>
        input is > 0m && model.Price("input_cost_per_token_" + tier, PerMillion) is { } own ? Math.Round(own / input.Value, 4) / 1.0000m : null;

    private static CataloguePrice Filled(CataloguePrice price, CataloguePrice other) => price with
    {
        CacheRead = price.CacheRead ?? other.CacheRead,
        CacheWrite5m = price.CacheWrite5m ?? other.CacheWrite5m,
        // Rates of another base price belong to another time.
        CacheWrite1h = price.Input == other.Input ? price.CacheWrite1h ?? other.CacheWrite1h : price.CacheWrite1h,
        AudioInput = price.AudioInput ?? other.AudioInput,
        AudioOutput = price.AudioOutput ?? other.AudioOutput,
        WebSearch = price.WebSearch ?? other.WebSearch,
        Flex = price.Flex ?? other.Flex,
        Priority = price.Priority ?? other.Priority,
        Tiers = price.Tiers ?? (price.Input == other.Input ? other.Tiers : null),
    };

    // Fine-tunes, regional or gateway names, and interfaces that no chat call reaches.
    [GeneratedRegex("^ft:|realtime|transcribe|-tts|image|embed|live|computer-use|moderation|^(eu|us)/", RegexOptions.ExplicitCapture, 100)]
    private static partial Regex Odd();

    [GeneratedRegex("^input_cost_per_token_above_(?<size>[0-9]+)k_tokens$", RegexOptions.ExplicitCapture, 100)]
    private static partial Regex TierName();
}
