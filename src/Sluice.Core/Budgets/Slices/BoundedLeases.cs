namespace Sluice.Core.Budgets.Slices;

/// <summary>A database for which requests wait: a call that takes too long is one that failed.</summary>
internal sealed class BoundedLeases(IBudgetLeases leases, TimeProvider time) : IBudgetLeases
{
    /// <summary>How long a call may take.</summary>
    public static readonly TimeSpan LongestCall = TimeSpan.FromSeconds(2);

    public string? Fault => leases.Fault;

    public Task<IReadOnlyList<SliceAnswer>?> ExchangeAsync(SliceCall call, CancellationToken cancellation) => BoundAsync(token => leases.ExchangeAsync(call, token), cancellation);

    public Task<bool> ImportAsync(string asking, BudgetName budget, BudgetWindow window, IReadOnlyDictionary<string, long> spent, CancellationToken cancellation) =>
        BoundAsync(token => leases.ImportAsync(asking, budget, window, spent, token), cancellation);

    public Task<IReadOnlyList<OthersSpending>?> ReadAsync(string asking, CancellationToken cancellation) => BoundAsync(token => leases.ReadAsync(asking, token), cancellation);

    public Task<bool> ForgetAsync(CancellationToken cancellation) => BoundAsync(leases.ForgetAsync, cancellation);

    private async Task<T?> BoundAsync<T>(Func<CancellationToken, Task<T?>> call, CancellationToken cancellation)
    {
        using var bound = new CancellationTokenSource(LongestCall, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(bound.Token, cancellation);
        try
        {
            return await call(either.Token);
        }
        catch (OperationCanceledException) when (bound.IsCancellationRequested)
        {
            return default;
        }
    }
}
