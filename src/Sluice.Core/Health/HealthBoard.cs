using System.Collections.Concurrent;
using Sluice.Core.Catalogue;
using Sluice.Core.Configuration;
using Sluice.Core.Faults;

namespace Sluice.Core.Health;

/// <summary>
/// Health in memory: a place for each endpoint and each provider. Failures age (30 s), cooldowns end by the clock (at most 5 minutes after
/// their last hint), dead credentials by a changed configuration or a success, open circuits by a probe's success. Reads take no lock.
/// </summary>
public sealed class HealthBoard(TimeProvider time) : IHealth
{
    /// <summary>How long a failure lowers the rank.</summary>
    public static readonly TimeSpan FailureAge = TimeSpan.FromSeconds(30);

    /// <summary>The longest cooldown that one hint can cause; upstreams have asked for days.</summary>
    public static readonly TimeSpan LongestCooldown = TimeSpan.FromMinutes(5);

    // Clients can name upstream models freely (provider/anything); those that the configuration does not list are bounded by number. One
    // with everything measured holds about 6 KB.
    private const int MostUnlisted = 4_000;

    private readonly ConcurrentDictionary<string, EndpointHealth> _endpoints = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, ProviderHealth> _health = new(StringComparer.Ordinal);
    private readonly Lock _reload = new();
    private long _sweptAt;
    private long _version;
    private volatile HashSet<string> _listed = new(StringComparer.Ordinal);
    private volatile Dictionary<string, ProviderSettings> _providers = new(StringComparer.Ordinal);
    private volatile BreakerSettings _breaker = new();

    /// <summary>Changes with everything that a restart must not forget.</summary>
    public long Version => Volatile.Read(ref _version);

    /// <summary>Endpoints held now.</summary>
    internal int Count => _endpoints.Count;

    internal BreakerSettings Breaker => _breaker;

    /// <inheritdoc/>
    public void Succeeded(ModelEndpoint endpoint, Credential? credential, AttemptSpeed speed = default, Probe? probe = null)
    {
        if (IsReplaced(endpoint, credential))
        {
            return;
        }

        var now = Now();
        var place = Of(endpoint);
        var id = credential?.Id ?? "";
        var wasDead = !place.IsCalm && place.Excluded(credential, now) is { Cause: ExclusionCause.Dead };
        place.Succeeded(id, speed, now, probe);
        place.Provider.Succeeded(id, now);
        if (wasDead)
        {
            Changed();
        }
    }

    /// <inheritdoc/>
    public void Failed(ModelEndpoint endpoint, Credential? credential, UpstreamFault fault, Probe? probe = null)
    {
        // What the request caused says nothing about the provider. What an old key did says nothing about its successor of the same id.
        var scope = FaultScopes.Of(fault, endpoint.UpstreamModel);
        if (scope == FaultScope.Request || IsReplaced(endpoint, credential))
        {
            return;
        }

        if (credential is null && scope is (FaultScope.Credential or FaultScope.Model))
        {
            // Nothing that could be replaced or topped up: what is refused without a key is refused for this model.
            (scope, fault) = (FaultScope.Model, fault with { CredentialIsDead = false });
        }

        var now = Now();
        var place = Of(endpoint);
        var id = credential?.Id ?? "";
        place.Provider.Failed(id, fault, scope, now);
        if (place.Failed(id, fault, scope, now, probe))
        {
            Changed();
        }
    }

    /// <inheritdoc/>
    public bool TryEnter(ModelEndpoint endpoint, Credential? credential, bool mayProbe, out Probe? probe)
    {
        probe = null;
        return Find(endpoint) is not { } place || place.TryEnter(credential, mayProbe, out probe);
    }

    /// <inheritdoc/>
    public Task<bool> ProbeHeardAsync(ModelEndpoint endpoint, Credential? credential, TimeSpan longest, CancellationToken cancellation) =>
        Find(endpoint)?.ProbeHeardAsync(credential, longest, cancellation) ?? Task.FromResult(false);

