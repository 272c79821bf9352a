using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;

namespace Sluice.Core.Affinity;

/// <summary>
/// Remembers sessions in two generations: what is used moves to the young one; when that holds half of the capacity, it becomes the old one and
/// the old one is dropped. So it is bounded and keeps what was used last, without a list to lock. Sessions are kept by a hash of their names: the
/// names are the users' affair.
/// </summary>
/// <param name="time">For the age.</param>
/// <param name="capacity">Most sessions.</param>
public sealed class SessionAffinity(TimeProvider time, int capacity = SessionAffinity.MostSessions) : IAffinity
{
    /// <summary>Sessions kept, in memory and in the store.</summary>
    public const int MostSessions = 100_000;

    // An agent uses a model for its work, one for titles and summaries, and some for its helpers.
    private const int MostModels = 8;

    // Names come from clients; a longer one is no session id, and no model that a cache is kept for.
    private const int LongestSession = 512;
    private const int LongestPlace = 512;

    // A plan does not wait longer for what only saves money.
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(20);

    // Each turn prolongs; a row for each turn would be a write for each request.
    private static readonly TimeSpan StoredStep = TimeSpan.FromSeconds(30);

    private readonly Lock _turn = new();
    private readonly Lock _changing = new();
    private Dictionary<(UInt128 Session, string Model), Place> _changed = [];
    private volatile Action? _onChange;
    private volatile ISessionStore? _elsewhere;
    private volatile ConcurrentDictionary<UInt128, Session> _young = new();
    private volatile ConcurrentDictionary<UInt128, Session> _old = new();
    private int _count;

    /// <inheritdoc/>
    public (string Endpoint, string? Credential)? Find(string session, string model) =>
        Home(session, model) is { } home ? (home.Endpoint, home.Credential) : null;

    /// <inheritdoc/>
    public SessionHome? Home(string session, string model) => FindSession(KeyOf(session)) is { } found ? Home(found, model) : null;

    /// <inheritdoc/>
    public Func<string, SessionHome?> Homes(string session) => FindSession(KeyOf(session)) is { } found ? model => Home(found, model) : static _ => null;

    private SessionHome? Home(Session found, string model)
    {
        var now = time.GetUtcNow().UtcTicks;
        foreach (var place in found.Places)
        {
            if (place.Model == model && place.WarmUntil > now)
            {
                return new SessionHome(place.Endpoint, place.Credential, new DateTimeOffset(place.WarmUntil, TimeSpan.Zero), place.CachedTokens);
            }
        }

        return null;
    }

    /// <inheritdoc/>
    public bool Knows(string session)
    {
        var now = time.GetUtcNow().UtcTicks;
        return FindSession(KeyOf(session)) is { } found && Array.Exists(found.Places, place => place.WarmUntil > now);
    }

    /// <inheritdoc/>
    public void Remember(string session, string model, string endpoint, string? credential, CacheUse use = default)
    {
        if (session.Length is 0 or > LongestSession || model.Length > LongestPlace || endpoint.Length > LongestPlace)
        {
            return;
        }

        var key = KeyOf(session);
        var found = FindSession(key) ?? Add(key, new Session());
        while (true)
        {
            var before = found.Places;
            var at = Array.FindIndex(before, place => place.Model == model);
            if (Next(at < 0 ? null : before[at], model, endpoint, credential, use) is not { } next)
            {
                return;
            }

            Place[] after = at >= 0 ? [.. before] : before.Length < MostModels ? [.. before, next] : [.. before[1..], next];
            after[at >= 0 ? at : ^1] = next;
            if (found.Replace(before, after))
            {
                NoteChange(key, next);
                return;
            }
        }
    }

    /// <summary>Takes over what an earlier process stored; before the first request.</summary>
    public void Restore(IEnumerable<SessionRow> rows)
    {
        var now = time.GetUtcNow();
        foreach (var row in rows)
        {
            var lifetime = Math.Clamp(row.Lifetime.Ticks, CacheLifetime.Shortest.Ticks, CacheLifetime.Longest.Ticks);
            if (row.WarmUntil <= now || row.WarmUntil > now + CacheLifetime.Longest)
            {
                // A clock that was set back would keep it for ever.
                continue;
            }

            var place = new Place(row.Model, row.Endpoint, row.Credential)
            {
                WarmUntil = row.WarmUntil.UtcTicks,
                Lifetime = lifetime,
                CachedTokens = row.CachedTokens,
                StoredUntil = row.WarmUntil.UtcTicks,
            };
            var session = FindSession(row.Session) ?? Add(row.Session, new Session());
            session.Replace(session.Places, [.. session.Places, place]);
        }
    }

