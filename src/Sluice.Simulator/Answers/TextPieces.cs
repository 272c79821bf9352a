namespace Sluice.Simulator.Answers;

/// <summary>Cuts text into the pieces that a stream's deltas carry.</summary>
internal static class TextPieces
{
    /// <summary>Characters in a piece at most; words are cut so that even one long word streams.</summary>
    private const int MaxLength = 12;

    /// <summary>Pieces that end before a space, as vendors' tokens do. Surrogate pairs stay whole: half of one cannot be written as UTF-8.</summary>
    public static IEnumerable<string> Of(string text)
    {
        var start = 0;
        while (start < text.Length)
        {
            var end = start + 1;
            while (end < text.Length && end - start < MaxLength && text[end] != ' ')
            {
                end++;
            }

            if (end < text.Length && char.IsHighSurrogate(text[end - 1]))
            {
                end++;
            }

            yield return text[start..end];
            start = end;
        }
    }
}
