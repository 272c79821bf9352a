namespace Sluice.Storage;

/// <summary>How a store stands to the journal before it.</summary>
/// <param name="Store">Where it is: a path, or host and database; nothing that would open it.</param>
/// <param name="Unshipped">Records of this process that it does not have yet.</param>
/// <param name="UnshippedBytes">Bytes of the journal that it does not have yet.</param>
/// <param name="Fault">Why it does not take them, while it is away; null while it does.</param>
public sealed record LedgerStanding(string Store, long Unshipped, long UnshippedBytes, string? Fault);
