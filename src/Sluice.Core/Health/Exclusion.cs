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
public readonly record struct Exclusion(DateTimeOffset Until, ExclusionCause Cause);
