namespace Sluice.Core.Admission.Leases;

/// <summary>What a node needs to share limits with others.</summary>
/// <param name="Node">Whose data folder this is: of several processes with it one runs at a time.</param>
/// <param name="Leases">Where parts of limits are kept.</param>
public sealed record LimitShare(string Node, ILimitLeases Leases);
