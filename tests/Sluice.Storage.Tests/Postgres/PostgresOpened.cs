using Sluice.Storage.Postgres;
using Sluice.Storage.Tests.Contract;
using Sluice.Testing;
using Xunit;

namespace Sluice.Storage.Tests.Postgres;

/// <summary>Opens an empty database of its own.</summary>
internal static class PostgresOpened
{
    public static async Task<OpenedStore<TStore>> OpenAsync<TStore>(Func<PostgresDatabase, TStore> store)
    {
        var database = await PostgresDatabase.OpenAsync(await AddressAsync(), CancellationToken.None);
        return new OpenedStore<TStore>(store(database), database.DisposeAsync);
    }

    public static async Task<string> AddressAsync()
    {
        Assert.SkipWhen(PostgresServer.WhyMissing is not null, PostgresServer.WhyMissing ?? "");
        return await (await PostgresServer.SharedAsync()).CreateDatabaseAsync();
    }
}
