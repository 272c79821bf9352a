using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Sluice.Protocols.Formats;
using Sluice.Protocols.Native;
using Sluice.Server.Surfaces;

namespace Sluice.Server.Identity;

/// <summary>
/// What a call is for inside its agent: <c>main</c>, <c>background</c> (titles, topic detection, classification) or <c>subagent</c>. First what the
/// client says, then what its requests look like. A label for rules and reports: it permits nothing, and anybody can set it. A compaction counts
/// as <c>main</c>: it carries the whole conversation, and all that follows is built on it.
/// </summary>
internal static class ClientRole
{
    private const string Main = "main";
    private const string Background = "background";
    private const string Subagent = "subagent";

    // A title or a topic is asked of the first words; what comes with a long history and without tools is a compaction.
    private const int FewMessages = 4;
    private const int LongestMetadata = 8 * 1024;

    /// <summary>The role; null where nothing tells.</summary>
    /// <param name="headers">The request's.</param>
    /// <param name="client">The program as <see cref="ClientFacts"/> names it.</param>
    /// <param name="envelope">Null for a body that was refused.</param>
    /// <param name="operation">Counts and vectors have the role that a header says, or none.</param>
    public static string? Of(IHeaderDictionary headers, string? client, Envelope? envelope, SurfaceOperation operation) =>
        Said(headers) ?? (envelope is not null && operation == SurfaceOperation.Generate ? Shown(client, envelope) : null);

    private static string? Said(IHeaderDictionary headers)
    {
        // Claude Code sends the class when told to (CLAUDE_CODE_GATEWAY_HINT_HEADERS=1), the agent's id always.
        switch (headers["x-claude-code-request-class"].ToString())
        {
            case "main" or "compaction":
                return Main;
            case "subagent" or "workflow":
                return Subagent;
            case "auxiliary":
                return Background;
        }

        if (headers.ContainsKey("x-claude-code-agent-id") || headers.ContainsKey("x-codex-parent-thread-id"))
        {
            return Subagent;
        }

        // Codex names the kind of its helpers (review, collab_spawn, …); two of them are chores of the main thread.
        return headers["x-openai-subagent"].ToString() switch
        {
            "" => headers["x-codex-turn-metadata"].ToString() is { Length: > 0 and <= LongestMetadata } metadata ? InTurnMetadata(metadata) : null,
            "compact" => Main,
            "memory_consolidation" => Background,
            _ => Subagent,
        };
    }

    private static string? Shown(string? client, Envelope envelope) => client switch
    {
        "claude-code" or "opencode" => envelope switch
        {
            { ToolCount: > 0 } => Main,
            { MessageCount: <= FewMessages, WantsThinking: false } => Background,
            _ => null,
        },
        // Its router and checks want one JSON answer; its turns are streams.
        "gemini-cli" => envelope switch
        {
            { ToolCount: > 0 } => Main,
            { Stream: false } => Background,
            _ => null,
        },
        "qwen-code" => envelope.ToolCount > 0 ? Main : null,
        _ => null,
    };

    // {"agent_name":"/root","request_kind":"turn",…}: kinds are turn, prewarm, compaction; a helper's name stands below "/root".
    private static string? InTurnMetadata(string metadata)
    {
        string? agent = null;
        string? kind = null;
        var json = new Utf8JsonReader(Encoding.UTF8.GetBytes(metadata));
        try
        {
            while (json.Read())
            {
                if (json.TokenType != JsonTokenType.PropertyName || json.CurrentDepth != 1)
                {
                    continue;
                }

                var (isAgent, isKind) = (json.ValueTextEquals("agent_name"u8), json.ValueTextEquals("request_kind"u8));
                json.Read();
                if (json.TokenType == JsonTokenType.String)
                {
                    agent = isAgent ? json.GetString() : agent;
                    kind = isKind ? json.GetString() : kind;
                }
            }
        }
        catch (JsonException)
        {
            // A label that cannot be read is none.
            return null;
        }

        return agent is not null && agent != "/root" ? Subagent : kind is "turn" or "compaction" ? Main : kind is null ? null : Background;
    }
}
