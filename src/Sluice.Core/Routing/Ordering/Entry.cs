using Sluice.Core.Health;
using Sluice.Core.Routing.Endpoints;

namespace Sluice.Core.Routing.Ordering;

/// <summary>An endpoint that passed the filters, while it is being ordered. The smallest rank comes first; within a rank the smallest key; then what stands first.</summary>
internal struct Entry
{
    public EndpointFacts Facts;

    /// <summary>Null while not known, or where nothing asks for it.</summary>
    public EndpointSpeed? Speed;

    public double Key;

    public int Rank;

    /// <summary>Of a substitute, not of the model asked for.</summary>
    public bool IsFallback;

    public bool IsTaken;
}
