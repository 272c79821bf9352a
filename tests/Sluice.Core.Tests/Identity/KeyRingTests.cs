using Sluice.Core.Identity;
using Xunit;

namespace Sluice.Core.Tests.Identity;

public sealed class KeyRingTests
{
    private static readonly DateTimeOffset Noon = new(2026, 11, 20, 12, 0, 0, TimeSpan.Zero);

    private readonly HandClock _clock = new() { Now = Noon };

    [Fact]
    public void Find_AKeyThatIsThere_SaysWhoseItIs()
    {
        var ring = new KeyRing(_clock);
        ring.Replace([Key("sk-sluice-one", "key-1") with { AllowedModels = ["a/b"] }, Key("sk-sluice-two", "key-2")]);

        var found = ring.Find("sk-sluice-one");

        Assert.Equal(KeyState.Valid, found.State);
        Assert.Equal(("key-1", "dev1", "core", "shop"), (found.Caller!.KeyId, found.Caller.User, found.Caller.Team, found.Caller.Project));
        Assert.Equal(["a/b"], found.Caller.AllowedModels);
    }

    [Theory]
    [InlineData("")]
    [InlineData("sk-sluice-onE")]
    [InlineData("sk-sluice-one ")]
    [InlineData("sk-sluice-on")]
    [InlineData("' OR 1=1 --")]
    [InlineData("\uD800\0\u00fc")]
    public void F38_Find_AnythingElse_IsUnknown(string presented)
    {
        var ring = new KeyRing(_clock);
        ring.Replace([Key("sk-sluice-one", "key-1")]);

        Assert.Equal(new KeyLookup(KeyState.Unknown, null), ring.Find(presented));
    }

    [Fact]
    public void F38_Find_AnOverlongText_IsUnknown()
    {
        var ring = new KeyRing(_clock);
        ring.SetAdminKey("an-admin-key-of-some-length");

        Assert.Equal(KeyState.Unknown, ring.Find(new string('\u20ac', KeySecret.MaxLength)).State);
        Assert.Equal(KeyState.Unknown, ring.Find(new string('x', 1_000_000)).State);
        Assert.False(ring.IsAdmin(new string('x', 1_000_000)));
    }

    [Fact]
    public void Find_AKeyPastItsDay_IsExpiredFromThatMomentOn()
    {
        var ring = new KeyRing(_clock);
        ring.Replace([Key("sk-sluice-one", "key-1") with { ExpiresAt = Noon.AddHours(1) }]);

        _clock.Now = Noon.AddHours(1).AddTicks(-1);
        Assert.Equal(KeyState.Valid, ring.Find("sk-sluice-one").State);
        _clock.Now = Noon.AddHours(1);
        Assert.Equal(new KeyLookup(KeyState.Expired, null), ring.Find("sk-sluice-one"));
    }

    [Fact]
    public void F35_Find_ARevokedOrRotatedSecret_IsRevoked()
    {
        var ring = new KeyRing(_clock);
        ring.Replace([
            Key("sk-sluice-one", "key-1") with { RevokedAt = Noon },
            Key("sk-sluice-two", "key-2") with { RetiredHashes = [KeySecret.Hash("sk-sluice-old")] },
        ]);

        Assert.Equal(new KeyLookup(KeyState.Revoked, null), ring.Find("sk-sluice-one"));
        Assert.Equal(KeyState.Revoked, ring.Find("sk-sluice-old").State);
        Assert.Equal(KeyState.Valid, ring.Find("sk-sluice-two").State);
    }

    [Fact]
    public void Replace_WithoutAKey_ForgetsIt()
    {
        var ring = new KeyRing(_clock);
        ring.Replace([Key("sk-sluice-one", "key-1")]);
        ring.Replace([]);

        Assert.Equal(KeyState.Unknown, ring.Find("sk-sluice-one").State);
    }

    [Fact]
    public void IsAdmin_IsTrueForTheAdminKeyAlone()
    {
        var ring = new KeyRing(_clock);
        ring.Replace([Key("sk-sluice-one", "key-1")]);
        Assert.False(ring.IsAdmin(""));

        ring.SetAdminKey("an-admin-key-of-some-length");
        Assert.True(ring.IsAdmin("an-admin-key-of-some-length"));
        Assert.False(ring.IsAdmin("an-admin-key-of-some-lengtH"));
        Assert.False(ring.IsAdmin("sk-sluice-one"));
        Assert.Equal(KeyState.Unknown, ring.Find("an-admin-key-of-some-length").State);

        ring.SetAdminKey("");
        Assert.False(ring.IsAdmin(""));
        Assert.False(ring.IsAdmin("an-admin-key-of-some-length"));
    }

    [Fact]
    public void Find_AGoodKey_AllocatesNothing()
    {
        var ring = new KeyRing(_clock);
        ring.Replace([Key("sk-sluice-one", "key-1")]);
        for (var i = 0; i < 100; i++)
        {
            ring.Find("sk-sluice-one");
        }

        var before = GC.GetAllocatedBytesForCurrentThread();
        var found = ring.Find("sk-sluice-one");
        var after = GC.GetAllocatedBytesForCurrentThread();

        Assert.Equal(KeyState.Valid, found.State);
        Assert.Equal(0, after - before);
    }

    [Fact]
    public void Create_ASecret_HasFortyLettersAndDigitsAndIsNew()
    {
        var secrets = Enumerable.Range(0, 200).Select(_ => KeySecret.Create()).ToList();

        Assert.All(secrets, secret =>
        {
            Assert.StartsWith("sk-sluice-", secret, StringComparison.Ordinal);
            Assert.Equal(50, secret.Length);
            Assert.True(secret.AsSpan(10).IndexOfAnyExcept("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz") < 0);
        });
        Assert.Equal(200, secrets.Distinct().Count());
        Assert.Equal(12, KeySecret.PrefixOf(secrets[0]).Length);
    }

    private static KeyRecord Key(string secret, string id) => new()
    {
        Id = id, Hash = KeySecret.Hash(secret), Prefix = KeySecret.PrefixOf(secret), User = "dev1", Team = "core", Project = "shop", CreatedAt = Noon,
    };

    private sealed class HandClock : TimeProvider
    {
        public DateTimeOffset Now { get; set; }

        public override DateTimeOffset GetUtcNow() => Now;
    }
}
