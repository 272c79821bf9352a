using System.Text.Json;
using Sluice.Protocols.Conversation;
using Sluice.Protocols.Formats;

namespace Sluice.Protocols.OpenAIChat;

/// <summary>Cache marks on a wire that has none of its own: routers hand them on to Claude.</summary>
internal static class OpenAIChatCacheMarks
{
    /// <summary>The upstream hands cache marks on to a model that knows them.</summary>
    public static bool AreKept(UpstreamTarget target) => target.Dialect.TakesCacheMarks && IsClaude(target);

    /// <summary>Writes a <c>cache_control</c> member.</summary>
    public static void Write(Utf8JsonWriter json, CacheMark cache)
    {
        json.WriteStartObject("cache_control"u8);
        json.WriteString("type"u8, "ephemeral"u8);
        if (cache.Ttl is { } ttl)
        {
            json.WriteString("ttl"u8, ttl);
        }

        json.WriteEndObject();
    }

    private static bool IsClaude(UpstreamTarget target) =>
        target.CanonicalModel.Contains("claude", StringComparison.OrdinalIgnoreCase) || target.Model.Contains("claude", StringComparison.OrdinalIgnoreCase);
}
