namespace Sluice.Core.Reasoning;

/// <summary>Where kept thinking outlives the process.</summary>
public interface IReasoningStore
{
    /// <summary>All rows that have not expired, those that expire first in front, without their bodies.</summary>
    Task<IReadOnlyList<ReasoningRow>> ListAsync(DateTimeOffset now, CancellationToken cancellation);

    /// <summary>One row's body; null when it is not there, or the store is away.</summary>
    byte[]? Read(string user, UInt128 key);

    /// <summary>Saves, prolongs and removes in one transaction, and deletes what has expired. False when the store is away: nothing has changed then.</summary>
    Task<bool> WriteAsync(ReasoningBatch batch, DateTimeOffset now, CancellationToken cancellation);

    /// <summary>The store is on another machine and other nodes keep turns there too: bodies are read ahead, several at once, never while a request is written.</summary>
    bool IsShared => false;

    /// <summary>Others do so now, and can be asked: a turn that is not known here may be there.</summary>
    bool HasOthers => false;

    /// <summary>The bodies of those turns that are there; none when the store is away or too slow for <paramref name="cancellation"/>.</summary>
    Task<IReadOnlyList<(UInt128 Key, byte[] Body)>> ReadAsync(string user, IReadOnlyList<UInt128> keys, CancellationToken cancellation) =>
        Task.FromResult<IReadOnlyList<(UInt128, byte[])>>([.. from key in keys let body = Read(user, key) where body is not null select (key, body)]);

    /// <summary>Has <paramref name="heard"/> called with what other nodes have stored. It must not wait for anything. In a store of one process nobody else does.</summary>
    void Follow(Action<ReasoningNews> heard)
    {
    }
}

/// <summary>What another node has changed.</summary>
/// <param name="Saved">Rows whose body is new.</param>
/// <param name="Known">Rows that are there, or expire later than they did.</param>
/// <param name="Removed">Rows that are gone.</param>
public sealed record ReasoningNews(IReadOnlyList<ReasoningRow> Saved, IReadOnlyList<ReasoningRow> Known, IReadOnlyList<(string User, UInt128 Key)> Removed);

/// <summary>One kept turn, as it is stored.</summary>
/// <param name="User">Whose.</param>
/// <param name="Key">Of the turn, unique for the user.</param>
/// <param name="ExpiresAt">UTC; whole milliseconds.</param>
/// <param name="Size">Bytes of the body.</param>
public sealed record ReasoningRow(string User, UInt128 Key, DateTimeOffset ExpiresAt, int Size);

/// <summary>What changes at once.</summary>
public sealed record ReasoningBatch
{
    /// <summary>New rows, or rows whose body is another.</summary>
    public IReadOnlyList<(ReasoningRow Row, byte[] Body)> Saved { get; init; } = [];

    /// <summary>Rows that expire later than they did.</summary>
    public IReadOnlyList<ReasoningRow> Prolonged { get; init; } = [];

    /// <summary>Rows that had to make room.</summary>
    public IReadOnlyList<(string User, UInt128 Key)> Removed { get; init; } = [];

    /// <summary>Nothing to do.</summary>
    public bool IsEmpty => Saved.Count == 0 && Prolonged.Count == 0 && Removed.Count == 0;
}
