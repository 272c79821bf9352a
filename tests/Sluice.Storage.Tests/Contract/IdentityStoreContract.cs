using Sluice.Core.Identity;
using Xunit;

namespace Sluice.Storage.Tests.Contract;

/// <summary>What every store of keys must do. A store's tests derive from this and say how to open an empty one.</summary>
public abstract class IdentityStoreContract
{
    private static readonly CancellationToken None = CancellationToken.None;

    private protected abstract Task<OpenedStore<IIdentityStore>> OpenEmptyAsync();

    [Fact]
    public async Task Keys_AddRotateRevoke_KeepTheirStates()
    {
        await using var opened = await OpenEmptyAsync();
        var store = opened.Store;
        var key = Key("key-1", 1) with { Team = "core", AllowedModels = ["a/b", "c/*"], ExpiresAt = Records.Noon.AddDays(30) };
        await store.AddKeyAsync(key, None);

        Assert.True(await store.RotateKeyAsync("key-1", Hash(2), "sk-sluice-cd", Records.Noon.AddDays(1), None));
        Assert.False(await store.RotateKeyAsync("key-2", Hash(2), "sk-sluice-cd", Records.Noon, None));
        Assert.True(await store.RevokeKeyAsync("key-1", Records.Noon.AddDays(2), None));
        Assert.True(await store.RevokeKeyAsync("key-1", Records.Noon.AddDays(3), None));
        Assert.False(await store.RevokeKeyAsync("key-2", Records.Noon, None));
        Assert.False(await store.RotateKeyAsync("key-1", Hash(3), "sk-sluice-ef", Records.Noon, None));

        var kept = Assert.Single(await store.ListKeysAsync(None));
        Assert.Equal(Hash(2), kept.Hash);
        Assert.Equal(key.Hash, Assert.Single(kept.RetiredHashes));
        Assert.Equal("sk-sluice-cd", kept.Prefix);
        Assert.Equal((Records.Noon, Records.Noon.AddDays(30), Records.Noon.AddDays(2)), (kept.CreatedAt, kept.ExpiresAt, kept.RevokedAt));
        Assert.Equal(["a/b", "c/*"], kept.AllowedModels);
        Assert.Equal(("laptop", "dev1", "core", null), (kept.Name, kept.User, kept.Team, kept.Project));
        Assert.Equal([new NamedIdentity("core", Records.Noon)], await store.ListAsync(IdentityKind.Team, None));
    }

    [Fact]
    public async Task F35_RotateAndRevoke_ManyAtOnce_LeaveOnePresentSecretAndTheKeyRevoked()
    {
        await using var opened = await OpenEmptyAsync();
        await opened.Store.AddKeyAsync(Key("key-1", 1), None);

        var rotated = await Task.WhenAll(Enumerable.Range(2, 8).Select(i => Task.Run(() => opened.Store.RotateKeyAsync("key-1", Hash((byte)i), "sk-sluice-cd", Records.Noon, None))));
        Assert.True(await opened.Store.RevokeKeyAsync("key-1", Records.Noon, None));

        var kept = Assert.Single(await opened.Store.ListKeysAsync(None));
        Assert.All(rotated, Assert.True);
        Assert.Equal(8, kept.RetiredHashes.Count);
        Assert.Equal(Records.Noon, kept.RevokedAt);
    }

    [Fact]
    public async Task FirstKey_AskedForByManyAtOnce_IsMadeByOne()
    {
        await using var opened = await OpenEmptyAsync();

        var made = await Task.WhenAll(Enumerable.Range(1, 8).Select(i => Task.Run(() => opened.Store.AddFirstKeyAsync(Key($"key-{i}", (byte)i), None))));

        Assert.Single(made, isMade => isMade);
        Assert.Equal($"key-{Array.IndexOf(made, true) + 1}", Assert.Single(await opened.Store.ListKeysAsync(None)).Id);
    }

    [Fact]
    public async Task Identities_AddedTwice_AreThereOnce()
    {
        await using var opened = await OpenEmptyAsync();
        foreach (var kind in Enum.GetValues<IdentityKind>())
        {
            Assert.True(await opened.Store.AddAsync(kind, "one", Records.Noon, None));
            Assert.False(await opened.Store.AddAsync(kind, "one", Records.Noon.AddDays(1), None));
            Assert.Equal([new NamedIdentity("one", Records.Noon)], await opened.Store.ListAsync(kind, None));
        }
    }

    private static KeyRecord Key(string id, byte hash) =>
        new() { Id = id, Hash = Hash(hash), Prefix = "sk-sluice-ab", Name = "laptop", User = "dev1", CreatedAt = Records.Noon };

    private static byte[] Hash(byte value) => [.. Enumerable.Repeat(value, 32)];
}
