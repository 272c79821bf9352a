using Sluice.Core.Admission.Leases;
using Sluice.Core.Admission.Limits;
using Sluice.Core.Configuration;

namespace Sluice.Core.Admission;

/// <summary>Which limits are in force, from the file and from the store, and the one gate that all requests pass.</summary>
/// <remarks>Lock rule: <see cref="_lock"/> guards the table of scopes; it is never taken inside the gate's own.</remarks>
/// <param name="time">The clock.</param>
/// <param name="leases">Where several nodes share the limits; null: they are this node's alone.</param>
public sealed class AdmissionControl(TimeProvider time, LeaseKeeper? leases = null)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<LimitScope, Allowance> _scopes = [];
    private Dictionary<string, LimitSet> _providers = new(StringComparer.Ordinal);
    private IReadOnlyDictionary<LimitScope, LimitSet> _stored = new Dictionary<LimitScope, LimitSet>();
    private volatile bool _limitsCallers;
    private volatile bool _limitsProviders;

    /// <summary>Where requests are let in.</summary>
    public AdmissionGate Gate { get; } = new(time, leases);

    /// <summary>How this node stands with the others; null where it is alone.</summary>
    public LeaseStanding? Leases => leases?.Standing;

    /// <summary>What the file says.</summary>
    public AdmissionSettings Settings { get; private set; } = new();

    /// <summary>Some limit is in force. Without any, nothing of this costs anything.</summary>
    public bool IsOn => _limitsCallers || _limitsProviders;

    /// <summary>How much output requests usually bring.</summary>
    public ExpectedOutput Output { get; } = new();

    /// <summary>Takes the file's limits.</summary>
    public void Reload(ConfigSnapshot snapshot)
    {
        lock (_lock)
        {
            Settings = snapshot.Admission;
            Gate.MostWaiting = Settings.MaxWaiting;
            _providers = snapshot.Providers.Where(provider => !provider.Limits.IsNone).ToDictionary(provider => provider.Name, provider => provider.Limits, StringComparer.Ordinal);
            Apply();
        }
    }

    /// <summary>Takes the store's limits, all of them.</summary>
    public void Replace(IReadOnlyDictionary<LimitScope, LimitSet> stored)
    {
        lock (_lock)
        {
            _stored = stored;
            Apply();
        }
    }

    /// <summary>The way in for a caller; null where nothing limits it.</summary>
    public Way? WayOf(CallerScopes caller)
    {
        if (!_limitsCallers)
        {
            return null;
        }

        lock (_lock)
        {
            Allowance[] all = [.. caller.All().Select(Find).OfType<Allowance>()];
            return all.Length == 0 ? null : new Way(all);
        }
    }

    /// <summary>The way to a provider; null where nothing limits it.</summary>
    public Way? WayTo(string provider)
    {
        if (!_limitsProviders)
        {
            return null;
        }

        lock (_lock)
        {
            return Find(new LimitScope(ScopeKind.Provider, provider)) is { } allowance ? new Way([allowance]) : null;
        }
    }

    /// <summary>How a provider stands; null where nothing limits it.</summary>
    public ScopeUse? ReadProvider(string provider) => WayTo(provider) is { All: [var allowance] } ? Gate.Read(allowance) : null;

    /// <summary>How each limit of a caller stands; empty where nothing limits it.</summary>
    public IReadOnlyList<LimitUse> Read(CallerScopes caller) => WayOf(caller) is { } way ? Gate.Read(way) : [];

    /// <summary>Who waits now, the longest first.</summary>
    public IReadOnlyList<WaitingRequest> ReadWaiting() => Gate.ReadWaiting();

    /// <summary>How the scopes stand that were used since the start.</summary>
    public IReadOnlyList<ScopeUse> Read()
    {
        lock (_lock)
        {
            return [.. _scopes.Values.Select(Gate.Read)];
        }
    }

    private void Apply()
    {
        _limitsCallers = _stored.Count > 0 || !Settings.DefaultKey.IsNone || !Settings.Free.IsNone;
        _limitsProviders = _providers.Count > 0;
        foreach (var (scope, allowance) in _scopes)
        {
            var limits = LimitsOf(scope);
            Gate.Change(allowance, limits, Settings.InteractiveWeight);
            if (limits.IsNone && Gate.IsIdle(allowance))
            {
                _scopes.Remove(scope);
                allowance.Dispose();
            }
        }
    }

    // Made when first asked for: there are as many as keys, users, teams, projects and providers with limits, and people make those.
    private Allowance? Find(LimitScope scope)
    {
        if (_scopes.TryGetValue(scope, out var known))
        {
            return known.Limits.IsNone ? null : known;
        }

        var limits = LimitsOf(scope);
        if (limits.IsNone)
        {
            return null;
        }

        var made = Gate.Open(scope);
        Gate.Change(made, limits, Settings.InteractiveWeight);
        _scopes.Add(scope, made);
        return made;
    }

    private LimitSet LimitsOf(LimitScope scope) => _stored.TryGetValue(scope, out var stored)
        ? stored
        : scope.Kind switch
        {
            ScopeKind.Key => Settings.DefaultKey,
            ScopeKind.Free => Settings.Free,
            ScopeKind.Provider => _providers.GetValueOrDefault(scope.Name, LimitSet.None),
            _ => LimitSet.None,
        };
}