    /// <inheritdoc/>
    public bool IsCalm(ModelEndpoint endpoint) => Find(endpoint) is not { IsCalm: false };

    /// <inheritdoc/>
    public bool FailedRecently(ModelEndpoint endpoint) => Find(endpoint)?.FailedRecently() == true;

    /// <inheritdoc/>
    public bool FailedRecently(ModelEndpoint endpoint, Credential? credential) => Find(endpoint)?.FailedRecently(credential) == true;

    /// <inheritdoc/>
    public Exclusion? Excluded(ModelEndpoint endpoint, Credential? credential) => Find(endpoint)?.Excluded(credential);

    /// <inheritdoc/>
    public LastWords? WordsFor(ModelEndpoint endpoint, Credential? credential) => Find(endpoint)?.WordsFor(credential);

    /// <inheritdoc/>
    public EndpointSpeed? Speed(ModelEndpoint endpoint) => Find(endpoint)?.Speed();

    /// <inheritdoc/>
    public void CalledTools(ModelEndpoint endpoint, ToolCallOutcome outcome) => Of(endpoint).ToolCalls.Add(outcome, Now());

    /// <inheritdoc/>
    public EndpointToolUse ToolUse(ModelEndpoint endpoint)
    {
        if (Find(endpoint) is not { } place)
        {
            return default;
        }

        var asked = place.Count(HealthWindow.HalfHour);
        return new EndpointToolUse(asked.Succeeded + asked.Failed + asked.Limited, place.ToolCalls.Count(Now()));
    }

    /// <inheritdoc/>
    public EndpointHealth Of(ModelEndpoint endpoint)
    {
        if (Kept(endpoint) is { } kept)
        {
            return kept;
        }

        if (_endpoints.TryGetValue(endpoint.Id, out var known))
        {
            endpoint.Health.Value = known;
            return known;
        }

        // It only advises: a full board loses advice, never requests. The new place then is nobody's but the caller's.
        var place = new EndpointHealth(this, Provider(endpoint.Provider), endpoint);
        if (!_listed.Contains(endpoint.Id) && _endpoints.Count - _listed.Count >= MostUnlisted && !Sweep())
        {
            place.Retire();
            return place;
        }

        return endpoint.Health.Value = _endpoints.GetOrAdd(endpoint.Id, place);
    }

    /// <summary>
    /// Takes a new configuration over: marks of providers and credentials that did not change stay; what changed starts clean. Call it before
    /// the snapshot is used.
    /// </summary>
    public void Reload(ConfigSnapshot snapshot)
    {
        lock (_reload)
        {
            _breaker = snapshot.Breaker;
            var before = _providers;
            var now = new Dictionary<string, ProviderSettings>(StringComparer.Ordinal);
            foreach (var provider in snapshot.Providers)
            {
                now[provider.Name] = provider;
            }

            _providers = now;
            foreach (var (name, old) in before)
            {
                var changed = now.GetValueOrDefault(name);
                if (changed is null || changed.Kind != old.Kind || changed.BaseUrl != old.BaseUrl)
                {
                    Forget(name);
                }
                else
                {
                    Forget(name, credential => credential.Length > 0 && !IsKept(old, changed, credential));
                }
            }

            List(snapshot);
            Changed();
        }
    }

    /// <summary>What a restart must not forget, as it stands now.</summary>
    /// <param name="salt">Key of the hashes.</param>
    public SavedHealth Save(byte[] salt)
    {
        var now = Now();
        var marks = new List<SavedMark>();
        foreach (var place in _endpoints.Values)
        {
            if (!place.IsCalm)
            {
                place.Save(marks, now);
            }
        }

        var accounts = new List<SavedAccount>();
        foreach (var provider in _health.Values)
        {
            foreach (var (id, account) in provider.Accounts)
            {
                if (account.Mark.Until > now)
                {
                    accounts.Add(new SavedAccount(provider.Name, id, account.Mark.Until, account.Mark.IsDead ? account.DeadBy : null));
                }
            }
        }

        return new SavedHealth
        {
            Salt = salt,
            Endpoints = marks,
            Credentials = accounts,
            Providers = [.. _providers.Values.Select(provider => SecretHash.Describe(provider, salt))],
        };
    }

