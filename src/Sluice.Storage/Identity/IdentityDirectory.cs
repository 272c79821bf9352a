using System.Security.Cryptography;
using Sluice.Core.Identity;

namespace Sluice.Storage.Identity;

/// <summary>What an administrator wants of a new key.</summary>
/// <param name="User">Made where it is missing.</param>
public sealed record NewKey(string User)
{
    /// <summary>Made where it is missing.</summary>
    public string? Team { get; init; }

    /// <summary>Made where it is missing.</summary>
    public string? Project { get; init; }

    /// <summary>For people.</summary>
    public string? Name { get; init; }

    /// <summary>Null is never.</summary>
    public DateTimeOffset? ExpiresAt { get; init; }

    /// <summary>Empty is all.</summary>
    public IReadOnlyList<string> AllowedModels { get; init; } = [];
}

/// <summary>A key whose secret was just made: the only moment at which it exists outside of its holder.</summary>
/// <param name="Key">As stored.</param>
/// <param name="Secret">To be shown once and not kept.</param>
public sealed record IssuedKey(KeyRecord Key, string Secret);

/// <summary>Creates and changes keys, users, teams and projects, and brings every change into the key ring before it returns.</summary>
/// <param name="store">Where they live.</param>
/// <param name="ring">What requests are checked against.</param>
/// <param name="time">Stamps changes.</param>
public sealed class IdentityDirectory(IIdentityStore store, KeyRing ring, TimeProvider time) : IDisposable
{
    // Two refreshes at once could swap the ring in the wrong order and bring a revoked key back.
    private readonly SemaphoreSlim _refreshing = new(1);

    /// <summary>Fills the key ring; to be called once before requests are taken.</summary>
    public async Task RefreshAsync(CancellationToken cancellation)
    {
        await _refreshing.WaitAsync(cancellation);
        try
        {
            ring.Replace(await store.ListKeysAsync(cancellation));
        }
        finally
        {
            _refreshing.Release();
        }
    }

    /// <summary>Makes the first client key where there is none yet, of user <c>admin</c>, and refreshes the ring. Of several nodes that start at once one makes it.</summary>
    /// <returns>Its secret; null when there are keys already.</returns>
    public async Task<string?> EnsureFirstKeyAsync(CancellationToken cancellation = default)
    {
        var secret = KeySecret.Create();
        var isMade = (await store.ListKeysAsync(cancellation)).Count == 0
            && await store.AddFirstKeyAsync(RecordOf(new NewKey("admin") { Name = "first key" }, secret), cancellation);
        await RefreshAsync(isMade ? CancellationToken.None : cancellation);
        return isMade ? secret : null;
    }

    /// <summary>Makes a key.</summary>
    public async Task<IssuedKey> CreateAsync(NewKey wanted, CancellationToken cancellation)
    {
        var secret = KeySecret.Create();
        var key = RecordOf(wanted, secret);
        await store.AddKeyAsync(key, cancellation);
        await RefreshAsync(CancellationToken.None);
        return new IssuedKey(key, secret);
    }

    /// <summary>Gives a key a new secret; the old one answers "revoked" from now on.</summary>
    /// <returns>Null when there is no such key, or it is revoked.</returns>
    public async Task<IssuedKey?> RotateAsync(string id, CancellationToken cancellation)
    {
        var secret = KeySecret.Create();
        if (!await store.RotateKeyAsync(id, KeySecret.Hash(secret), KeySecret.PrefixOf(secret), time.GetUtcNow(), cancellation))
        {
            return null;
        }

        await RefreshAsync(CancellationToken.None);
        var key = (await store.ListKeysAsync(CancellationToken.None)).Single(entry => entry.Id == id);
        return new IssuedKey(key, secret);
    }

    /// <summary>Revokes a key for good.</summary>
    /// <returns>False when there is no such key.</returns>
    public async Task<bool> RevokeAsync(string id, CancellationToken cancellation)
    {
        if (!await store.RevokeKeyAsync(id, time.GetUtcNow(), cancellation))
        {
            return false;
        }

        // The store has it: the ring must follow even if whoever asked has gone.
        await RefreshAsync(CancellationToken.None);
        return true;
    }

    /// <summary>All keys, oldest first.</summary>
    public Task<IReadOnlyList<KeyRecord>> ListKeysAsync(CancellationToken cancellation) => store.ListKeysAsync(cancellation);

    /// <summary>All of a kind, by name.</summary>
    public Task<IReadOnlyList<NamedIdentity>> ListAsync(IdentityKind kind, CancellationToken cancellation) => store.ListAsync(kind, cancellation);

    /// <summary>Adds one.</summary>
    /// <returns>False when it is there already.</returns>
    public Task<bool> AddAsync(IdentityKind kind, string name, CancellationToken cancellation) => store.AddAsync(kind, name, time.GetUtcNow(), cancellation);

    /// <inheritdoc/>
    public void Dispose() => _refreshing.Dispose();

    private KeyRecord RecordOf(NewKey wanted, string secret) => new()
    {
        Id = "key-" + RandomNumberGenerator.GetString("0123456789abcdefghijklmnopqrstuvwxyz", 12),
        Hash = KeySecret.Hash(secret),
        Prefix = KeySecret.PrefixOf(secret),
        Name = wanted.Name,
        User = wanted.User,
        Team = wanted.Team,
        Project = wanted.Project,
        AllowedModels = wanted.AllowedModels,
        CreatedAt = time.GetUtcNow(),
        ExpiresAt = wanted.ExpiresAt,
    };
}
