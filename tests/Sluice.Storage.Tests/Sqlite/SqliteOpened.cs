using Sluice.Storage.Sqlite;
using Sluice.Storage.Tests.Contract;

namespace Sluice.Storage.Tests.Sqlite;

/// <summary>Opens an empty file in a folder of its own.</summary>
internal static class SqliteOpened
{
    public static Task<OpenedStore<TStore>> OpenAsync<TStore>(Func<SqliteDatabase, TStore> store)
    {
        var folder = new TemporaryFolder();
        var database = SqliteDatabase.Open(Path.Combine(folder.Path, "sluice.db"));
        return Task.FromResult(new OpenedStore<TStore>(store(database), () =>
        {
            database.Dispose();
            folder.Dispose();
            return ValueTask.CompletedTask;
        }));
    }
}
