using Microsoft.Extensions.Logging.Abstractions;
using Sluice.Core.Affinity;
using Sluice.Storage.Sql;
using Sluice.Storage.Tests.Contract;

namespace Sluice.Storage.Tests.Postgres;

public sealed class PostgresSessionStoreTests : SessionStoreContract
{
    private protected override Task<OpenedStore<ISessionStore>> OpenEmptyAsync() => PostgresOpened.OpenAsync<ISessionStore>(database => new SqlSessionStore(database, NullLogger.Instance));
}
