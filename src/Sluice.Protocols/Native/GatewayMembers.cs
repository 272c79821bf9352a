using System.Text.Json;
using Sluice.Protocols.Conversation;

namespace Sluice.Protocols.Native;

/// <summary>
/// Top-level request members that steer a gateway and that no model vendor takes: OpenRouter's and LiteLLM's routing fields. Strict vendors
/// answer them with a 400 ("Extra inputs are not permitted"), so they are cut out unless the upstream is itself a gateway.
/// </summary>
public static class GatewayMembers
{
    /// <summary>Those that mean the same in every format's body.</summary>
    internal static readonly string[] Shared =
    [
        "models", "fallbacks", "provider", "route", "transforms", "plugins", "session_id", "preset", "trace", "debug", "stop_server_tools_when",
    ];

    /// <summary>
    /// Sluice does itself what the member asks for, so that nothing is lost where it does not go on. The others (<c>preset</c>, plugins of other names) are
    /// told as dropped.
    /// </summary>
    public static bool IsHeeded(ExtraMember member) => member.Name switch
    {
        "models" or "fallbacks" or "provider" or "route" or "transforms" or "session_id" or "sessionId" or "usage" or "speed" => true,
        "plugins" => HasKnownPluginsAlone(member.Value.Utf8.Span),
        _ => false,
    };

    /// <summary>The member's name when it is one of <paramref name="members"/>, else null.</summary>
    /// <param name="members">A format's own list.</param>
    /// <param name="name">Unescaped.</param>
    internal static string? Find(IReadOnlyList<string> members, ReadOnlySpan<byte> name)
    {
        for (var i = 0; i < members.Count; i++)
        {
            if (members[i].Length == name.Length && System.Text.Ascii.Equals(name, members[i]))
            {
                return members[i];
            }
        }

        return null;
    }

    private static bool HasKnownPluginsAlone(ReadOnlySpan<byte> plugins)
    {
        var json = new Utf8JsonReader(plugins);
        while (json.Read())
        {
            if (json.TokenType == JsonTokenType.PropertyName && json.CurrentDepth == 2 && json.ValueTextEquals("id"u8) && json.Read()
                && !(json.TokenType == JsonTokenType.String && (json.ValueTextEquals("web"u8) || json.ValueTextEquals("context-compression"u8) || json.ValueTextEquals("auto-router"u8))))
            {
                return false;
            }
        }

        return true;
    }
}
