using System.Text.Json;
using Sluice.Protocols.Conversation;
using Sluice.Protocols.Degradations;
using Sluice.Protocols.Json;

namespace Sluice.Protocols.WebSearch;

/// <summary>
/// The one tool of vendors' own that nearly all of them have: a search of the web that the provider makes. Read from any format's declaration and
/// written as any other's; what the other cannot be told is reported.
/// </summary>
internal sealed record WebSearchTool
{
    private static readonly JsonDocumentOptions Deep = new() { MaxDepth = 512 };

    private string _feature = "";

    /// <summary>Searches in one answer at most.</summary>
    public long? MaxUses { get; private init; }

    /// <summary>The only domains to be searched.</summary>
    public IReadOnlyList<string> Allowed { get; private init; } = [];

    /// <summary>Domains to be left out.</summary>
    public IReadOnlyList<string> Blocked { get; private init; } = [];

    /// <summary><c>{"type":"approximate","city":…}</c>, which Anthropic and OpenAI spell alike; empty where the client said nothing.</summary>
    public RawJson Location { get; private init; }

    /// <summary>The search that a tool declares; null for every other tool, and for a search that may not leave the vendor's own index.</summary>
    public static WebSearchTool? Of(Tool tool)
    {
        if (tool is not VendorTool vendor || !IsSearch(vendor))
        {
            return null;
        }

        using var document = JsonDocument.Parse(vendor.Json.Utf8, Deep);
        var root = document.RootElement;
        if (root.ValueKind != JsonValueKind.Object || (Member(root, "external_web_access") is { ValueKind: JsonValueKind.False }))
        {
            return null;
        }

        var (options, filters) = vendor.From switch
        {
            WireProtocol.Gemini => (Member(root, vendor.Type) ?? root, default(JsonElement?)),
            WireProtocol.OpenAIResponses => (root, Member(root, "filters")),
            _ => (root, root),
        };
        return new WebSearchTool
        {
            _feature = vendor.Type.StartsWith("web_search", StringComparison.Ordinal) ? "web_search" : "googleSearch",
            MaxUses = Member(options, "max_uses") is { ValueKind: JsonValueKind.Number } most && most.TryGetInt64(out var uses) ? uses : null,
            Allowed = filters is { } allowed ? Texts(allowed, "allowed_domains") : [],
            Blocked = filters is { } blocked ? Texts(blocked, "blocked_domains") : Texts(options, "excludeDomains"),
            Location = Member(options, "user_location") is { ValueKind: JsonValueKind.Object } location ? RawJson.FromText(location.GetRawText()) : default,
        };
    }

    /// <summary>Writes Anthropic's tool, in the version that every Claude with a search takes.</summary>
    public void WriteAnthropic(Utf8JsonWriter json, DegradationLog degradations)
    {
        json.WriteStartObject();
        json.WriteString("type"u8, "web_search_20250305"u8);
        json.WriteString("name"u8, AnthropicName);
        if (MaxUses is { } most)
        {
            json.WriteNumber("max_uses"u8, most);
        }

        // Anthropic takes one of the two.
        if (Allowed.Count > 0)
        {
            Write(json, "allowed_domains", Allowed);
            DropIf(Blocked.Count > 0, "blocked_domains", "Anthropic takes allowed domains or blocked ones, not both.", degradations);
        }
        else if (Blocked.Count > 0)
        {
            Write(json, "blocked_domains", Blocked);
        }

        WriteLocation(json);
        json.WriteEndObject();
    }

    /// <summary>Writes OpenAI's tool; its limit stands outside of it.</summary>
    public void WriteResponses(Utf8JsonWriter json, DegradationLog degradations)
    {
        json.WriteStartObject();
        json.WriteString("type"u8, "web_search"u8);
        if (Allowed.Count > 0)
        {
            json.WriteStartObject("filters"u8);
            Write(json, "allowed_domains", Allowed);
            json.WriteEndObject();
        }

        DropIf(Blocked.Count > 0, "blocked_domains", "OpenAI's web search takes allowed domains only.", degradations);
        WriteLocation(json);
        json.WriteEndObject();
    }

    /// <summary>Writes Gemini's tool, which takes no options on all its hosts.</summary>
    public void WriteGemini(Utf8JsonWriter json, DegradationLog degradations)
    {
        json.WriteStartObject();
        json.WriteStartObject("googleSearch"u8);
        json.WriteEndObject();
        json.WriteEndObject();
        DropIf(MaxUses is not null, "max_uses", "Gemini decides itself how often it searches.", degradations);
        DropIf(Allowed.Count > 0, "allowed_domains", "Gemini's search cannot be held to domains.", degradations);
        DropIf(Blocked.Count > 0, "blocked_domains", "Gemini's search cannot be held to domains.", degradations);
        DropIf(!Location.IsEmpty, "user_location", "Gemini's search takes no place.", degradations);
    }

    /// <summary>What Anthropic's tool must be called.</summary>
    public const string AnthropicName = "web_search";

    private static bool IsSearch(VendorTool tool) => tool.From switch
    {
        WireProtocol.AnthropicMessages => tool.Type.StartsWith("web_search_", StringComparison.Ordinal),
        WireProtocol.OpenAIResponses => tool.Type == "web_search" || tool.Type.StartsWith("web_search_preview", StringComparison.Ordinal) || tool.Type.StartsWith("web_search_2", StringComparison.Ordinal),
        WireProtocol.Gemini => tool.Type is "googleSearch" or "google_search",
        _ => false,
    };

    private static JsonElement? Member(JsonElement owner, string name) =>
        owner.ValueKind == JsonValueKind.Object && owner.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;

    private static List<string> Texts(JsonElement owner, string name)
    {
        var texts = new List<string>();
        if (Member(owner, name) is { ValueKind: JsonValueKind.Array } list)
        {
            texts.AddRange(list.EnumerateArray().Where(t => t.ValueKind == JsonValueKind.String).Select(LenientText.Read));
        }

        return texts;
    }

    private static void Write(Utf8JsonWriter json, string name, IReadOnlyList<string> texts)
    {
        json.WriteStartArray(name);
        foreach (var text in texts)
        {
            json.WriteStringValue(text);
        }

        json.WriteEndArray();
    }

    private void WriteLocation(Utf8JsonWriter json)
    {
        if (!Location.IsEmpty)
        {
            json.WritePropertyName("user_location"u8);
            Location.WriteTo(json);
        }
    }

    private void DropIf(bool condition, string option, string why, DegradationLog degradations)
    {
        if (condition)
        {
            degradations.Add($"tools.{_feature}.{option}", DegradationOutcome.Dropped, why);
        }
    }
}
