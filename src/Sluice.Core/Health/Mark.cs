namespace Sluice.Core.Health;

/// <summary>What one thing (endpoint, credential, provider) has against it. UTC ticks; written under the owner's lock, read without.</summary>
internal sealed class Mark
{
    private long _failedAt;
    private long _until;

    /// <summary>The last failure that lowers the rank; 0 for none.</summary>
    public long FailedAt
    {
        get => Volatile.Read(ref _failedAt);
        set => Volatile.Write(ref _failedAt, value);
    }

    /// <summary>End of the cooldown; <see cref="long.MaxValue"/> for dead.</summary>
    public long Until
    {
        get => Volatile.Read(ref _until);
        set => Volatile.Write(ref _until, value);
    }

    public bool IsDead => Until == long.MaxValue;

    /// <summary>When nothing of it counts any more.</summary>
    public long EndsAt => Math.Max(Until, FailedAt == 0 ? 0 : FailedAt + HealthBoard.FailureAge.Ticks);

    /// <summary>Never shortened: of several calls in flight the last to fail may bring the smallest hint.</summary>
    public void Extend(long until)
    {
        if (until > Until)
        {
            Until = until;
        }
    }
}
