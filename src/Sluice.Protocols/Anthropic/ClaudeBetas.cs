using System.Text.Json;
using Sluice.Protocols.Conversation;
using Sluice.Protocols.Degradations;
using Sluice.Protocols.WebSearch;

namespace Sluice.Protocols.Anthropic;

/// <summary>Who runs Claude besides Anthropic.</summary>
public enum ClaudeHost
{
    /// <summary>Amazon Bedrock by InvokeModel, whose body is Anthropic's own.</summary>
    BedrockInvoke,

    /// <summary>Amazon Bedrock by Converse.</summary>
    BedrockConverse,

    /// <summary>Google Vertex.</summary>
    Vertex,
}

/// <summary>
/// The betas that other hosts of Claude take. They refuse the whole request for one that they do not know, while clients add new ones every few
/// weeks: so what is not listed here is left out and reported.
/// </summary>
/// <remarks>
/// From AWS's list for Claude's Messages API and LiteLLM's per-provider table (anthropic_beta_headers_config.json), as of November 2026. A beta
/// whose host knows it by another name is mapped.
/// </remarks>
public static class ClaudeBetas
{
    private const int MaxListed = 64;
    private const string WebSearch = "web-search-2025-03-05";

    private static readonly Dictionary<string, string> Invoke = Table(
    [
        ("advanced-tool-use-2025-11-20", "tool-search-tool-2025-10-19"),
        ("compact-2026-01-12", null),
        ("computer-use-2025-01-24", null),
        ("computer-use-2025-11-24", null),
        ("context-1m-2025-08-07", null),
        ("context-management-2025-06-27", null),
        ("dangerous-tool-use-2026-09-03", null),
        ("effort-2025-11-24", null),
        ("fine-grained-tool-streaming-2025-05-14", null),
        ("interleaved-thinking-2025-05-14", null),
        ("mid-conversation-output-config-2026-07-01", null),
        ("mid-conversation-tool-changes-2026-07-01", null),
        ("thinking-binding-controls-2026-08-01", null),
        ("thinking-display-updates-2026-08-18", null),
        ("tool-search-tool-2025-10-19", null),
    ]);

    private static readonly Dictionary<string, string> Converse = Table(
    [
        ("computer-use-2025-01-24", null),
        ("computer-use-2025-11-24", null),
        ("context-1m-2025-08-07", null),
        ("effort-2025-11-24", null),
        ("fine-grained-tool-streaming-2025-05-14", null),
        ("structured-outputs-2025-11-13", null),
        ("thinking-binding-controls-2026-08-01", null),
        ("thinking-display-updates-2026-08-18", null),
    ]);

    private static readonly Dictionary<string, string> Vertex = Table(
    [
        ("advanced-tool-use-2025-11-20", "tool-search-tool-2025-10-19"),
        ("compact-2026-01-12", null),
        ("compact-2026-09-04", null),
        ("computer-use-2025-01-24", null),
        ("computer-use-2025-11-24", null),
        ("context-1m-2025-08-07", null),
        ("context-management-2025-06-27", null),
        ("dangerous-tool-use-2026-09-03", null),
        ("interleaved-thinking-2025-05-14", null),
        ("per-turn-control-2026-07-01", null),
        ("thinking-binding-controls-2026-08-01", null),
        ("thinking-display-updates-2026-08-18", null),
        ("tool-search-tool-2025-10-19", null),
        ("web-search-2025-03-05", null),
    ]);

    /// <summary>The betas without which a host does not do what a client of another format asks for: Vertex searches the web only so.</summary>
    public static IReadOnlyList<string> Needed(ClaudeHost host, ConversationRequest request) =>
        host == ClaudeHost.Vertex && request.Tools.Any(t => WebSearchTool.Of(t) is not null) ? [WebSearch] : [];

    /// <summary>The betas to send, each once, in the client's order; what is left out is reported.</summary>
    /// <param name="host">Where they go.</param>
    /// <param name="betas">As the client sent them; an element may be a header's value with several, split by commas.</param>
    /// <param name="degradations">Takes what is left out.</param>
    public static IReadOnlyList<string> Accepted(ClaudeHost host, IEnumerable<string> betas, DegradationLog degradations)
    {
        var table = host switch { ClaudeHost.BedrockInvoke => Invoke, ClaudeHost.BedrockConverse => Converse, _ => Vertex };
        var accepted = new List<string>();
        foreach (var beta in betas.SelectMany(b => b.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)).Take(MaxListed))
        {
            if (!table.TryGetValue(beta, out var name))
            {
                var clean = FeatureWords.Clean(beta, 60);
                degradations.Add("anthropic-beta." + clean, DegradationOutcome.Dropped, $"{Name(host)} does not take the beta '{clean}'.");
            }
            else if (!accepted.Contains(name, StringComparer.Ordinal))
            {
                accepted.Add(name);
            }
        }

        return accepted;
    }

    /// <summary>The texts of a JSON array; a lone text counts as one, anything else as none.</summary>
    public static IReadOnlyList<string> ReadList(ReadOnlySpan<byte> json)
    {
        var found = new List<string>();
        try
        {
            var reader = new Utf8JsonReader(json);
            while (reader.Read() && reader.CurrentDepth <= 1 && found.Count < MaxListed)
            {
                if (reader.TokenType == JsonTokenType.String)
                {
                    found.Add(Json.LenientText.Read(ref reader));
                }
            }
        }
        catch (JsonException)
        {
            // Not a list: the upstream would refuse it, and without it the request is good.
            return [];
        }

        return found;
    }

    private static string Name(ClaudeHost host) => host switch
    {
        ClaudeHost.BedrockInvoke => "Bedrock",
        ClaudeHost.BedrockConverse => "Bedrock's Converse",
        _ => "Vertex",
    };

    private static Dictionary<string, string> Table((string Client, string? Host)[] rows) =>
        rows.ToDictionary(r => r.Client, r => r.Host ?? r.Client, StringComparer.Ordinal);
}
