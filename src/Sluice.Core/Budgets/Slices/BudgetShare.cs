namespace Sluice.Core.Budgets.Slices;

/// <summary>What a node needs to share budgets with others.</summary>
/// <param name="Node">The data folder's id: attempts are charged under it, also by a later start.</param>
/// <param name="Leases">Where the slices are kept.</param>
/// <param name="Spending">What the ledger says of each node.</param>
public sealed record BudgetShare(string Node, IBudgetLeases Leases, INodeSpending Spending);
