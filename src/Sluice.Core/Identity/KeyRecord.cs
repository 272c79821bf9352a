namespace Sluice.Core.Identity;

/// <summary>A client key as the store keeps it: never the secret itself.</summary>
public sealed record KeyRecord
{
    /// <summary>Safe to show: <c>key-…</c>.</summary>
    public required string Id { get; init; }

    /// <summary>See <see cref="KeySecret.Hash"/>; 32 bytes.</summary>
    public required byte[] Hash { get; init; }

    /// <summary>The secret's first characters, for people to recognise it by.</summary>
    public required string Prefix { get; init; }

    /// <summary>What the administrator calls it.</summary>
    public string? Name { get; init; }

    /// <summary>The developer.</summary>
    public required string User { get; init; }

    /// <summary>Null without a team.</summary>
    public string? Team { get; init; }

    /// <summary>Null without a project.</summary>
    public string? Project { get; init; }

    /// <summary>As written; empty is all.</summary>
    public IReadOnlyList<string> AllowedModels { get; init; } = [];

    /// <summary>UTC.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>From then on it is expired; null is never.</summary>
    public DateTimeOffset? ExpiresAt { get; init; }

    /// <summary>Since when it is revoked.</summary>
    public DateTimeOffset? RevokedAt { get; init; }

    /// <summary>Hashes of earlier secrets, replaced by rotation. Kept so that their holders learn that the key was withdrawn.</summary>
    public IReadOnlyList<byte[]> RetiredHashes { get; init; } = [];
}

/// <summary>What can be named and given to a key.</summary>
public enum IdentityKind
{
    /// <summary>A developer.</summary>
    User,

    /// <summary>Several developers.</summary>
    Team,

    /// <summary>What money is spent on.</summary>
    Project,
}

/// <summary>A user, team or project.</summary>
/// <param name="Name">Unique within its kind.</param>
/// <param name="CreatedAt">UTC.</param>
public sealed record NamedIdentity(string Name, DateTimeOffset CreatedAt);

/// <summary>Keys, users, teams and projects at rest.</summary>
public interface IIdentityStore
{
    /// <summary>All keys, oldest first, revoked and expired ones too.</summary>
    Task<IReadOnlyList<KeyRecord>> ListKeysAsync(CancellationToken cancellation);

    /// <summary>Adds a key and, in the same transaction, its user, team and project where they are missing.</summary>
    Task AddKeyAsync(KeyRecord key, CancellationToken cancellation);

    /// <summary>The same where there is no key at all yet; of several who do that at once, on whatever machine, one succeeds.</summary>
    /// <returns>False when there is a key already: nothing has changed then.</returns>
    Task<bool> AddFirstKeyAsync(KeyRecord key, CancellationToken cancellation);

    /// <summary>Gives a key a new secret and retires the old one.</summary>
    /// <returns>False when there is no such key, or it is revoked.</returns>
    Task<bool> RotateKeyAsync(string id, byte[] hash, string prefix, DateTimeOffset at, CancellationToken cancellation);

    /// <summary>Revokes a key for good; revoking twice keeps the first time.</summary>
    /// <returns>False when there is no such key.</returns>
    Task<bool> RevokeKeyAsync(string id, DateTimeOffset at, CancellationToken cancellation);

    /// <summary>All of a kind, by name.</summary>
    Task<IReadOnlyList<NamedIdentity>> ListAsync(IdentityKind kind, CancellationToken cancellation);

    /// <summary>Adds one.</summary>
    /// <returns>False when it is there already.</returns>
    Task<bool> AddAsync(IdentityKind kind, string name, DateTimeOffset at, CancellationToken cancellation);
}
