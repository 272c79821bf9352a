using System.Collections.Frozen;
using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace Sluice.Core.Identity;

/// <summary>All client keys and the admin key in memory. Reads take no lock; a change swaps the whole table.</summary>
/// <param name="time">Decides what has expired.</param>
public sealed class KeyRing(TimeProvider time) : IKeyRing
{
    private volatile FrozenDictionary<KeyHash, Entry> _entries = FrozenDictionary<KeyHash, Entry>.Empty;
    private volatile byte[]? _adminHash;

    /// <summary>Replaces all client keys; requests that run keep what they found.</summary>
    public void Replace(IEnumerable<KeyRecord> keys)
    {
        var entries = new Dictionary<KeyHash, Entry>();
        foreach (var key in keys)
        {
            var caller = new Caller(key.Id, key.User, key.Team, key.Project) { AllowedModels = key.AllowedModels };
            entries[KeyHash.Read(key.Hash)] = new Entry(caller, key.ExpiresAt, key.RevokedAt is not null, key.Hash);
            foreach (var retired in key.RetiredHashes)
            {
                entries[KeyHash.Read(retired)] = new Entry(caller, null, IsRevoked: true, retired);
            }
        }

        _entries = entries.ToFrozenDictionary();
    }

    /// <summary>Sets the admin key; null or empty: nobody is an administrator.</summary>
    public void SetAdminKey(string? secret) => _adminHash = string.IsNullOrEmpty(secret) ? null : KeySecret.Hash(secret);

    /// <inheritdoc/>
    public KeyLookup Find(ReadOnlySpan<char> presented)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        if (!KeySecret.TryHash(presented, hash)
            || !_entries.TryGetValue(KeyHash.Read(hash), out var entry)
            || !CryptographicOperations.FixedTimeEquals(hash, entry.Hash))
        {
            return new KeyLookup(KeyState.Unknown, null);
        }

        if (entry.IsRevoked)
        {
            return new KeyLookup(KeyState.Revoked, null);
        }

        return entry.ExpiresAt is { } expiry && time.GetUtcNow() >= expiry
            ? new KeyLookup(KeyState.Expired, null)
            : new KeyLookup(KeyState.Valid, entry.Caller);
    }

    /// <inheritdoc/>
    public bool IsAdmin(ReadOnlySpan<char> presented)
    {
        // Hashes are compared, not texts: equal length whatever was presented, so the time says nothing about the key.
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        return _adminHash is { } admin && KeySecret.TryHash(presented, hash) && CryptographicOperations.FixedTimeEquals(hash, admin);
    }

    private sealed record Entry(Caller Caller, DateTimeOffset? ExpiresAt, bool IsRevoked, byte[] Hash);

    /// <summary>A hash as a dictionary key without an array. Its bytes are uniformly spread, so any 32 bits of it are a good hash code.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private readonly record struct KeyHash(ulong A, ulong B, ulong C, ulong D)
    {
        public static KeyHash Read(ReadOnlySpan<byte> hash) => MemoryMarshal.Read<KeyHash>(hash);

        public override int GetHashCode() => (int)A;
    }
}
