using System.Runtime.CompilerServices;

namespace Sluice.Core.Routing.Ordering;

/// <summary>
/// Goes through entries best first without sorting them: a plan needs sixteen of perhaps hundreds, so the best sixteen are picked in one pass,
/// and further ones only where those do not do. Equal entries keep their order.
/// </summary>
internal ref struct BestFirst(Span<Entry> entries)
{
    private const int Size = Planner.MostCandidates;

    private readonly Span<Entry> _entries = entries;
    private Batch _batch;
    private int _count;
    private int _at;
    private int _listed;
    private int _last = -1;

    /// <summary>The entries stand in their order already, but for those that are expected.</summary>
    public bool AsListed { get; set; }

    /// <summary>Says, before the first is asked for, who the first are, for whoever knows that without looking.</summary>
    /// <param name="places">Among the entries, which have their ranks and keys already; sixteen at most.</param>
    public void Expect(scoped ReadOnlySpan<int> places)
    {
        foreach (var at in places)
        {
            _batch[_count++] = new Pick(_entries[at].Rank, _entries[at].Key, at);
        }
    }

    /// <summary>The place of the next best entry, which is taken by that; -1 at the end.</summary>
    public int Next()
    {
        var at = NextPlace();
        if (at >= 0)
        {
            _entries[at].IsTaken = true;
        }

        return at;
    }

    private int NextPlace()
    {
        if (_at == _count && !AsListed)
        {
            Fill();
        }

        if (_at < _count)
        {
            return _last = _batch[_at++].At;
        }

        while (AsListed && _listed < _entries.Length)
        {
            if (!_entries[_listed++].IsTaken)
            {
                return _listed - 1;
            }
        }

        return -1;
    }

    private void Fill()
    {
        (_count, _at) = (0, 0);
        Span<Pick> batch = _batch;
        var last = _last < 0 ? default : new Pick(_entries[_last].Rank, _entries[_last].Key, _last);

        // What the last of a full batch has; nearly all of hundreds of entries are behind it, and come no further than the comparison.
        var (worstRank, worstKey) = (int.MaxValue, double.PositiveInfinity);
        for (var i = 0; i < _entries.Length; i++)
        {
            ref var entry = ref _entries[i];
            if (entry.Rank > worstRank || (entry.Rank == worstRank && entry.Key >= worstKey))
            {
                continue;
            }

            var pick = new Pick(entry.Rank, entry.Key, i);
            if (_last >= 0 && !last.IsBefore(pick) && (i <= _last || pick.IsBefore(last)))
            {
                continue;
            }

            var to = _count < Size ? _count++ : Size - 1;
            for (; to > 0 && pick.IsBefore(batch[to - 1]); to--)
            {
                batch[to] = batch[to - 1];
            }

            batch[to] = pick;
            if (_count == Size)
            {
                (worstRank, worstKey) = (batch[Size - 1].Rank, batch[Size - 1].Key);
            }
        }
    }

    private readonly record struct Pick(int Rank, double Key, int At)
    {
        public bool IsBefore(in Pick other) => Rank < other.Rank || (Rank == other.Rank && Key < other.Key);
    }

    [InlineArray(Size)]
    private struct Batch
    {
        private Pick _first;
    }
}
