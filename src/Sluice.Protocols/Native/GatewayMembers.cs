namespace Sluice.Protocols.Native;

/// <summary>
/// Top-level request members that steer a gateway and that no model vendor takes: OpenRouter's and LiteLLM's routing fields. Strict vendors
/// answer them with a 400 ("Extra inputs are not permitted"), so they are cut out unless the upstream is itself a gateway.
/// </summary>
internal static class GatewayMembers
{
    // "usage" is OpenRouter's request switch {include:true}. "user" means something to OpenAI, but in a Messages body only OpenRouter knows it.
    private static readonly string[] Shared =
    [
        "models", "fallbacks", "provider", "route", "transforms", "plugins", "session_id", "preset", "trace", "debug", "stop_server_tools_when",
    ];

    private static readonly string[] Anthropic = [.. Shared, "user"];
    private static readonly string[] Chat = [.. Shared, "usage"];

    /// <summary>The member's name when it is one of them, else null.</summary>
    /// <param name="protocol">The body's format.</param>
    /// <param name="name">Unescaped.</param>
    public static string? Find(WireProtocol protocol, ReadOnlySpan<byte> name)
    {
        foreach (var known in protocol == WireProtocol.AnthropicMessages ? Anthropic : Chat)
        {
            if (known.Length == name.Length && System.Text.Ascii.Equals(name, known))
            {
                return known;
            }
        }

        return null;
    }
}
