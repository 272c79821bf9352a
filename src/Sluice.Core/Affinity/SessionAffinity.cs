using System.Collections.Concurrent;

namespace Sluice.Core.Affinity;

/// <summary>
/// Remembers sessions in two generations: what is used moves to the young one; when that holds half of the capacity, it becomes the old one and
/// the old one is dropped. So it is bounded and keeps what was used last, without a list to lock.
/// </summary>
/// <param name="time">For the age.</param>
/// <param name="capacity">Most pairs of session and model.</param>
public sealed class SessionAffinity(TimeProvider time, int capacity = 100_000) : IAffinity
{
    /// <summary>A session that was silent for longer has no warm prompt cache anywhere.</summary>
    public static readonly TimeSpan Age = TimeSpan.FromHours(1);

    // Session ids come from clients; a longer one is no session id.
    private const int LongestSession = 512;

    private readonly Lock _turn = new();
    private volatile ConcurrentDictionary<(string Session, string Model), Place> _young = new();
    private volatile ConcurrentDictionary<(string Session, string Model), Place> _old = new();
    private int _count;

    /// <inheritdoc/>
    public (string Endpoint, string? Credential)? Find(string session, string model)
    {
        var key = (session, model);
        if (_young.TryGetValue(key, out var place))
        {
            return IsFresh(place) ? (place.Endpoint, place.Credential) : null;
        }

        if (!_old.TryGetValue(key, out place) || !IsFresh(place))
        {
            return null;
        }

        Add(key, place);
        return (place.Endpoint, place.Credential);
    }

    /// <inheritdoc/>
    public void Remember(string session, string model, string endpoint, string? credential)
    {
        if (session.Length is 0 or > LongestSession)
        {
            return;
        }

        var now = time.GetUtcNow().UtcTicks;
        var key = (session, model);
        if (_young.TryGetValue(key, out var place) && place.Endpoint == endpoint && place.Credential == credential)
        {
            place.Seen = now;
            return;
        }

        Add(key, new Place(endpoint, credential) { Seen = now });
    }

    private void Add((string Session, string Model) key, Place place)
    {
        var young = _young;
        if (!young.TryAdd(key, place))
        {
            young[key] = place;
            return;
        }

        if (Interlocked.Increment(ref _count) < Math.Max(1, capacity / 2))
        {
            return;
        }

        lock (_turn)
        {
            if (ReferenceEquals(young, _young))
            {
                _old = young;
                _young = new ConcurrentDictionary<(string, string), Place>();
                Volatile.Write(ref _count, 0);
            }
        }
    }

    private bool IsFresh(Place place) => time.GetUtcNow().UtcTicks - place.Seen <= Age.Ticks;

    private sealed class Place(string endpoint, string? credential)
    {
        private long _seen;

        public string Endpoint { get; } = endpoint;

        public string? Credential { get; } = credential;

        public long Seen
        {
            get => Volatile.Read(ref _seen);
            set => Volatile.Write(ref _seen, value);
        }
    }
}
