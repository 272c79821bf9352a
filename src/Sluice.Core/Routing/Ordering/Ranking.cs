namespace Sluice.Core.Routing.Ordering;

/// <summary>The endpoints of one model in an order that hangs on no request, so that hundreds are not sorted for each plan. Immutable.</summary>
internal sealed class Ranking
{
    private readonly Entry[] _entries;

    private Ranking(Entry[] entries) => _entries = entries;

    /// <summary>The endpoints, best first, ready to be copied for a plan: all their keys are there, rising.</summary>
    public ReadOnlySpan<Entry> Entries => _entries;

    /// <summary>As they are configured.</summary>
    public static Ranking AsListed(int endpoints) => By(new double[endpoints]);

    /// <param name="keys">By position; equal ones keep the configured order.</param>
    public static Ranking By(double[] keys)
    {
        int[] positions = [.. Enumerable.Range(0, keys.Length)];
        Array.Sort(positions, (one, other) => keys[one].CompareTo(keys[other]) is not 0 and var difference ? difference : one - other);
        return new Ranking(Array.ConvertAll(positions, position => new Entry { Position = position, Key = keys[position] }));
    }
}
