namespace Sluice.Core.Identity;

/// <summary>Who sends a request, as the key says.</summary>
/// <param name="KeyId">Safe to show.</param>
/// <param name="User">The developer.</param>
/// <param name="Team">Null where the key has none.</param>
/// <param name="Project">What the money is spent on; null where the key has none.</param>
public sealed record Caller(string KeyId, string User, string? Team, string? Project)
{
    /// <summary>Models the key may use, as the administrator wrote them; empty is all.</summary>
    public IReadOnlyList<string> AllowedModels { get; init; } = [];
}

/// <summary>What a presented key turned out to be.</summary>
public enum KeyState
{
    /// <summary>Good.</summary>
    Valid,

    /// <summary>Nobody knows it.</summary>
    Unknown,

    /// <summary>Was good once; the holder is told so (403).</summary>
    Revoked,

    /// <summary>Past its day.</summary>
    Expired,
}

/// <summary>The result of looking a key up.</summary>
/// <param name="State">What it is.</param>
/// <param name="Caller">Set for <see cref="KeyState.Valid"/>.</param>
public readonly record struct KeyLookup(KeyState State, Caller? Caller);

/// <summary>All client keys, in memory, by hash.</summary>
public interface IKeyRing
{
    /// <summary>Looks a presented key up; costs one hash and one dictionary probe. Never throws.</summary>
    KeyLookup Find(ReadOnlySpan<char> presented);

    /// <summary>True when <paramref name="presented"/> is the admin key; constant time.</summary>
    bool IsAdmin(ReadOnlySpan<char> presented);
}