    /// <summary>
    /// Takes over what is still true of it: of providers at the same address, of credentials with the same secret, deadlines not yet past.
    /// Call it after <see cref="Reload"/> and before the first request.
    /// </summary>
    public void Restore(SavedHealth saved)
    {
        var now = Now();
        var same = new Dictionary<string, SavedProvider>(StringComparer.Ordinal);
        foreach (var provider in saved.Providers)
        {
            if (_providers.TryGetValue(provider.Name, out var settings) && SecretHash.Place(settings) == provider.Place)
            {
                same[provider.Name] = provider;
            }
        }

        foreach (var account in saved.Credentials)
        {
            if (IsSame(same, account.Provider, account.Credential, saved.Salt) && Bounded(account.Until, now) is { } until
                && (until != long.MaxValue || account.DeadBy != Protocols.Errors.ErrorKind.Credits))
            {
                // An account that was empty may have been topped up since: nothing here would tell, so it is asked again.
                Provider(account.Provider).Restore(account.Credential, until, account.DeadBy);
            }
        }

        foreach (var mark in saved.Endpoints)
        {
            // Only listed endpoints: what clients invented is not worth its place.
            if (_endpoints.TryGetValue(mark.Endpoint, out var place) && same.ContainsKey(place.Provider.Name)
                && (mark.Credential is null || IsSame(same, place.Provider.Name, mark.Credential, saved.Salt)))
            {
                var longest = now + Math.Max(_breaker.MaxOpen.Ticks, _breaker.Open.Ticks);
                place.Restore(mark with
                {
                    Until = Bounded(mark.Until, now) ?? 0,
                    OpenUntil = Math.Min(mark.OpenUntil, longest),
                    AskableFrom = Math.Min(mark.AskableFrom, longest),
                });
            }
        }
    }

    /// <summary>How the credential stands for every model of the provider.</summary>
    /// <param name="provider">Slug.</param>
    /// <param name="credential">Null for none.</param>
    public CredentialStanding Standing(string provider, Credential? credential)
    {
        var now = Now();
        var id = credential?.Id ?? "";
        var mark = Provider(provider).Account(id)?.Mark;
        Exclusion? excluded = mark is null || mark.Until <= now ? null
            : mark.IsDead ? new Exclusion(DateTimeOffset.MaxValue, ExclusionCause.Dead)
            : new Exclusion(new DateTimeOffset(mark.Until, TimeSpan.Zero), ExclusionCause.Cooldown);
        return new CredentialStanding(id, excluded, Provider(provider).Count(id, HealthWindow.FiveMinutes, now), Provider(provider).Count(id, HealthWindow.Day, now));
    }

    internal void Changed() => Interlocked.Increment(ref _version);

    internal TimeProvider Time => time;

    internal long Now() => time.GetUtcNow().UtcTicks;

    /// <summary>UTC ticks until which a hint asks to be left alone; 0 without one.</summary>
    internal static long CooledUntil(TimeSpan? hint, long now) =>
        hint is { } wait && wait > TimeSpan.Zero ? now + Math.Min(wait.Ticks, LongestCooldown.Ticks) : 0;

    private static bool IsKept(ProviderSettings old, ProviderSettings changed, string credential) =>
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

    // A clock that was set back, or a file that was meddled with, must not keep anybody out for longer than a hint could.
    private static long? Bounded(long until, long now) =>
        until == long.MaxValue ? until : until <= now ? null : Math.Min(until, now + LongestCooldown.Ticks);

