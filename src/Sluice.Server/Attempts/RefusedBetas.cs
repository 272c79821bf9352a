using System.Collections.Concurrent;

namespace Sluice.Server.Attempts;

/// <summary>
/// Betas (and end users' ids, <see cref="Mending.EndUser"/>) that a provider has refused lately, so that the second try without them is paid for once and not with every request. Forgotten after
/// an hour: vendors open betas without telling anybody. Bounded; what does not fit is learned again. Thread-safe.
/// </summary>
internal sealed class RefusedBetas(TimeProvider time)
{
    private const int MostRemembered = 256;
    private static readonly TimeSpan Lifetime = TimeSpan.FromHours(1);

    private readonly ConcurrentDictionary<(string Provider, string Beta), DateTimeOffset> _until = new();

    /// <summary>Nothing is remembered: what every request asks first.</summary>
    public bool IsEmpty => _until.IsEmpty;

    /// <summary>Remembers a refusal.</summary>
    public void Remember(string provider, string beta)
    {
        var now = time.GetUtcNow();
        if (_until.Count >= MostRemembered)
        {
            foreach (var (key, until) in _until)
            {
                if (until <= now)
                {
                    _until.TryRemove(key, out _);
                }
            }
        }

        if (_until.Count < MostRemembered)
        {
            _until[(provider, beta)] = now + Lifetime;
        }
    }

    /// <summary>The provider refused it within the last hour.</summary>
    public bool Contains(string provider, string beta) => _until.TryGetValue((provider, beta), out var until) && until > time.GetUtcNow();
}
