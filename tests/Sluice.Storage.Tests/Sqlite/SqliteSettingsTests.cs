using Sluice.Core.Admission;
using Sluice.Core.Budgets;
using Sluice.Core.Identity;
using Sluice.Storage.Sql;
using Sluice.Storage.Tests.Contract;

namespace Sluice.Storage.Tests.Sqlite;

public sealed class SqliteIdentityStoreTests : IdentityStoreContract
{
    private protected override Task<OpenedStore<IIdentityStore>> OpenEmptyAsync() => SqliteOpened.OpenAsync<IIdentityStore>(database => new SqlIdentityStore(database));
}

public sealed class SqliteLimitStoreTests : LimitStoreContract
{
    private protected override Task<OpenedStore<ILimitStore>> OpenEmptyAsync() => SqliteOpened.OpenAsync<ILimitStore>(database => new SqlLimitStore(database));
}

public sealed class SqliteBudgetStoreTests : BudgetStoreContract
{
    private protected override Task<OpenedStore<IBudgetStore>> OpenEmptyAsync() => SqliteOpened.OpenAsync<IBudgetStore>(database => new SqlBudgetStore(database));
}
