using System.Text.Json;
using Sluice.Core.Routing.Preferences;
using Sluice.Core.Routing.Rules;
using Sluice.Protocols.Errors;
using Sluice.Protocols.Native;

namespace Sluice.Core.Routing.Auto;

/// <summary>What was read, or a 400 that names the member.</summary>
internal sealed record RestrictionsResult(AutoRestrictions Restrictions, GatewayError? Error);

/// <summary>
/// The plugin <c>auto-router</c> of a request, with OpenRouter's members:
/// <code>{"id":"auto-router","allowed_models":["anthropic/*"],"excluded_models":["*opus*"],"cost_tier":"low"}</code>
/// </summary>
internal sealed record AutoRestrictions
{
    /// <summary>Restricts nothing.</summary>
    public static readonly AutoRestrictions None = new();

    // OpenRouter's own bounds are 1,024 patterns of 1,024 characters; no list of that length was written by hand, and it is asked for each model.
    private const int MostPatterns = 256;
    private const int LongestPattern = 256;

    private static readonly string[] CostTiers = ["low", "medium", "high", "xhigh", "max"];

    /// <summary>Patterns; empty is all.</summary>
    public IReadOnlyList<string> Allowed { get; init; } = [];

    /// <summary>Patterns; stronger than <see cref="Allowed"/>.</summary>
    public IReadOnlyList<string> Excluded { get; init; } = [];

    /// <summary>Which of the models of a tier goes first, by price: 0 the cheapest, 1 the dearest; null is the tier's own order.</summary>
    public double? Cost { get; init; }

    /// <summary>It says which models may be chosen.</summary>
    public bool RestrictsModels => Allowed.Count > 0 || Excluded.Count > 0;

    /// <summary>Whether a model may be chosen.</summary>
    public bool Allows(string model) => (Allowed.Count == 0 || IsOneOf(Allowed, model)) && !IsOneOf(Excluded, model);

    /// <summary>Reads the plugins of a body that was scanned; plugins of another id are passed over.</summary>
    public static RestrictionsResult Read(Envelope envelope, ReadOnlySpan<byte> body)
    {
        var members = envelope.GatewayMembers;
        for (var i = 0; i < members.Count; i++)
        {
            if (members[i].Name == "plugins")
            {
                return Read(body.Slice(members[i].Value.Start, members[i].Value.Length));
            }
        }

        return new RestrictionsResult(None, null);
    }

    private static RestrictionsResult Read(ReadOnlySpan<byte> plugins)
    {
        try
        {
            var json = new Utf8JsonReader(plugins, new JsonReaderOptions { MaxDepth = 512 });
            using var document = JsonDocument.ParseValue(ref json);
            if (document.RootElement.ValueKind != JsonValueKind.Array)
            {
                // Plugins are nobody else's affair here: an upstream that knows them says what is wrong.
                return new RestrictionsResult(None, null);
            }

            foreach (var plugin in document.RootElement.EnumerateArray())
            {
                if (IsRouter(plugin))
                {
                    return Plugin(plugin);
                }
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return Refuse("plugins", "is no valid JSON");
        }

        return new RestrictionsResult(None, null);
    }

    private static bool IsRouter(JsonElement plugin) =>
        plugin.ValueKind == JsonValueKind.Object
        && plugin.TryGetProperty("id", out var id) && id.ValueKind == JsonValueKind.String && (id.ValueEquals("auto-router") || id.ValueEquals("auto-beta-router"))
        && !(plugin.TryGetProperty("enabled", out var enabled) && enabled.ValueKind == JsonValueKind.False);

    private static RestrictionsResult Plugin(JsonElement plugin)
    {
        var read = None;
        foreach (var member in plugin.EnumerateObject())
        {
            if (member.Value.ValueKind == JsonValueKind.Null)
            {
                continue;
            }

            switch (member.Name)
            {
                case "allowed_models" or "excluded_models" when Patterns(member.Value) is not { } patterns:
                    return Refuse($"plugins.{member.Name}", $"must be an array of at most {MostPatterns} names or patterns");
                case "allowed_models":
                    read = read with { Allowed = Patterns(member.Value)! };
                    break;
                case "excluded_models":
                    read = read with { Excluded = Patterns(member.Value)! };
                    break;
                case "cost_tier" when member.Value.ValueKind != JsonValueKind.String || Array.IndexOf(CostTiers, member.Value.GetString()) < 0:
                    return Refuse("plugins.cost_tier", $"must be one of {string.Join(", ", CostTiers)}");
                case "cost_tier":
                    read = read with { Cost = Array.IndexOf(CostTiers, member.Value.GetString()) / (double)(CostTiers.Length - 1) };
                    break;
                case "cost_quality_tradeoff" when member.Value.ValueKind != JsonValueKind.Number || member.Value.GetDouble() is < 0 or > 10:
                    return Refuse("plugins.cost_quality_tradeoff", "must be a number from 0 to 10");
                case "cost_quality_tradeoff" when !plugin.TryGetProperty("cost_tier", out _):
                    // 10 saves most; the newer member counts where both are there.
                    read = read with { Cost = 1 - (member.Value.GetDouble() / 10) };
                    break;
            }
        }

        return new RestrictionsResult(read, null);
    }

    private static List<string>? Patterns(JsonElement value)
    {
        if (value.ValueKind != JsonValueKind.Array || value.GetArrayLength() > MostPatterns)
        {
            return null;
        }

        var patterns = new List<string>();
        foreach (var item in value.EnumerateArray())
        {
            if (item.ValueKind != JsonValueKind.String || item.GetString()! is not { Length: > 0 and <= LongestPattern } pattern)
            {
                return null;
            }

            patterns.Add(pattern);
        }

        return patterns;
    }

    private static bool IsOneOf(IReadOnlyList<string> patterns, string model)
    {
        for (var i = 0; i < patterns.Count; i++)
        {
            if (Glob.Matches(patterns[i], model))
            {
                return true;
            }
        }

        return false;
    }

    private static RestrictionsResult Refuse(string member, string fault) => new(None, PreferencesReader.Refusal(member, $"`{member}` {fault}."));
}
