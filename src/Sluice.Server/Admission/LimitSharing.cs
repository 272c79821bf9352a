using Microsoft.Extensions.Logging;
using Sluice.Core.Admission.Leases;
using Sluice.Server.Hosting;

namespace Sluice.Server.Admission;

/// <summary>What a node does about limits because others use them too.</summary>
internal static class LimitSharing
{
    /// <summary>Keeps this node's part of every limit; null where there is no other node.</summary>
    public static LeaseKeeper? Keep(LimitShare? share, TimeProvider time, ILogger log) => share is null ? null : new LeaseKeeper(share.Leases, time)
    {
        Owner = $"{share.Node}:{Guid.NewGuid():N}",
        Lost = why => HostingLog.LeasesLost(log, why),
        Found = after => HostingLog.LeasesFound(log, after.TotalSeconds),
    };
}