    /// <inheritdoc/>
    public ValueTask ReadyAsync(string session) =>
        _elsewhere is { HasOthers: true } store && session.Length is > 0 and <= LongestSession && KeyOf(session) is var key && FindSession(key) is null
            ? AskAsync(store, key)
            : default;

    /// <summary>Has sessions that are not known here looked for in a store that other nodes write to.</summary>
    internal void AskElsewhere(ISessionStore store) => _elsewhere = store;

    /// <summary>Takes over what other nodes learnt; of two homes of one session the one that was used last counts.</summary>
    public void Adopt(IReadOnlyList<SessionRow> rows)
    {
        var now = time.GetUtcNow();
        foreach (var row in rows)
        {
            if (row.WarmUntil <= now || row.WarmUntil > now + CacheLifetime.Longest || row.Model.Length > LongestPlace || row.Endpoint.Length > LongestPlace)
            {
                continue;
            }

            // Whoever may connect to the database may say anything.
            var lifetime = Math.Clamp(row.Lifetime.Ticks, CacheLifetime.Shortest.Ticks, CacheLifetime.Longest.Ticks);
            var found = FindSession(row.Session) ?? Add(row.Session, new Session());
            while (true)
            {
                var before = found.Places;
                var at = Array.FindIndex(before, place => place.Model == row.Model);
                var usedAt = row.WarmUntil.UtcTicks - lifetime;
                if (at >= 0 && before[at].WarmUntil - before[at].Lifetime >= usedAt)
                {
                    break;
                }

                var isSame = at >= 0 && before[at].Endpoint == row.Endpoint && before[at].Credential == row.Credential;
                var next = new Place(row.Model, row.Endpoint, row.Credential)
                {
                    Since = isSame ? before[at].Since : usedAt,
                    WarmUntil = row.WarmUntil.UtcTicks,
                    Lifetime = lifetime,
                    CachedTokens = row.CachedTokens,
                    StoredUntil = row.WarmUntil.UtcTicks,
                };
                Place[] after = at >= 0 ? [.. before] : before.Length < MostModels ? [.. before, next] : [.. before[1..], next];
                after[at >= 0 ? at : ^1] = next;
                if (found.Replace(before, after))
                {
                    break;
                }
            }
        }
    }

    /// <summary>Calls back with the first change after <see cref="TakeChanges"/>; must not wait for anything.</summary>
    internal void NotifyOfChanges(Action onChange) => _onChange = onChange;

    /// <summary>What changed since the last call, for the store.</summary>
    internal IReadOnlyList<SessionRow> TakeChanges()
    {
        Dictionary<(UInt128 Session, string Model), Place> changed;
        lock (_changing)
        {
            if (_changed.Count == 0)
            {
                return [];
            }

            changed = _changed;
            _changed = [];
        }

        return [.. changed.Select(entry => entry.Value.RowOf(entry.Key.Session))];
    }

    /// <summary>Gives back what could not be stored; what has changed again meanwhile is newer.</summary>
    internal void ReturnChanges(IReadOnlyList<SessionRow> rows)
    {
        lock (_changing)
        {
            foreach (var row in rows.Take(MostSessions - _changed.Count))
            {
                _changed.TryAdd((row.Session, row.Model), new Place(row.Model, row.Endpoint, row.Credential)
                {
                    WarmUntil = row.WarmUntil.UtcTicks,
                    Lifetime = row.Lifetime.Ticks,
                    CachedTokens = row.CachedTokens,
                });
            }
        }
    }

    private async ValueTask AskAsync(ISessionStore store, UInt128 key)
    {
        // Known from now on, if only as one without a home: where it settles elsewhere later, that is told.
        Add(key, new Session());
        using var patience = new CancellationTokenSource(Patience, time);
        try
        {
            // A driver may take seconds to give up a connection that has gone silent.
            Adopt(await store.FindAsync(key, patience.Token).WaitAsync(patience.Token));
        }
        catch (OperationCanceledException)
        {
            // It is planned as one without a home.
        }
    }

