namespace Sluice.Core.Routing.Ordering;

/// <summary>The endpoints of one model in an order that hangs on no request, so that hundreds are not sorted for each plan. Immutable.</summary>
internal sealed class Ranking
{
    private Ranking(int[] positions, double[] keys) => (Positions, Keys) = (positions, keys);

    /// <summary>Positions among the endpoints of the model, best first.</summary>
    public int[] Positions { get; }

    /// <summary>The keys of <see cref="Positions"/>, rising.</summary>
    public double[] Keys { get; }

    /// <summary>As they are configured.</summary>
    public static Ranking AsListed(int endpoints) => By(new double[endpoints]);

    /// <param name="keys">By position; equal ones keep the configured order.</param>
    public static Ranking By(double[] keys)
    {
        int[] positions = [.. Enumerable.Range(0, keys.Length)];
        Array.Sort(positions, (one, other) => keys[one].CompareTo(keys[other]) is not 0 and var difference ? difference : one - other);
        return new Ranking(positions, Array.ConvertAll(positions, position => keys[position]));
    }
}
