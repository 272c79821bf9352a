using Sluice.Protocols.Native;

namespace Sluice.Protocols.Shortening;

/// <summary>One way to leave out the middle of a conversation.</summary>
/// <param name="Edits">What is cut from the body.</param>
/// <param name="Dropped">How many turns.</param>
/// <param name="Bytes">And how many bytes.</param>
public sealed record MiddleCut(IReadOnlyList<BodyEdit> Edits, int Dropped, int Bytes)
{
    /// <summary>What is left of the body, in order.</summary>
    public IEnumerable<ReadOnlyMemory<byte>> Pieces(ReadOnlyMemory<byte> body) => BodyEdits.Of(Edits, body.Length).Pieces(body);
}

/// <summary>
/// Leaves out the middle of a conversation and keeps its ends: instructions, what was asked first, and the newest turns, byte for byte, so that
/// proofs and cache marks in them hold. A cut begins behind the first question and ends before a turn of the model at which every call has its
/// result, so no call loses its result and sides still take turns.
/// </summary>
/// <remarks>
/// Where a cut ends depends on nothing but what stands before it: it lies at the first such turn behind one, two, three … steps of bytes. A
/// conversation that grows is therefore cut at the same place until it no longer fits, and the provider's prompt cache holds for all turns between.
/// </remarks>
public static class MiddleOut
{
    // Beyond it a conversation is some hundred times too long, and no cut would help whoever asks.
    private const int MostSteps = 256;

    /// <summary>Cuts from the smallest on; none where nothing can be left out.</summary>
    /// <param name="turns">All of them, in order.</param>
    /// <param name="step">Bytes.</param>
    public static IEnumerable<MiddleCut> Cuts(IReadOnlyList<Turn> turns, int step)
    {
        var (head, ends) = Ends(turns);
        if (ends.Count == 0)
        {
            yield break;
        }

        var steps = 1;
        for (var i = 0; i < ends.Count && steps <= MostSteps; i++)
        {
            // The last one is taken as it is: beyond it stand the newest turns.
            if (ends[i].Dropped >= (long)steps * step || i == ends.Count - 1)
            {
                yield return Cut(turns, head, ends[i].Turn, ends[i].Dropped);
                steps = (ends[i].Dropped / step) + 1;
            }
        }
    }

    // The model's first turn behind what was asked first, and every turn before which the conversation may go on after a cut.
    private static (int Head, List<(int Turn, int Dropped)> Ends) Ends(IReadOnlyList<Turn> turns)
    {
        var head = 0;
        var asked = false;
        while (head < turns.Count && !(asked && turns[head].Facts.Side == TurnSide.Model))
        {
            asked |= turns[head].Facts.Side == TurnSide.Client;
            head++;
        }

        // The newest that the client said is kept, whatever else goes: that is what wants an answer.
        var last = turns.Count - 1;
        while (last > head && turns[last].Facts.Side != TurnSide.Client)
        {
            last--;
        }

        var ends = new List<(int, int)>();
        var open = new List<string>();
        var before = TurnSide.Standing;
        var dropped = 0;
        for (var i = head; i < last; i++)
        {
            var (side, calls, results) = turns[i].Facts;
            if (side == TurnSide.Model && before == TurnSide.Client && open.Count == 0)
            {
                ends.Add((i, dropped));
            }

            foreach (var result in results)
            {
                open.Remove(result);
            }

            open.AddRange(calls);
            if (side != TurnSide.Standing)
            {
                before = side;
                dropped += turns[i].Span.Length;
            }
        }

        return (head, ends);
    }

    private static MiddleCut Cut(IReadOnlyList<Turn> turns, int head, int end, int bytes)
    {
        var edits = new List<BodyEdit>();
        var dropped = 0;
        for (var i = head; i < end; i++)
        {
            if (turns[i].Facts.Side == TurnSide.Standing)
            {
                continue;
            }

            var first = i;
            while (i + 1 < end && turns[i + 1].Facts.Side != TurnSide.Standing)
            {
                i++;
            }

            // With the comma behind it: a turn always follows.
            var start = turns[first].Span.Start;
            edits.Add(new BodyEdit(new BodySpan(start, turns[i + 1].Span.Start - start), []));
            dropped += i + 1 - first;
        }

        return new MiddleCut(edits, dropped, bytes);
    }
}
