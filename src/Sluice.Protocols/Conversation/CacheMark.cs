namespace Sluice.Protocols.Conversation;

/// <summary>A prompt-cache breakpoint that a client set on a block, a tool, or (top level) on the whole request.</summary>
/// <param name="Ttl"><c>5m</c>, <c>1h</c>, or null where the client named none (the upstream's default, 5 minutes).</param>
public sealed record CacheMark(string? Ttl);
