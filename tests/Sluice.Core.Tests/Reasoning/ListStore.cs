using System.Collections.Concurrent;
using Sluice.Core.Reasoning;

namespace Sluice.Core.Tests.Reasoning;

/// <summary>A store in memory that can be taken away.</summary>
internal sealed class ListStore : IReasoningStore
{
    public ConcurrentDictionary<(string User, UInt128 Key), (ReasoningRow Row, byte[] Body)> Rows { get; } = new();

    public bool IsAway { get; set; }

    public Task<IReadOnlyList<ReasoningRow>> ListAsync(DateTimeOffset now, CancellationToken cancellation) =>
        Task.FromResult<IReadOnlyList<ReasoningRow>>([.. Rows.Values.Select(r => r.Row).Where(r => r.ExpiresAt > now).OrderBy(r => r.ExpiresAt)]);

    public byte[]? Read(string user, UInt128 key) => !IsAway && Rows.TryGetValue((user, key), out var row) ? row.Body : null;

    public Task<bool> WriteAsync(ReasoningBatch batch, DateTimeOffset now, CancellationToken cancellation)
    {
        if (IsAway)
        {
            return Task.FromResult(false);
        }

        foreach (var key in batch.Removed)
        {
            Rows.TryRemove(key, out _);
        }

        foreach (var (row, body) in batch.Saved)
        {
            Rows[(row.User, row.Key)] = (row, body);
        }

        foreach (var row in batch.Prolonged)
        {
            if (Rows.TryGetValue((row.User, row.Key), out var old))
            {
                Rows[(row.User, row.Key)] = (row, old.Body);
            }
        }

        foreach (var (key, row) in Rows)
        {
            if (row.Row.ExpiresAt <= now)
            {
                Rows.TryRemove(key, out _);
            }
        }

        return Task.FromResult(true);
    }
}
