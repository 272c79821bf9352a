using Microsoft.Extensions.Logging;

namespace Sluice.Storage;

/// <summary>Log events of the storage, 6000 to 6099.</summary>
internal static partial class StorageLog
{
    [LoggerMessage(6000, LogLevel.Warning, "The journal's last {Bytes} bytes (from byte {Offset}) are no whole record, as after a power cut; everything before them is in the ledger. The file was put aside as {File}.")]
    public static partial void TornJournal(ILogger logger, long bytes, long offset, string file);

    [LoggerMessage(6001, LogLevel.Critical, "{Bytes} bytes of journal segment {Segment} from byte {Offset} cannot be read back: the disk is damaged, or something else writes to the data folder. Their records are not in the ledger.")]
    public static partial void DamagedJournal(ILogger logger, long bytes, long segment, long offset);

    [LoggerMessage(6002, LogLevel.Warning, "The store does not take the journal; requests are served, and their records stay in the journal until it is back.")]
    public static partial void StoreAway(ILogger logger, Exception exception);

    [LoggerMessage(6003, LogLevel.Error, "{Count} attempts ended whose start is in no record; they are not in the ledger.")]
    public static partial void Orphans(ILogger logger, int count);

    [LoggerMessage(6004, LogLevel.Warning, "{Count} attempts were under way when the last process ended; they are in the ledger as abandoned, charged with their estimated input.")]
    public static partial void Abandoned(ILogger logger, int count);

    [LoggerMessage(6005, LogLevel.Error, "Records of the journal could not be shipped before the end; the next start ships them.")]
    public static partial void NotShipped(ILogger logger, Exception exception);

    [LoggerMessage(6008, LogLevel.Information, "The store takes the journal again; what it missed is being shipped.")]
    public static partial void StoreBack(ILogger logger);

    [LoggerMessage(6009, LogLevel.Warning, "The journal holds {Megabytes} MB that the store has not taken; {FreeMegabytes} MB are free on its disk. When the disk is full, requests are refused: bring the store back, or make room.")]
    public static partial void SpoolGrows(ILogger logger, long megabytes, long? freeMegabytes);

    [LoggerMessage(6010, LogLevel.Critical, "The journal holds {Megabytes} MB that the store has not taken, and only {FreeMegabytes} MB are free on its disk. When the disk is full, requests are refused: bring the store back, or make room.")]
    public static partial void SpoolFillsDisk(ILogger logger, long megabytes, long? freeMegabytes);

    [LoggerMessage(6006, LogLevel.Warning, "The store does not take or give kept thinking. Clients that leave signatures out of their histories go on only with what is in memory until it is back.")]
    public static partial void ReasoningAway(ILogger logger, Exception exception);

    [LoggerMessage(6007, LogLevel.Warning, "The store does not take or give the homes of sessions. Until it is back a restart forgets where their prompt caches are warm; nothing else suffers.")]
    public static partial void SessionsAway(ILogger logger, Exception exception);

    [LoggerMessage(6020, LogLevel.Error, "The database at {Database} is away. Requests are served with the keys, limits and homes that are known; changes by administrators are refused until it is back.")]
    public static partial void Away(ILogger logger, string database, Exception exception);

    [LoggerMessage(6021, LogLevel.Information, "The database at {Database} is back after {Seconds} s.")]
    public static partial void Back(ILogger logger, string database, double seconds);

    [LoggerMessage(6022, LogLevel.Error, "Changed {Kind} could not be read from the database; they are read again in a second.")]
    public static partial void NotRefreshed(ILogger logger, Core.Nodes.ChangeKind kind, Exception exception);
}
