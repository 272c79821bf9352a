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
        for (var i = 0; i < _entries.Length; i++)
        {
            if (_last >= 0 && !IsBefore(_last, i))
            {
                continue;
            }

            if (_count == Size && !IsBefore(i, _batch[Size - 1]))
            {
                continue;
            }

            var to = _count < Size ? _count++ : Size - 1;
            for (; to > 0 && IsBefore(i, _batch[to - 1]); to--)
            {
                _batch[to] = _batch[to - 1];
            }

            _batch[to] = i;
        }
    }

    private readonly bool IsBefore(int a, int b)
    {
        ref var first = ref _entries[a];
        ref var second = ref _entries[b];
        return first.Rank != second.Rank ? first.Rank < second.Rank
            : first.Key != second.Key ? first.Key < second.Key
            : a < b;
    }

    [InlineArray(Size)]
    private struct Batch
    {
        private int _first;
    }
}
