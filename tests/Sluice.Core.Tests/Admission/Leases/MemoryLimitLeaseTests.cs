using Sluice.Core.Admission.Leases;

namespace Sluice.Core.Tests.Admission.Leases;

/// <summary>The store that the tests of nodes use keeps the rules itself.</summary>
public sealed class MemoryLimitLeaseTests : LimitLeaseContract
{
    protected override Task<ILimitLeases> OpenAsync() => Task.FromResult<ILimitLeases>(new MemoryLimitLeases(Time));
}
