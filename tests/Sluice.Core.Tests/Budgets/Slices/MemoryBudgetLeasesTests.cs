using Sluice.Core.Budgets;
using Sluice.Core.Budgets.Slices;
using Sluice.Testing;

namespace Sluice.Core.Tests.Budgets.Slices;

/// <summary>The database of the tests keeps the rules of the real one.</summary>
public sealed class MemoryBudgetLeasesTests : BudgetLeasesContract
{
    private readonly ManualTimeProvider _time = new();

    protected override BudgetWindow Window => BudgetWindow.Of(BudgetPeriod.Day, new ManualTimeProvider().GetUtcNow());

    protected override Task<IBudgetLeases> OpenAsync() => Task.FromResult<IBudgetLeases>(new MemoryBudgetLeases(_time));

    protected override Task ExpireAsync() => Advance(TimeSpan.FromMinutes(1));

    protected override Task ForgetShortagesAsync() => Advance(IBudgetLeases.ShortFor);

    private Task Advance(TimeSpan by)
    {
        _time.Advance(by);
        return Task.CompletedTask;
    }
}
