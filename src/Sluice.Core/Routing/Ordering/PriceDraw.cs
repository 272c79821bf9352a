using System.Runtime.Intrinsics;

namespace Sluice.Core.Routing.Ordering;

/// <summary>
/// The order of repeated drawing by the inverse square of the price. Where there are many, the sixteen that a plan needs are drawn one by one:
/// one that was drawn already, or did not pass the filters, is drawn again. The rest, needed when all of these are left out, keep their listed
/// order.
/// </summary>
internal static class PriceDraw
{
    /// <summary>So few get their keys all at once.</summary>
    public const int Few = 2 * Planner.MostCandidates;

    /// <summary>Numbers drawn one by one at most: with more, a few endpoints have nearly all of the weight, or hardly any passed the filters.</summary>
    public const int MostDraws = 4 * Planner.MostCandidates;

    private const int MostOnStack = 1024;

    /// <summary>Gives the entries their keys.</summary>
    /// <param name="group">Whose.</param>
    /// <param name="first">Takes the places of the first, where they were drawn one by one; of the length of a plan.</param>
    /// <param name="draw">To draw by.</param>
    /// <returns>How many of the first it told: all of a plan or none.</returns>
    public static int SetKeys(EndpointGroup group, Span<int> first, ref Draw draw)
    {
        var entries = group.Entries;
        var drawn = entries.Length > Few && group.Draws is { } table ? DrawFirst(table, entries, first, ref draw) : 0;
        if (drawn == first.Length)
        {
            return drawn;
        }

        SetExponentialKeys(group, entries, drawn, ref draw);
        return 0;
    }

    /// <summary>Gives the first of them keys below zero, in the order in which they were drawn; how many.</summary>
    private static int DrawFirst(DrawTable table, Span<Entry> entries, Span<int> first, ref Draw draw)
    {
        // By position: one more than the place among the entries; 0 for who did not pass, or was drawn.
        var places = table.Size <= MostOnStack ? stackalloc int[table.Size] : new int[table.Size];
        for (var i = 0; i < entries.Length; i++)
        {
            places[entries[i].Position] = i + 1;
        }

        var drawn = 0;
        for (var tries = 0; drawn < first.Length && tries < MostDraws; tries++)
        {
            ref var place = ref places[table.Next(ref draw)];
            if (place > 0)
            {
                entries[place - 1].Key = drawn - first.Length;
                first[drawn++] = place - 1;
                place = 0;
            }
        }

        return drawn;
    }

    // Exponential keys with rate 1/price² give exactly the order of repeated weighted drawing; so they go on where drawing one by one ended.
    // What is free is drawn first. Four logarithms at once, since with many endpoints they are most of a decision's time.
    private static void SetExponentialKeys(EndpointGroup group, Span<Entry> entries, int drawnBefore, ref Draw draw)
    {
        Span<double> drawn = stackalloc double[Vector256<double>.Count];
        for (var i = 0; i < entries.Length; i++)
        {
            var lane = i % Vector256<double>.Count;
            if (lane == 0)
            {
                Vector256.Log(Vector256.Create(1 - draw.Next(), 1 - draw.Next(), 1 - draw.Next(), 1 - draw.Next())).CopyTo(drawn);
            }

            if (drawnBefore > 0 && entries[i].Key < 0)
            {
                continue;
            }

            // An infinite price times a draw of nothing would be no number.
            var price = group.FactsOf(in entries[i]).Price;
            entries[i].Key = double.IsPositiveInfinity(price) ? price : -drawn[lane] * (price * price);
        }
    }
}
