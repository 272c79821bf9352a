using Dapper;
using Sluice.Storage.Sqlite;
using Xunit;

namespace Sluice.Storage.Tests.Sqlite;

public sealed class SqliteDatabaseTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private string File => Path.Combine(_folder.Path, "sluice.db");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Open_ASchemaFromTheFuture_IsRefusedWithARemedy()
    {
        using (var database = SqliteDatabase.Open(File))
        {
            await database.WriteAsync((connection, transaction) => connection.Execute("PRAGMA user_version = 999", transaction: transaction), CancellationToken.None);
        }

        var error = Assert.Throws<StoreUnusableException>(() => SqliteDatabase.Open(File));

        Assert.Contains("schema 999", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Open_AFileThatIsNoDatabase_SaysWhich()
    {
        System.IO.File.WriteAllText(File, new string('x', 5000));

        var error = Assert.Throws<StoreUnusableException>(() => SqliteDatabase.Open(File));

        Assert.Contains(File, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Open_ANewFile_IsReadableByItsOwnerAlone()
    {
        using var database = SqliteDatabase.Open(File);

        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no such modes.");
        if (!OperatingSystem.IsWindows())
        {
            foreach (var path in Directory.GetFiles(_folder.Path))
            {
                Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, System.IO.File.GetUnixFileMode(path));
            }
        }
    }

    [Fact]
    public async Task Write_ThatThrows_LeavesNothing()
    {
        using var database = SqliteDatabase.Open(File);
        await Assert.ThrowsAsync<InvalidOperationException>(() => database.WriteAsync<int>(
            (connection, transaction) =>
            {
                connection.Execute("INSERT INTO users (name, created_at) VALUES ('x', 1)", transaction: transaction);
                throw new InvalidOperationException();
            },
            CancellationToken.None));

        using var read = database.OpenRead();
        Assert.Equal(0, await read.ExecuteScalarAsync<int>("SELECT COUNT(*) FROM users"));
    }
}