    private bool IsSame(Dictionary<string, SavedProvider> same, string provider, string credential, byte[] salt) =>
        same.TryGetValue(provider, out var saved)
        && (credential.Length == 0
            || (SecretOf(_providers[provider], credential) is { } secret && saved.Secrets.GetValueOrDefault(credential) == SecretHash.Of(secret, salt)));

    private void List(ConfigSnapshot snapshot)
    {
        var listed = new HashSet<string>(StringComparer.Ordinal);
        var endpoints = snapshot.Catalogue.Servable.SelectMany(model => model.Endpoints).SelectMany(endpoint => endpoint.Tiers.Prepend(endpoint)).ToList();
        foreach (var endpoint in endpoints)
        {
            listed.Add(endpoint.Id);
        }

        _listed = listed;
        foreach (var endpoint in endpoints)
        {
            Of(endpoint);
        }
    }

    private EndpointHealth? Kept(ModelEndpoint endpoint) =>
        endpoint.Health.Value is { } kept && ReferenceEquals(kept.Board, this) && !kept.IsRetired ? kept : null;

    private EndpointHealth? Find(ModelEndpoint endpoint)
    {
        if (Kept(endpoint) is { } kept)
        {
            return kept;
        }

        if (_endpoints.TryGetValue(endpoint.Id, out var known))
        {
            endpoint.Health.Value = known;
            return known;
        }

        // Nothing has been reported of it. Its provider may have something against it all the same.
        return _health.TryGetValue(endpoint.Provider, out var provider) && provider.TroubleUntil != 0 ? Of(endpoint) : null;
    }

    // As many as the configuration has ever named.
    private ProviderHealth Provider(string name) =>
        _health.TryGetValue(name, out var known) ? known : _health.GetOrAdd(name, static key => new ProviderHealth(key));

    private void Forget(string provider)
    {
        _health.TryRemove(provider, out _);
        foreach (var (id, place) in _endpoints)
        {
            if (place.Provider.Name == provider)
            {
                Remove(id, place);
            }
        }
    }

    private void Forget(string provider, Predicate<string> credential)
    {
        foreach (var place in _endpoints.Values)
        {
            if (place.Provider.Name == provider)
            {
                place.Forget(credential);
            }
        }

        var health = Provider(provider);
        foreach (var id in health.Accounts.Keys)
        {
            if (credential(id))
            {
                health.Forget(id);
            }
        }
    }

    private void Remove(string id, EndpointHealth place)
    {
        if (_endpoints.TryRemove(new KeyValuePair<string, EndpointHealth>(id, place)))
        {
            place.Retire();
        }
    }

    /// <summary>The credential's id now belongs to another secret: a call that began before a reload has ended.</summary>
    private bool IsReplaced(ModelEndpoint endpoint, Credential? credential) =>
        credential is not null
        && _providers.TryGetValue(endpoint.Provider, out var provider)
        && SecretOf(provider, credential.Id) is { } secret
        && secret != credential.Secret;

    /// <summary>Takes out what nobody listed and nothing stands against; true when there is room then. At most once a second, or a flood of names would cost a sweep each.</summary>
    private bool Sweep()
    {
        var now = Now();
        var swept = Volatile.Read(ref _sweptAt);
        if (now - swept < TimeSpan.TicksPerSecond || Interlocked.CompareExchange(ref _sweptAt, now, swept) != swept)
        {
            return false;
        }

        var listed = _listed;
        foreach (var (id, place) in _endpoints)
        {
            if (!listed.Contains(id) && !place.IsTroubledAt(now))
            {
                Remove(id, place);
            }
        }

        return _endpoints.Count - listed.Count < MostUnlisted;
    }
}

/// <summary>How a credential stands for every model of its provider.</summary>
/// <param name="Id">Safe to show; "" for no credential.</param>
/// <param name="Excluded">Null while it is used.</param>
/// <param name="FiveMinutes">Its attempts.</param>
/// <param name="Day">Its attempts.</param>
public sealed record CredentialStanding(string Id, Exclusion? Excluded, OutcomeCounts FiveMinutes, OutcomeCounts Day);
