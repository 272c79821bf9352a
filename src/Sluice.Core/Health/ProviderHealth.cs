using Sluice.Core.Faults;
using Sluice.Protocols.Errors;

namespace Sluice.Core.Health;

/// <summary>
/// What concerns a provider as a whole: its host (a lower rank for everything behind it) and its credentials (dead, or cooling for every
/// model). Writes hold the lock; reads take none.
/// </summary>
internal sealed class ProviderHealth(string name)
{
    private readonly Lock _lock = new();
    private readonly Mark _host = new();

    // By credential id, "" for none; replaced, never changed, so that readers need no lock. As many as the configuration has.
    private volatile Dictionary<string, AccountHealth> _accounts = new(StringComparer.Ordinal);
    private long _troubleUntil;

    public string Name { get; } = name;

    /// <summary>Until when anything may stand against it; 0: nothing does, and nobody needs to look closer.</summary>
    public long TroubleUntil => Volatile.Read(ref _troubleUntil);

    /// <summary>When everything behind the host last failed.</summary>
    public long FailedAt => _host.FailedAt;

    public AccountHealth? Account(string credential) => _accounts.GetValueOrDefault(credential);

    /// <summary>Credentials that something was ever reported of.</summary>
    public IReadOnlyDictionary<string, AccountHealth> Accounts => _accounts;

    public void Succeeded(string credential, long now)
    {
        lock (_lock)
        {
            var account = Open(credential);
            account.Outcomes.AddSuccess(now);

            // Somebody answered: the host is up, and a refusal that a success contradicts was a glitch. A cooldown stays: the answer may have
            // begun before the limit was hit.
            if (_host.FailedAt != 0 || account.Mark.IsDead)
            {
                _host.FailedAt = 0;
                account.Mark.Until = account.Mark.IsDead ? 0 : account.Mark.Until;
                Recompute();
            }
        }
    }

    public void Failed(string credential, UpstreamFault fault, FaultScope scope, long now)
    {
        lock (_lock)
        {
            var account = Open(credential);
            account.Outcomes.AddFailure(now, fault.Kind, fault.ConcernsCredential);
            if (scope == FaultScope.Credential)
            {
                account.Words = LastWords.Of(Name, fault, now);
            }

            switch (scope)
            {
                case FaultScope.Credential when fault.CredentialIsDead:
                    account.Mark.Until = long.MaxValue;
                    account.DeadBy = fault.Kind;
                    break;
                case FaultScope.Credential:
                    account.Mark.FailedAt = now;
                    account.Mark.Extend(HealthBoard.CooledUntil(fault.RetryAfter, now));
                    break;
                case FaultScope.Provider:
                    _host.FailedAt = now;
                    break;
                default:
                    return;
            }

            Recompute();
        }
    }

    /// <summary>The credential's secret changed, or it is gone.</summary>
    public void Forget(string credential)
    {
        lock (_lock)
        {
            if (_accounts.ContainsKey(credential))
            {
                var accounts = new Dictionary<string, AccountHealth>(_accounts, StringComparer.Ordinal);
                accounts.Remove(credential);
                _accounts = accounts;
                Recompute();
            }
        }
    }

    /// <summary>Stands as it stood before a restart.</summary>
    public void Restore(string credential, long until, ErrorKind? deadBy)
    {
        lock (_lock)
        {
            var account = Open(credential);
            account.Mark.Extend(until);
            account.DeadBy = deadBy;
            Recompute();
        }
    }

    public OutcomeCounts Count(string credential, HealthWindow window, long now)
    {
        lock (_lock)
        {
            return Account(credential)?.Outcomes.Count(window, now) ?? default;
        }
    }

    /// <summary>Nothing counts any more: readers need not look closer until something is reported.</summary>
    public void Calm(long now)
    {
        var seen = TroubleUntil;
        if (seen != 0 && seen < now)
        {
            Interlocked.CompareExchange(ref _troubleUntil, 0, seen);
        }
    }

    private AccountHealth Open(string credential)
    {
        if (_accounts.TryGetValue(credential, out var known))
        {
            return known;
        }

        var account = new AccountHealth();
        _accounts = new Dictionary<string, AccountHealth>(_accounts, StringComparer.Ordinal) { [credential] = account };
        return account;
    }

    private void Recompute()
    {
        var until = _host.EndsAt;
        foreach (var account in _accounts.Values)
        {
            until = Math.Max(until, account.Mark.EndsAt);
        }

        Volatile.Write(ref _troubleUntil, until);
    }
}

/// <summary>One credential for every model. Guarded by its provider's lock.</summary>
internal sealed class AccountHealth
{
    public Mark Mark { get; } = new();

    public OutcomeWindows Outcomes { get; } = new();

    /// <summary>What its provider said when it last refused or limited it.</summary>
    public LastWords? Words { get; set; }

    /// <summary>What it is dead by.</summary>
    public ErrorKind? DeadBy { get; set; }
}
