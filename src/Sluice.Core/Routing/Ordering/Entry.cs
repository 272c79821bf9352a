using System.Runtime.InteropServices;

namespace Sluice.Core.Routing.Ordering;

/// <summary>
/// An endpoint that passed the filters, while it is being ordered. The smallest rank comes first; within a rank the smallest key; then what
/// stands first. Holds no reference: hundreds of them are written for each plan.
/// </summary>
[StructLayout(LayoutKind.Auto)]
internal struct Entry
{
    public double Key;

    public int Rank;

    /// <summary>Among the endpoints of its model.</summary>
    public int Position;

    /// <summary>Its model's place in the group.</summary>
    public ushort Model;

    /// <summary>It has its place in the plan, or its reason for having none.</summary>
    public bool IsTaken;
}
