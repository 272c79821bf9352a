namespace Sluice.Server.Tests.Kit;

/// <summary>Every kind of provider, and each wire that it is asked in.</summary>
public enum Upstream
{
    Anthropic,
    Chat,
    Responses,
    Gemini,
    Vertex,
    VertexClaude,
    Azure,
    AzureClaude,
    Bedrock,
    BedrockClaude,
    OpenRouter,
}

/// <summary>Provider blocks against the simulators.</summary>
internal static class UpstreamKinds
{
    /// <summary>The kinds that speak one of the clients' wires as it is, one for each.</summary>
    public static readonly IReadOnlyList<Upstream> Plain = [Upstream.Anthropic, Upstream.Chat, Upstream.Responses, Upstream.Gemini];

    /// <summary>Short and without capitals, for names.</summary>
    public static string NameOf(Upstream upstream) => upstream switch
    {
        Upstream.VertexClaude => "vertex-claude",
        Upstream.AzureClaude => "azure-claude",
        Upstream.BedrockClaude => "bedrock-claude",
        _ => upstream.ToString().ToLowerInvariant(),
    };

    /// <summary>The kind that is asked in a client's own wire.</summary>
    public static Upstream Of(Wire wire) => wire switch
    {
        Wire.Anthropic => Upstream.Anthropic,
        Wire.Chat => Upstream.Chat,
        Wire.Responses => Upstream.Responses,
        Wire.Gemini => Upstream.Gemini,
        _ => throw new ArgumentOutOfRangeException(nameof(wire), wire, message: null),
    };

    /// <summary>A line of <c>providers:</c>.</summary>
    /// <param name="upstream">The kind.</param>
    /// <param name="side">A or B: which simulator.</param>
    /// <param name="more">Further members, each with a comma before it.</param>
    /// <param name="name">Else <c>a-gemini</c> and the like.</param>
    public static string Provider(Upstream upstream, string side, string more = "", string? name = null)
    {
        var key = $"api_keys: [key-of-{side.ToLowerInvariant()}-0123456789]";
        var at = "{" + side + "}";
        var block = upstream switch
        {
            Upstream.Anthropic => $"kind: anthropic, base_url: \"{at}\", {key}",
            Upstream.Chat => $"kind: openai, base_url: \"{at}/v1\", {key}",
            Upstream.Responses => $"kind: openai-responses, base_url: \"{at}/v1\", {key}",
            Upstream.Gemini => $"kind: gemini, base_url: \"{at}\", {key}",
            Upstream.Vertex or Upstream.VertexClaude => $"kind: vertex, base_url: \"{at}\", project: p-1, location: global, {key}",
            Upstream.Azure or Upstream.AzureClaude => $"kind: azure, base_url: \"{at}\", {key}",
            Upstream.Bedrock or Upstream.BedrockClaude => $"kind: bedrock, region: us-east-1, base_url: \"{at}\", {key}",
            Upstream.OpenRouter => $"kind: openrouter, base_url: \"{at}/api/v1\", {key}",
            _ => throw new ArgumentOutOfRangeException(nameof(upstream), upstream, message: null),
        };
        return $"  - {{ name: {name ?? ProviderName(upstream, side)}, {block}{more} }}\n";
    }

    public static string ProviderName(Upstream upstream, string side) => side.ToLowerInvariant() + "-" + NameOf(upstream);

    /// <summary>A name as this kind's models have it: some kinds tell Claude by its name.</summary>
    public static string ModelName(Upstream upstream, string unique) => upstream switch
    {
        Upstream.VertexClaude or Upstream.AzureClaude => "claude-" + unique,
        Upstream.BedrockClaude => "anthropic.claude-" + unique,
        Upstream.Bedrock => "amazon.nova-" + unique,
        _ => unique,
    };

    /// <summary>A model with its endpoints, in order, each under its kind's own name.</summary>
    public static string Model(string id, string unique, params ReadOnlySpan<(Upstream Upstream, string Provider)> endpoints)
    {
        var yaml = new System.Text.StringBuilder($"  - id: \"{id}\"\n    endpoints:\n");
        foreach (var (upstream, provider) in endpoints)
        {
            yaml.Append($"      - {{ provider: {provider}, model: {ModelName(upstream, unique)}, price: {{ input: 3, output: 15, cache_read: 0.3, cache_write: 3.75, cache_write_1h: 6 }} }}\n");
        }

        return yaml.ToString();
    }

    /// <summary>The plain kind whose wire this kind is asked in for a client; Bedrock for Converse.</summary>
    public static Upstream Like(Upstream upstream, Wire client) => upstream switch
    {
        Upstream.VertexClaude or Upstream.AzureClaude => Upstream.Anthropic,
        Upstream.BedrockClaude => client == Wire.Anthropic ? Upstream.Anthropic : Upstream.Bedrock,
        Upstream.Vertex => Upstream.Gemini,
        Upstream.Azure => client == Wire.Responses ? Upstream.Responses : Upstream.Chat,
        Upstream.OpenRouter => Upstream.Chat,
        _ => upstream,
    };

    /// <summary>The client's grammar holds of a stream; Azure begins Chat's with a chunk of its content filter, and to a Chat client it goes as it is.</summary>
    public static bool KeepsGrammar(Upstream upstream, Wire client) => (upstream, client) != (Upstream.Azure, Wire.Chat);

    /// <summary>Client and provider speak the same, so bytes pass as they are. By hand, from the vendors' documents.</summary>
    public static bool IsNative(Upstream upstream, Wire client) => upstream switch
    {
        Upstream.Anthropic or Upstream.VertexClaude or Upstream.AzureClaude or Upstream.BedrockClaude => client == Wire.Anthropic,
        Upstream.Chat or Upstream.OpenRouter => client == Wire.Chat,
        Upstream.Azure => client is Wire.Chat or Wire.Responses,
        Upstream.Responses => client == Wire.Responses,
        Upstream.Gemini or Upstream.Vertex => client == Wire.Gemini,
        _ => false,
    };
}
