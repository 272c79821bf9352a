using Microsoft.Extensions.Logging;
using Sluice.Core.Budgets;
using Sluice.Core.Budgets.Slices;
using Sluice.Server.Hosting;

namespace Sluice.Server.Budgets;

/// <summary>What a node does about budgets because others spend from them too.</summary>
internal static class BudgetSharing
{
    /// <summary>Has a book without budgets spend from slices; null where there is no other node. To be started when the stored budgets are in force.</summary>
    public static SliceKeeper? Keep(BudgetBook book, BudgetShare? share, TimeProvider time, ILogger log) => share is null ? null : new SliceKeeper(book, share.Leases, share.Spending, share.Node, time)
    {
        Lost = why => HostingLog.SlicesLost(log, why),
        Found = after => HostingLog.SlicesFound(log, after.TotalSeconds),
    };
}
