using Sluice.Core.Admission.Limits;
using Sluice.Core.Budgets;
using Sluice.Core.Budgets.Slices;

namespace Sluice.Storage;

/// <summary>What the ledger says of each node, once it has all that this node appended before the question.</summary>
internal sealed class FlushedSpending(LedgerStore ledger, INodeSpending stored) : INodeSpending
{
    /// <inheritdoc/>
    public async Task<IReadOnlyList<NodeSpending>?> ReadAsync(BudgetWindow window, LimitScope? scope, CancellationToken cancellation)
    {
        try
        {
            await ledger.FlushToStoreAsync(cancellation);
        }
        catch (StoreAwayException)
        {
            return null;
        }

        return await stored.ReadAsync(window, scope, cancellation);
    }
}
