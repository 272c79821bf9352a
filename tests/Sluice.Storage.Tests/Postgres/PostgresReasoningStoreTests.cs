using Microsoft.Extensions.Logging.Abstractions;
using Sluice.Core.Reasoning;
using Sluice.Storage.Sql;
using Sluice.Storage.Tests.Contract;

namespace Sluice.Storage.Tests.Postgres;

public sealed class PostgresReasoningStoreTests : ReasoningStoreContract
{
    private protected override Task<OpenedStore<IReasoningStore>> OpenEmptyAsync() => PostgresOpened.OpenAsync<IReasoningStore>(database => new SqlReasoningStore(database, NullLogger.Instance));
}
