using Sluice.Core.Admission;
using Sluice.Core.Budgets;
using Sluice.Core.Identity;
using Sluice.Storage.Sql;
using Sluice.Storage.Tests.Contract;

namespace Sluice.Storage.Tests.Postgres;

public sealed class PostgresIdentityStoreTests : IdentityStoreContract
{
    private protected override Task<OpenedStore<IIdentityStore>> OpenEmptyAsync() => PostgresOpened.OpenAsync<IIdentityStore>(database => new SqlIdentityStore(database));
}

public sealed class PostgresLimitStoreTests : LimitStoreContract
{
    private protected override Task<OpenedStore<ILimitStore>> OpenEmptyAsync() => PostgresOpened.OpenAsync<ILimitStore>(database => new SqlLimitStore(database));
}

public sealed class PostgresBudgetStoreTests : BudgetStoreContract
{
    private protected override Task<OpenedStore<IBudgetStore>> OpenEmptyAsync() => PostgresOpened.OpenAsync<IBudgetStore>(database => new SqlBudgetStore(database));
}
