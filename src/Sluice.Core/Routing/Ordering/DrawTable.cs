namespace Sluice.Core.Routing.Ordering;

/// <summary>
/// Draws one of many by weight in the same few steps however many there are (Walker's alias method, built as Vose does): each column of a
/// table as wide as the weights are many belongs to one up to its level, and above it to one other that has more than its share. Immutable.
/// </summary>
internal sealed class DrawTable
{
    private readonly double[] _levels;
    private readonly int[] _others;

    private DrawTable(double[] levels, int[] others) => (_levels, _others) = (levels, others);

    /// <summary>How many there are to draw from.</summary>
    public int Size => _levels.Length;

    /// <summary>A table for these; null where some weight is infinite or none is above 0.</summary>
    public static DrawTable? Of(ReadOnlySpan<double> weights)
    {
        var sum = 0.0;
        foreach (var weight in weights)
        {
            sum += weight;
        }

        if (!double.IsFinite(sum) || sum <= 0)
        {
            return null;
        }

        var levels = new double[weights.Length];
        var others = new int[weights.Length];
        var (below, above) = (new Stack<int>(), new Stack<int>());
        for (var i = 0; i < weights.Length; i++)
        {
            (levels[i], others[i]) = (weights[i] * weights.Length / sum, i);
            (levels[i] < 1 ? below : above).Push(i);
        }

        while (below.TryPop(out var low) && above.TryPeek(out var high))
        {
            others[low] = high;
            levels[high] -= 1 - levels[low];
            if (levels[high] < 1)
            {
                below.Push(above.Pop());
            }
        }

        return new DrawTable(levels, others);
    }

    /// <summary>The place of the one drawn.</summary>
    public int Next(ref Draw draw)
    {
        var number = draw.Next() * _levels.Length;
        var column = (int)number;
        return number - column < _levels[column] ? column : _others[column];
    }
}
