using Sluice.Core.Configuration;
using Sluice.Protocols.Conversation;

namespace Sluice.Core.Affinity;

/// <summary>How long providers keep a prompt after its last use, as they document it. A session stays at least that long, or its cache would be paid for twice.</summary>
public static class CacheLifetime
{
    /// <summary>Anthropic's default, Bedrock's, and what others can be relied on for.</summary>
    public static readonly TimeSpan Shortest = TimeSpan.FromMinutes(5);

    /// <summary>Prompts marked <c>ttl: 1h</c>.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromHours(1);

    // OpenAI drops idle prompts after 5 to 10 minutes; OpenRouter keeps a session at its provider for 10.
    private static readonly TimeSpan Middle = TimeSpan.FromMinutes(10);

    /// <summary>What the answer of a provider of this kind says about its cache.</summary>
    /// <param name="kind">The provider's.</param>
    /// <param name="usage">As reported.</param>
    /// <param name="sentAt">When the attempt was sent.</param>
    public static CacheUse Of(ProviderKind kind, TokenUsage usage, DateTimeOffset sentAt)
    {
        var lifetime = usage.CacheWrite1h > 0 ? Longest
            : kind is ProviderKind.OpenAI or ProviderKind.OpenAIResponses or ProviderKind.Azure or ProviderKind.OpenRouter ? Middle
            : Shortest;
        return new CacheUse((usage.CacheRead ?? 0) + (usage.CacheWrite5m ?? 0) + (usage.CacheWrite1h ?? 0), lifetime, sentAt);
    }
}
