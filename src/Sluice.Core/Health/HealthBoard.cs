using System.Collections.Concurrent;
using Sluice.Core.Catalogue;
using Sluice.Core.Configuration;
using Sluice.Core.Faults;
using Sluice.Protocols.Errors;

namespace Sluice.Core.Health;

/// <summary>
/// Health in memory. Reads take no lock; a write locks nothing but its own entry's bucket. Three marks, apart because they end differently:
/// failures age (30 s), cooldowns end by the clock (at most 5 minutes), dead credentials by a changed configuration or a success.
/// </summary>
public sealed class HealthBoard(TimeProvider time) : IHealth
{
    /// <summary>How long a failure lowers the rank.</summary>
    public static readonly TimeSpan FailureAge = TimeSpan.FromSeconds(30);

    /// <summary>The longest cooldown that one hint can cause; upstreams have asked for days.</summary>
    public static readonly TimeSpan LongestCooldown = TimeSpan.FromMinutes(5);

    // Clients can name upstream models freely (provider/anything), so the marks are bounded by number.
    private const int MostMarks = 10_000;

    // Keys are (endpoint id, credential id): "" stands for "the endpoint, whatever the credential" and for "no credential".
    private readonly ConcurrentDictionary<(string Endpoint, string Credential), Mark> _marks = new();
    private readonly ConcurrentDictionary<string, byte> _dead = new(StringComparer.Ordinal);
    private readonly Lock _reload = new();
    private long _sweptAt;
    private volatile Dictionary<string, ProviderSettings> _providers = new(StringComparer.Ordinal);

    /// <summary>Marks held now.</summary>
    internal int Count => _marks.Count;

    /// <inheritdoc/>
    public void Succeeded(ModelEndpoint endpoint, Credential? credential, AttemptSpeed speed = default)
    {
        if (credential is null || IsReplaced(endpoint, credential))
        {
            return;
        }

        // A refusal that a success contradicts was a glitch. A cooldown stays: the answer may have begun before the limit was hit.
        if (!_dead.IsEmpty)
        {
            _dead.TryRemove(credential.Id, out _);
        }

        if (_marks.TryGetValue((endpoint.Id, credential.Id), out var mark) && mark.Until == long.MaxValue)
        {
            mark.Until = 0;
        }
    }

    /// <inheritdoc/>
    public void Failed(ModelEndpoint endpoint, Credential? credential, UpstreamFault fault)
    {
        // What the request caused says nothing about the provider. What an old key did says nothing about its successor of the same id.
        if (!fault.CanFailOver || fault.Kind == ErrorKind.Cancelled || IsReplaced(endpoint, credential))
        {
            return;
        }

        if (fault.CredentialIsDead && credential is not null)
        {
            // A refused permission may be about this one model; a refused key or an empty account is about everything.
            if (fault.Kind == ErrorKind.Permission)
            {
                if (Find(endpoint.Id, credential.Id) is { } refused)
                {
                    refused.Until = long.MaxValue;
                }
            }
            else if (_dead.Count < MostMarks)
            {
                _dead[credential.Id] = 0;
            }

            return;
        }

        var now = Now();
        if (Find(endpoint.Id, credential?.Id ?? "") is { } mark)
        {
            mark.FailedAt = now;
            if (fault.RetryAfter is { } hint && hint > TimeSpan.Zero)
            {
                // Never shortened: of several calls in flight the last to fail may bring the smallest hint.
                mark.Extend(now + Math.Min(hint.Ticks, LongestCooldown.Ticks));
            }
        }

        if (!fault.ConcernsCredential && credential is not null && Find(endpoint.Id, "") is { } whole)
        {
            whole.FailedAt = now;
        }
    }

    /// <inheritdoc/>
    public bool FailedRecently(ModelEndpoint endpoint)
    {
        var oldest = Now() - FailureAge.Ticks;
        if (_marks.IsEmpty)
        {
            return false;
        }

        if (FailedSince(endpoint.Id, "", oldest))
        {
            return true;
        }

        if (_providers.TryGetValue(endpoint.Provider, out var provider))
        {
            foreach (var credential in provider.Credentials)
            {
                if (FailedSince(endpoint.Id, credential.Id, oldest))
                {
                    return true;
                }
            }

            return false;
        }

        foreach (var (key, mark) in _marks)
        {
            if (key.Endpoint == endpoint.Id && mark.FailedAt >= oldest)
            {
                return true;
            }
        }

        return false;
    }

    /// <inheritdoc/>
    public bool FailedRecently(ModelEndpoint endpoint, Credential? credential)
    {
        if (_marks.IsEmpty)
        {
            return false;
        }

        var oldest = Now() - FailureAge.Ticks;
        return FailedSince(endpoint.Id, "", oldest) || (credential is not null && FailedSince(endpoint.Id, credential.Id, oldest));
    }

