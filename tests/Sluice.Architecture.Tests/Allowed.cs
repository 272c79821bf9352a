namespace Sluice.Architecture.Tests;

/// <summary>A place of the code that names something of another place.</summary>
/// <param name="Path">The file.</param>
/// <param name="Name">What it names, as the test spells it.</param>
internal readonly record struct Mention(string Path, string Name);

/// <summary>Mentions that have a reason.</summary>
/// <param name="Where">A pattern of <see cref="Tree.Files"/>.</param>
/// <param name="What">A mention's name, or its beginning and a star.</param>
/// <param name="Why">The reason.</param>
internal sealed record Allowed(string Where, string What, string Why)
{
    /// <summary>The mentions that no row allows, and the rows that allow nothing any more.</summary>
    public static IEnumerable<string> Faults(IReadOnlyCollection<Mention> mentions, IReadOnlyCollection<Allowed> allowed)
    {
        foreach (var mention in mentions.Where(m => !allowed.Any(a => a.Covers(m))))
        {
            yield return $"{mention.Path} names {mention.Name}";
        }

        foreach (var row in allowed.Where(a => !mentions.Any(a.Covers)))
        {
            yield return $"{row.Where} names no {row.What} any more: strike the row ({row.Why})";
        }
    }

    private bool Covers(Mention mention) => Tree.Matches(mention.Path, Where) && Tree.Matches(mention.Name, What);
}
