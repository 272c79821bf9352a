namespace Sluice.Core.Affinity;

/// <summary>
/// Where the prompt caches of sessions are warm. Advice and no more: a plan prefers a session's home among the candidates that it may use, and
/// goes elsewhere at once when the home is excluded or has just failed. Thread-safe, bounded, never waits for a disk.
/// </summary>
public interface IAffinity
{
    /// <summary>Endpoint id and credential id where the session's cache is warm for the model; null when it is nowhere, or no longer.</summary>
    (string Endpoint, string? Credential)? Find(string session, string model);

    /// <summary>The same, with what is known of the cache.</summary>
    SessionHome? Home(string session, string model);

    /// <summary>The same for whoever asks for several models of one session: the session is looked up once. Never null.</summary>
    Func<string, SessionHome?> Homes(string session) => model => Home(session, model);

    /// <summary>Looks whether the session has a home that only other nodes know, once and for a bounded time; to be awaited before the session is asked for. Throws nothing.</summary>
    ValueTask ReadyAsync(string session) => default;

    /// <summary>The session has a home for some model.</summary>
    bool Knows(string session);

    /// <summary>An attempt answered there. An answer that was begun before the session moved elsewhere does not bring it back.</summary>
    /// <param name="session">Unique for its user.</param>
    /// <param name="model">Canonical id of the model that answered.</param>
    /// <param name="endpoint">Endpoint id.</param>
    /// <param name="credential">Credential id.</param>
    /// <param name="use">What the answer did with the prompt cache.</param>
    void Remember(string session, string model, string endpoint, string? credential, CacheUse use = default);
}

/// <summary>Where one session is at home for one model.</summary>
/// <param name="Endpoint">Endpoint id.</param>
/// <param name="Credential">Credential id; null where the provider needs none.</param>
/// <param name="WarmUntil">When the provider forgets the prompt, if nothing is sent before.</param>
/// <param name="CachedTokens">Tokens of the prompt that the last answer read from the cache or wrote into it; 0 where it told of none.</param>
public readonly record struct SessionHome(string Endpoint, string? Credential, DateTimeOffset WarmUntil, long CachedTokens);

/// <summary>What one answer did with its provider's prompt cache.</summary>
/// <param name="CachedTokens">Read or written; what the next request of the session can read.</param>
/// <param name="Lifetime">How long they are kept after their last use; zero is <see cref="CacheLifetime.Shortest"/>.</param>
/// <param name="SentAt">When the attempt was sent; the default is "now".</param>
public readonly record struct CacheUse(long CachedTokens, TimeSpan Lifetime, DateTimeOffset SentAt);
