using Sluice.Core.Admission.Limits;

namespace Sluice.Core.Admission;

/// <summary>Limits that people set while Sluice runs, at rest.</summary>
public interface ILimitStore
{
    /// <summary>All, by scope.</summary>
    Task<IReadOnlyList<StoredLimit>> ListAsync(CancellationToken cancellation);

    /// <summary>Sets all limits of a scope, in the place of what it had.</summary>
    Task SetAsync(StoredLimit limit, CancellationToken cancellation);

    /// <summary>Takes all limits of a scope away.</summary>
    /// <returns>False when it had none.</returns>
    Task<bool> RemoveAsync(LimitScope scope, CancellationToken cancellation);
}

/// <summary>The limits of one scope.</summary>
/// <param name="Scope">Whose.</param>
/// <param name="Limits">Not none.</param>
/// <param name="ChangedAt">UTC.</param>
public sealed record StoredLimit(LimitScope Scope, LimitSet Limits, DateTimeOffset ChangedAt);