    /// <inheritdoc/>
    public Exclusion? Excluded(ModelEndpoint endpoint, Credential? credential)
    {
        if (credential is not null && !_dead.IsEmpty && _dead.ContainsKey(credential.Id))
        {
            return new Exclusion(DateTimeOffset.MaxValue, ExclusionCause.Dead);
        }

        if (_marks.IsEmpty || !_marks.TryGetValue((endpoint.Id, credential?.Id ?? ""), out var mark))
        {
            return null;
        }

        var until = mark.Until;
        return until == long.MaxValue ? new Exclusion(DateTimeOffset.MaxValue, ExclusionCause.Dead)
            : until > Now() ? new Exclusion(new DateTimeOffset(until, TimeSpan.Zero), ExclusionCause.Cooldown)
            : null;
    }

    /// <inheritdoc/>
    public EndpointSpeed? Speed(ModelEndpoint endpoint) => null;

    /// <summary>
    /// Takes a new configuration over: marks of providers and credentials that did not change stay; what changed starts clean. Call it before
    /// the snapshot is used.
    /// </summary>
    public void Reload(ConfigSnapshot snapshot)
    {
        lock (_reload)
        {
            var before = _providers;
            var now = new Dictionary<string, ProviderSettings>(StringComparer.Ordinal);
            foreach (var provider in snapshot.Providers)
            {
                now[provider.Name] = provider;
            }

            _providers = now;
            foreach (var (name, old) in before)
            {
                if (!now.TryGetValue(name, out var changed) || changed.Kind != old.Kind || changed.BaseUrl != old.BaseUrl)
                {
                    Forget(key => IsOf(name, key.Endpoint));
                    ForgetDead(old, changed: null);
                }
                else
                {
                    Forget(key => IsOf(name, key.Endpoint) && key.Credential.Length > 0 && !Kept(old, changed, key.Credential));
                    ForgetDead(old, changed);
                }
            }
        }
    }

    private static bool IsOf(string provider, string endpoint) =>
        endpoint.Length > provider.Length && endpoint[provider.Length] == '/' && endpoint.StartsWith(provider, StringComparison.Ordinal);

    private static bool Kept(ProviderSettings old, ProviderSettings changed, string credential) =>
        SecretOf(old, credential) is { } secret && SecretOf(changed, credential) == secret;

    private static string? SecretOf(ProviderSettings provider, string credential)
    {
        foreach (var one in provider.Credentials)
        {
            if (one.Id == credential)
            {
                return one.Secret;
            }
        }

        return null;
    }

    private void ForgetDead(ProviderSettings old, ProviderSettings? changed)
    {
        foreach (var credential in old.Credentials)
        {
            if (changed is null || !Kept(old, changed, credential.Id))
            {
                _dead.TryRemove(credential.Id, out _);
            }
        }
    }

    private void Forget(Predicate<(string Endpoint, string Credential)> which)
    {
        foreach (var (key, _) in _marks)
        {
            if (which(key))
            {
                _marks.TryRemove(key, out _);
            }
        }
    }

    /// <summary>The credential's id now belongs to another secret: a call that began before a reload has ended.</summary>
    private bool IsReplaced(ModelEndpoint endpoint, Credential? credential) =>
        credential is not null
        && _providers.TryGetValue(endpoint.Provider, out var provider)
        && SecretOf(provider, credential.Id) is { } secret
        && secret != credential.Secret;

    private bool FailedSince(string endpoint, string credential, long oldest) =>
        _marks.TryGetValue((endpoint, credential), out var mark) && mark.FailedAt >= oldest;

    private Mark? Find(string endpoint, string credential)
    {
        if (_marks.TryGetValue((endpoint, credential), out var mark))
        {
            return mark;
        }

        // Marks only advise: a full board loses advice, never requests.
        if (_marks.Count >= MostMarks && !Sweep())
        {
            return null;
        }

        return _marks.GetOrAdd((endpoint, credential), static _ => new Mark());
    }

    /// <summary>Takes out what has aged; true when there is room then. At most once a second, or a flood of names would cost a sweep each.</summary>
    private bool Sweep()
    {
        var now = Now();
        var swept = Volatile.Read(ref _sweptAt);
        if (now - swept < TimeSpan.TicksPerSecond || Interlocked.CompareExchange(ref _sweptAt, now, swept) != swept)
        {
            return false;
        }

        var oldest = now - FailureAge.Ticks;
        foreach (var (key, mark) in _marks)
        {
            if (mark.FailedAt < oldest && mark.Until < now)
            {
                _marks.TryRemove(key, out _);
            }
        }

        return _marks.Count < MostMarks;
    }

    private long Now() => time.GetUtcNow().UtcTicks;

    /// <summary>UTC ticks; written and read without a lock, each field for itself.</summary>
    private sealed class Mark
    {
        private long _failedAt;
        private long _until;

        public long FailedAt
        {
            get => Volatile.Read(ref _failedAt);
            set => Volatile.Write(ref _failedAt, value);
        }

        public long Until
        {
            get => Volatile.Read(ref _until);
            set => Volatile.Write(ref _until, value);
        }

        public void Extend(long until)
        {
            var seen = Volatile.Read(ref _until);
            while (seen < until)
            {
                var was = Interlocked.CompareExchange(ref _until, until, seen);
                if (was == seen)
                {
                    return;
                }

                seen = was;
            }
        }
    }
}
