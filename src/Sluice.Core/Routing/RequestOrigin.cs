namespace Sluice.Core.Routing;

/// <summary>Who sends a request and by what, as rules see it. Labels that a client sets about itself are hints, never permissions.</summary>
/// <param name="KeyId">Of the key; safe to show.</param>
/// <param name="User">The developer.</param>
public sealed record RequestOrigin(string KeyId, string User)
{
    /// <summary>Nobody in particular.</summary>
    public static readonly RequestOrigin Unknown = new("", "");

    /// <summary>Null where the key has none.</summary>
    public string? Team { get; init; }

    /// <summary>What the money is spent on.</summary>
    public string? Project { get; init; }

    /// <summary>Program: <c>claude-code</c>, <c>codex</c>, …</summary>
    public string? Client { get; init; }

    /// <summary>What the call is for inside its agent: <c>main</c>, <c>background</c> (titles, summaries, topic detection) or <c>subagent</c>; null where nothing tells.</summary>
    public string? Role { get; init; }

    /// <summary>True for <c>x-sluice-priority: background</c>.</summary>
    public bool Background { get; init; }

    /// <summary><c>k=v,k=v</c> of the request's header.</summary>
    public string? Tags { get; init; }

    /// <summary>The agent conversation as the client names it: canaries by percent stay with a session.</summary>
    public string? Session { get; init; }
}
