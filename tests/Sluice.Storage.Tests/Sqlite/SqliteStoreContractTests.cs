using Sluice.Storage.Tests.Contract;

namespace Sluice.Storage.Tests.Sqlite;

public sealed class SqliteStoreContractTests : StoreContract
{
    private protected override Task<IStoreUnderTest> OpenEmptyAsync() => Task.FromResult<IStoreUnderTest>(new SqliteUnderTest());
}
