using Sluice.Storage.Tests.Contract;

namespace Sluice.Storage.Tests.Sqlite;

public sealed class SqliteAdviceContractTests : AdviceContract
{
    private protected override Task<IStoreUnderTest> OpenEmptyAsync() => Task.FromResult<IStoreUnderTest>(new SqliteUnderTest());
}
