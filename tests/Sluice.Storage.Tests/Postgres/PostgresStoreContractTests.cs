using Sluice.Storage.Tests.Contract;

namespace Sluice.Storage.Tests.Postgres;

public sealed class PostgresStoreContractTests : StoreContract
{
    private protected override Task<IStoreUnderTest> OpenEmptyAsync() => PostgresUnderTest.OpenAsync();
}
