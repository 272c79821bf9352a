namespace Sluice.Storage;

/// <summary>Where the ledger lives and how hard it tries.</summary>
public sealed record LedgerOptions
{
    /// <summary>The data folder; made where it is missing.</summary>
    public required string DataFolder { get; init; }

    /// <summary><c>sqlite:PATH</c>; null is <c>sluice.db</c> in the data folder.</summary>
    public string? Storage { get; init; }

    /// <summary>Sync every group of records to the disk: survives a power cut, at some milliseconds for each group.</summary>
    public bool SyncLedger { get; init; }

    /// <summary>Journal files are about this large.</summary>
    public long SegmentBytes { get; init; } = 64 * 1024 * 1024;

    /// <summary>How long a batch may fill before it is shipped.</summary>
    public TimeSpan ShipDelay { get; init; } = TimeSpan.FromMilliseconds(200);

    /// <summary>Rows of one transaction.</summary>
    public int ShipRows { get; init; } = UsualShipRows;

    /// <summary>How far a row may stand from its place in time: readers that look for a time rely on it.</summary>
    internal const int UsualShipRows = 1000;

    /// <summary>Absolute path of the SQLite file.</summary>
    /// <exception cref="NotSupportedException">The storage is no <c>sqlite:</c> one.</exception>
    internal string SqlitePath => Storage switch
    {
        null or "" => Path.GetFullPath(Path.Combine(DataFolder, "sluice.db")),
        _ when Storage.StartsWith("sqlite:", StringComparison.OrdinalIgnoreCase) => Path.GetFullPath(Storage["sqlite:".Length..]),
        _ => throw new NotSupportedException("The storage is not one that this version can open: only sqlite:PATH is."),
    };
}
