namespace Sluice.Storage;

/// <summary>Where the ledger lives and how hard it tries.</summary>
public sealed record LedgerOptions
{
    /// <summary>The data folder; made where it is missing.</summary>
    public required string DataFolder { get; init; }

    /// <summary><c>sqlite:PATH</c>, or <c>postgres://…</c>; null is <c>sluice.db</c> in the data folder.</summary>
    public string? Storage { get; init; }

    /// <summary>Sync every group of records to the disk: survives a power cut, at some milliseconds for each group.</summary>
    public bool SyncLedger { get; init; }

    /// <summary>Journal files are about this large.</summary>
    public long SegmentBytes { get; init; } = 64 * 1024 * 1024;

    /// <summary>How long a batch may fill before it is shipped.</summary>
    public TimeSpan ShipDelay { get; init; } = TimeSpan.FromMilliseconds(200);

    /// <summary>Rows of one transaction.</summary>
    public int ShipRows { get; init; } = UsualShipRows;

    /// <summary>When the journal holds this much that the store has not taken, the log says so; and again at each doubling. Bytes.</summary>
    public long SpoolWarning { get; init; } = 256L * 1024 * 1024;

    /// <summary>How long a question waits for what was appended before it to be in the store.</summary>
    public TimeSpan AnswerWithin { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How far a row may stand from its place in time: readers that look for a time rely on it.</summary>
    internal const int UsualShipRows = 1000;

    /// <summary>Absolute path of the SQLite file.</summary>
    /// <exception cref="StoreUnusableException">The storage is neither <c>sqlite:</c> nor <c>postgres:</c>.</exception>
    internal string SqlitePath => Storage switch
    {
        null or "" => Path.GetFullPath(Path.Combine(DataFolder, "sluice.db")),
        _ when Storage.StartsWith("sqlite:", StringComparison.OrdinalIgnoreCase) => Path.GetFullPath(Storage["sqlite:".Length..]),
        _ => throw new StoreUnusableException("The storage is not one that this version can open: sqlite:PATH and postgres://USER:PASSWORD@HOST:PORT/DATABASE are."),
    };
}
