using System.Runtime.CompilerServices;

namespace Sluice.Core.Routing.Ordering;

/// <summary>
/// Goes through entries best first without sorting them: a plan needs sixteen of perhaps hundreds, so the best sixteen are picked in one pass,
/// and further ones only where those do not do. Equal entries keep their order.
/// </summary>
internal ref struct BestFirst(Span<Entry> entries, bool asListed)
{
    private const int Size = Planner.MostCandidates;

    private readonly Span<Entry> _entries = entries;
    private Batch _batch;
    private int _count;
    private int _at;
    private int _last = -1;

    /// <summary>The place of the next best entry; -1 at the end.</summary>
    public int Next()
    {
        if (asListed)
        {
            return ++_last < _entries.Length ? _last : -1;
        }

        if (_at == _count)
        {
            Fill();
        }

        return _at < _count ? _last = _batch[_at++] : -1;
    }

    private void Fill()
    {
        (_count, _at) = (0, 0);
        Span<int> batch = _batch;
        var after = _last;
        var worst = new Entry { Rank = int.MaxValue };
        for (var i = 0; i < _entries.Length; i++)
        {
            ref var entry = ref _entries[i];

            // Entries come by in their order, so one that equals the last of a full batch stands behind it.
            if ((_count == Size && !IsBefore(in entry, in worst)) || (after >= 0 && !IsAfter(in entry, i, after)))
            {
                continue;
            }

            var to = _count < Size ? _count++ : Size - 1;
            for (; to > 0 && IsBefore(in entry, in _entries[batch[to - 1]]); to--)
            {
                batch[to] = batch[to - 1];
            }

            batch[to] = i;
            worst = _entries[batch[_count - 1]];
        }
    }

    private static bool IsBefore(in Entry a, in Entry b) => a.Rank < b.Rank || (a.Rank == b.Rank && a.Key < b.Key);

    private readonly bool IsAfter(in Entry entry, int at, int last) =>
        IsBefore(in _entries[last], in entry) || (at > last && !IsBefore(in entry, in _entries[last]));

    [InlineArray(Size)]
    private struct Batch
    {
        private int _first;
    }
}
