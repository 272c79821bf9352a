using System.Globalization;
using Sluice.Core.Catalogue;

namespace Sluice.Core.Routing;

/// <summary>What whoever asks for a model by this name should know: the answer tells it, so that it is mended before it stops to work.</summary>
internal static class ModelNotes
{
    /// <summary>One sentence each; none of them changes with the time of day, since plans are kept (but those of models that end).</summary>
    /// <param name="name">As the client wrote it.</param>
    /// <param name="resolved">What it means; null when it means nothing.</param>
    /// <param name="today">UTC.</param>
    public static IReadOnlyList<string> Of(string name, ResolvedModel? resolved, DateOnly today)
    {
        var isMisspelled = resolved is { Variant: "free", How: "spelling" };
        var cannotThink = resolved is { Variant: "thinking", Model.Traits.Reasoning: false };
        if (!isMisspelled && !cannotThink && resolved?.Model.Ends is null)
        {
            return [];
        }

        var notes = new List<string>(2);
        if (isMisspelled)
        {
            notes.Add($"':{name[(name.LastIndexOf(':') + 1)..]}' was read as ':free'.");
        }

        if (cannotThink)
        {
            notes.Add($"':thinking' asks {resolved!.Model.Id} to think, which it cannot: it answers without.");
        }

        if (resolved!.Model.Ends is { } end)
        {
            notes.Add($"{resolved.Model.Id} {(end < today ? "ended" : "is announced to end")} on {end.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture)}.");
        }

        return notes;
    }
}
