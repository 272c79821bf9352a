using Sluice.Simulator.Answers;

namespace Sluice.Simulator.Caching;

/// <summary>Prompt caches of all credentials. Guarded by one lock; a simulator is never the bottleneck of what it measures by this.</summary>
internal sealed class PrefixCache(TimeProvider time, int minimumTokens)
{
    /// <summary>Entries kept; the oldest written go first.</summary>
    private const int MaxEntries = 100_000;

    private readonly Lock _lock = new();
    private readonly Dictionary<(string Owner, string Hash), Entry> _entries = [];
    private readonly Queue<(string Owner, string Hash)> _order = new();

    /// <summary>Counts what of the prompt was cached, and caches what it asks for.</summary>
    /// <param name="owner">Credential and model: caches are shared with nobody else.</param>
    /// <param name="chain">The prompt.</param>
    public AnswerUsage Use(string owner, PrefixChain chain)
    {
        lock (_lock)
        {
            var now = time.GetUtcNow();
            var ends = chain.Ends;
            var hit = LongestHit(owner, chain, now);
            var read = hit < 0 ? 0 : TokenCount.Of(ends[hit].Bytes);
            int write5m = 0, write1h = 0;
            var done = read;
            for (var i = 0; i < ends.Count; i++)
            {
                if (ends[i].Lifetime is not { } lifetime || TokenCount.Of(ends[i].Bytes) is var upTo && upTo < minimumTokens)
                {
                    continue;
                }

                Keep((owner, ends[i].Hash), now + lifetime, lifetime);
                if (chain.ChargesWrites && upTo > done)
                {
                    if (lifetime > TimeSpan.FromMinutes(5))
                    {
                        write1h += upTo - done;
                    }
                    else
                    {
                        write5m += upTo - done;
                    }

                    done = upTo;
                }
            }

            return new AnswerUsage(chain.Tokens - done, read, write5m, write1h, 0, 0);
        }
    }

    private int LongestHit(string owner, PrefixChain chain, DateTimeOffset now)
    {
        var ends = chain.Ends;
        for (var mark = ends.Count - 1; mark >= 0; mark--)
        {
            if (ends[mark].Lifetime is null)
            {
                continue;
            }

            for (var i = mark; i >= 0 && mark - i < chain.Lookback; i--)
            {
                if (_entries.TryGetValue((owner, ends[i].Hash), out var entry) && entry.Until > now)
                {
                    // Reading renews: the lifetime counts from the last use.
                    _entries[(owner, ends[i].Hash)] = entry with { Until = now + entry.Lifetime };
                    return i;
                }
            }
        }

        return -1;
    }

    private void Keep((string, string) key, DateTimeOffset until, TimeSpan lifetime)
    {
        if (!_entries.ContainsKey(key))
        {
            _order.Enqueue(key);
            if (_order.Count > MaxEntries)
            {
                _entries.Remove(_order.Dequeue());
            }
        }

        _entries[key] = new Entry(until, lifetime);
    }

    private readonly record struct Entry(DateTimeOffset Until, TimeSpan Lifetime);
}
