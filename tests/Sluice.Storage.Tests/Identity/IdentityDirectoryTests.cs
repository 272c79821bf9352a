using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Sluice.Core.Identity;
using Sluice.Storage.Identity;
using Xunit;

namespace Sluice.Storage.Tests.Identity;

public sealed class IdentityDirectoryTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly KeyRing _ring = new(TimeProvider.System);

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task FirstKey_OnAnEmptyFolder_IsMadeOnce()
    {
        string? secret;
        await using (var ledger = await OpenAsync())
        {
            using var directory = new IdentityDirectory(ledger.Identity, _ring, TimeProvider.System);
            secret = await directory.EnsureFirstKeyAsync();
            Assert.Null(await directory.EnsureFirstKeyAsync());
        }

        var ring = new KeyRing(TimeProvider.System);
        await using (var ledger = await OpenAsync())
        {
            using var directory = new IdentityDirectory(ledger.Identity, ring, TimeProvider.System);
            Assert.Null(await directory.EnsureFirstKeyAsync());
        }

        Assert.Equal(KeyState.Valid, ring.Find(secret).State);
    }

    [Fact]
    public async Task F35_Revoke_AndRotate_TakeEffectBeforeTheyReturn()
    {
        await using var ledger = await OpenAsync();
        using var directory = new IdentityDirectory(ledger.Identity, _ring, TimeProvider.System);
        var first = await directory.CreateAsync(new NewKey("dev1") { Team = "core", Project = "shop" }, CancellationToken.None);
        Assert.Equal(new Caller(first.Key.Id, "dev1", "core", "shop"), _ring.Find(first.Secret).Caller);

        var second = await directory.RotateAsync(first.Key.Id, CancellationToken.None);
        Assert.Equal(first.Key.Id, second!.Key.Id);
        Assert.Equal(KeyState.Revoked, _ring.Find(first.Secret).State);
        Assert.Equal(KeyState.Valid, _ring.Find(second.Secret).State);

        Assert.True(await directory.RevokeAsync(first.Key.Id, CancellationToken.None));
        Assert.Equal(KeyState.Revoked, _ring.Find(second.Secret).State);
        Assert.Null(await directory.RotateAsync(first.Key.Id, CancellationToken.None));
    }

    [Fact]
    public async Task Secret_OfAKey_IsInNoFile()
    {
        string secret;
        await using (var ledger = await OpenAsync())
        {
            using var directory = new IdentityDirectory(ledger.Identity, _ring, TimeProvider.System);
            secret = (await directory.CreateAsync(new NewKey("dev-with-a-key"), CancellationToken.None)).Secret;
            AssertNowhere(secret);
        }

        AssertNowhere(secret);
    }

    [Fact]
    public void AdminKey_WithoutAConfiguredOne_IsMadeOnceAndPrivate()
    {
        var made = AdminKeyFile.Ensure(_folder.Path, configured: null);

        Assert.Equal(made, AdminKeyFile.Ensure(_folder.Path, ""));
        Assert.Equal(made, AdminKeyFile.Read(_folder.Path));
        Assert.Equal("a-configured-admin-key", AdminKeyFile.Ensure(_folder.Path, "a-configured-admin-key"));
        Assert.Throws<StoreUnusableException>(() => AdminKeyFile.Ensure(_folder.Path, "too-short"));
        Assert.True(made.Length >= AdminKeyFile.MinLength);
        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(AdminKeyFile.PathIn(_folder.Path)));
        }
    }

    [Fact]
    public void ServeRecord_Written_ComesBackUntilRemoved()
    {
        var record = new ServeRecord("http://127.0.0.1:8787", 42, Records.Noon);
        record.Write(_folder.Path);
        Assert.Equal(record, ServeRecord.Read(_folder.Path));

        ServeRecord.Remove(_folder.Path);
        Assert.Null(ServeRecord.Read(_folder.Path));
    }

    private Task<LedgerStore> OpenAsync() => LedgerStore.OpenAsync(new LedgerOptions { DataFolder = _folder.Path }, TimeProvider.System, NullLogger.Instance);

    private void AssertNowhere(string secret)
    {
        // Part of it is as bad as the whole; its first 12 characters may be shown.
        var needle = Encoding.ASCII.GetBytes(secret[12..32]);
        var user = "dev-with-a-key"u8.ToArray();
        var seesUser = false;
        foreach (var path in Directory.GetFiles(_folder.Path, "*", SearchOption.AllDirectories).Where(path => !path.EndsWith(".lock", StringComparison.Ordinal)))
        {
            using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            var bytes = new byte[file.Length];
            file.ReadExactly(bytes);
            Assert.True(bytes.AsSpan().IndexOf(needle) < 0, $"{path} holds the secret.");
            seesUser |= bytes.AsSpan().IndexOf(user) >= 0;
        }

        // The scan would also pass if it read nothing.
        Assert.True(seesUser);
    }
}
