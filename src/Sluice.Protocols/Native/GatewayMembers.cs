namespace Sluice.Protocols.Native;

/// <summary>
/// Top-level request members that steer a gateway and that no model vendor takes: OpenRouter's and LiteLLM's routing fields. Strict vendors
/// answer them with a 400 ("Extra inputs are not permitted"), so they are cut out unless the upstream is itself a gateway.
/// </summary>
internal static class GatewayMembers
{
    /// <summary>Those that mean the same in every format's body.</summary>
    public static readonly string[] Shared =
    [
        "models", "fallbacks", "provider", "route", "transforms", "plugins", "session_id", "preset", "trace", "debug", "stop_server_tools_when",
    ];

    /// <summary>The member's name when it is one of <paramref name="members"/>, else null.</summary>
    /// <param name="members">A format's own list.</param>
    /// <param name="name">Unescaped.</param>
    public static string? Find(IReadOnlyList<string> members, ReadOnlySpan<byte> name)
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
}
