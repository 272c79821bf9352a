namespace Sluice.Core.Affinity;

/// <summary>Where sessions' homes outlive the process. Losing it costs caches, nothing else.</summary>
public interface ISessionStore
{
    /// <summary>The homes that are still warm, at most <paramref name="most"/>, those that stay warm longest; none when the store is away.</summary>
    Task<IReadOnlyList<SessionRow>> ListAsync(DateTimeOffset now, int most, CancellationToken cancellation);

    /// <summary>Saves in one transaction, deletes what has gone cold and, now and then, what is over <paramref name="most"/>. False when the store is away: nothing has changed then.</summary>
    Task<bool> WriteAsync(IReadOnlyList<SessionRow> rows, DateTimeOffset now, int most, CancellationToken cancellation);

    /// <summary>Other nodes store homes here too, and want to be told of this one's soon.</summary>
    bool IsShared => false;

    /// <summary>Others do so now, and can be asked: a session that is not known here may be at home there.</summary>
    bool HasOthers => false;

    /// <summary>The homes of one session; none when the store is away or too slow for <paramref name="cancellation"/>.</summary>
    Task<IReadOnlyList<SessionRow>> FindAsync(UInt128 session, CancellationToken cancellation) => Task.FromResult<IReadOnlyList<SessionRow>>([]);

    /// <summary>Has <paramref name="heard"/> called with what other nodes have stored. It must not wait for anything. In a store of one process nobody else does.</summary>
    void Follow(Action<IReadOnlyList<SessionRow>> heard)
    {
    }
}

/// <summary>One session's home for one model, as it is stored.</summary>
/// <param name="Session">A hash; the name itself is nowhere.</param>
/// <param name="Model">Canonical id.</param>
/// <param name="Endpoint">Endpoint id.</param>
/// <param name="Credential">Credential id.</param>
/// <param name="WarmUntil">UTC; whole milliseconds.</param>
/// <param name="Lifetime">Of the cache after its last use.</param>
/// <param name="CachedTokens">See <see cref="SessionHome.CachedTokens"/>.</param>
public sealed record SessionRow(UInt128 Session, string Model, string Endpoint, string? Credential, DateTimeOffset WarmUntil, TimeSpan Lifetime, long CachedTokens);
