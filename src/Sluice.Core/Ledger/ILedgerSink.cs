namespace Sluice.Core.Ledger;

/// <summary>How far the journal has been taken into the store.</summary>
/// <param name="Segment">Number of the journal file; 0 is "before the first".</param>
/// <param name="Offset">Bytes from its start.</param>
public readonly record struct JournalPosition(long Segment, long Offset);

/// <summary>Records in the order of the journal. A start stands in the same batch as its end or in an earlier one.</summary>
public sealed class LedgerBatch
{
    /// <summary>Starts.</summary>
    public List<AttemptStarted> Started { get; } = [];

    /// <summary>Ends.</summary>
    public List<AttemptSettled> Settled { get; } = [];

    /// <summary>Whole requests.</summary>
    public List<RequestSettled> Requests { get; } = [];

    /// <summary>Records of all kinds.</summary>
    public int Count => Started.Count + Settled.Count + Requests.Count;
}

/// <summary>Where the journal is shipped to. One caller at a time.</summary>
public interface ILedgerSink
{
    /// <summary>Where the last batch ended.</summary>
    Task<JournalPosition> ReadPositionAsync(CancellationToken cancellation);

    /// <summary>
    /// Stores a batch and the position in one transaction. Idempotent by attempt id and request id: a batch stored twice changes nothing.
    /// </summary>
    /// <returns>Ends that belong to no known start; they cannot be stored.</returns>
    Task<int> StoreAsync(LedgerBatch batch, JournalPosition position, CancellationToken cancellation);

    /// <summary>Completes every attempt that has no end as <see cref="AttemptOutcome.Abandoned"/>, charged with its estimate.</summary>
    /// <returns>How many.</returns>
    Task<int> CompleteAbandonedAsync(DateTimeOffset now, CancellationToken cancellation);
}
