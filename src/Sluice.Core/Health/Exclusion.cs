namespace Sluice.Core.Health;

/// <summary>Why a credential is not asked for now.</summary>
public enum ExclusionCause
{
    /// <summary>The upstream asked to be left alone for a while.</summary>
    Cooldown,

    /// <summary>It failed too often lately: its circuit is open until a probe succeeds.</summary>
    Circuit,

    /// <summary>The upstream refused it; it stays out until its configuration changes.</summary>
    Dead,
}

/// <summary>A credential that is left out for now.</summary>
/// <param name="Until">When it may be asked again; <see cref="DateTimeOffset.MaxValue"/> for a dead one.</param>
/// <param name="Cause">Why.</param>
public readonly record struct Exclusion(DateTimeOffset Until, ExclusionCause Cause)
{
    // Ticks, and 0 for none: plans ask for two hundred of these, and what is returned by value is copied.
    private readonly long _askableFrom;

    /// <summary>
    /// For <see cref="ExclusionCause.Circuit"/>: when it may be asked all the same if nobody else is left, so that a circuit that has grown
    /// long is no worse than asking. Null for the other causes.
    /// </summary>
    public DateTimeOffset? AskableFrom
    {
        get => _askableFrom == 0 ? null : new DateTimeOffset(_askableFrom, TimeSpan.Zero);
        init => _askableFrom = value?.UtcTicks ?? 0;
    }

    /// <summary>Another request's probe is on its way: whoever has nobody else to ask may wait for what comes of it.</summary>
    public bool IsProbed { get; init; }

    /// <summary>When somebody with nobody else to ask may come back.</summary>
    public DateTimeOffset FreeFrom => AskableFrom is { } from && from < Until ? from : Until;
}