    private Place? Next(Place? before, string model, string endpoint, string? credential, CacheUse use)
    {
        var now = time.GetUtcNow().UtcTicks;
        var same = before is not null && before.Endpoint == endpoint && before.Credential == credential;
        var warm = before is not null && before.WarmUntil > now;
        if (warm && !same && use.SentAt != default && use.SentAt.UtcTicks < before!.Since)
        {
            return null;
        }

        var lifetime = Math.Max(use.Lifetime.Ticks, CacheLifetime.Shortest.Ticks);
        if (warm && same && use.CachedTokens > 0)
        {
            // What is read was written for as long as before, though only the writing says how long.
            lifetime = Math.Max(lifetime, before!.Lifetime);
        }

        return new Place(model, endpoint, credential)
        {
            Since = same ? before!.Since : now,
            WarmUntil = now + lifetime,
            Lifetime = lifetime,
            CachedTokens = use.CachedTokens,
            StoredUntil = same ? before!.StoredUntil : 0,
        };
    }

    private void NoteChange(UInt128 session, Place place)
    {
        if (place.WarmUntil - place.StoredUntil < StoredStep.Ticks)
        {
            return;
        }

        place.StoredUntil = place.WarmUntil;
        bool isFirst;
        lock (_changing)
        {
            isFirst = _changed.Count == 0;

            // Nobody may be there to take them.
            if (_changed.Count < MostSessions)
            {
                _changed[(session, place.Model)] = place;
            }
        }

        if (isFirst)
        {
            _onChange?.Invoke();
        }
    }

    private Session? FindSession(UInt128 key) =>
        _young.TryGetValue(key, out var session) ? session
        : _old.TryGetValue(key, out session) ? Add(key, session)
        : null;

    private Session Add(UInt128 key, Session session)
    {
        var young = _young;
        if (!young.TryAdd(key, session))
        {
            return young.TryGetValue(key, out var other) ? other : session;
        }

        if (Interlocked.Increment(ref _count) >= Math.Max(1, capacity / 2))
        {
            lock (_turn)
            {
                if (ReferenceEquals(young, _young))
                {
                    _old = young;
                    _young = new ConcurrentDictionary<UInt128, Session>();
                    Volatile.Write(ref _count, 0);
                }
            }
        }

        return session;
    }

    // Not to be guessed back: some clients' names for a session are what a user typed. One request asks several times in a row with the same
    // text, and a hash costs more than all else that is done for the answer: the last one of a thread is kept.
    private static UInt128 KeyOf(string session)
    {
        if (ReferenceEquals(session, _hashed))
        {
            return _hash;
        }

        Span<byte> text = stackalloc byte[LongestSession * 3];
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        if (Encoding.UTF8.TryGetBytes(session, text, out var length))
        {
            SHA256.HashData(text[..length], hash);
        }

        (_hashed, _hash) = (session, BinaryPrimitives.ReadUInt128BigEndian(hash));
        return _hash;
    }

    [ThreadStatic]
    private static string? _hashed;

    [ThreadStatic]
    private static UInt128 _hash;

    private sealed class Session
    {
        private Place[] _places = [];

        public Place[] Places => Volatile.Read(ref _places);

        public bool Replace(Place[] before, Place[] after) => ReferenceEquals(Interlocked.CompareExchange(ref _places, after, before), before);
    }

    // Times are UTC ticks.
    private sealed class Place(string model, string endpoint, string? credential)
    {
        public string Model { get; } = model;

        public string Endpoint { get; } = endpoint;

        public string? Credential { get; } = credential;

        public long Since { get; init; }

        public long WarmUntil { get; init; }

        public long Lifetime { get; init; }

        public long CachedTokens { get; init; }

        public long StoredUntil { get; set; }

        public SessionRow RowOf(UInt128 session) =>
            new(session, Model, Endpoint, Credential, DateTimeOffset.FromUnixTimeMilliseconds(new DateTimeOffset(WarmUntil, TimeSpan.Zero).ToUnixTimeMilliseconds()), new TimeSpan(Lifetime), CachedTokens);
    }
}
