using Sluice.Protocols.Degradations;

namespace Sluice.Protocols.Tests.Support;

/// <summary>What became of a feature on its way through two formats.</summary>
/// <param name="Word">As the page has it: carried, emulated, weakened, dropped or refused; the page calls what is lost in silence <b>lost</b>.</param>
/// <param name="Said">What the log said, for the page's list of names.</param>
/// <param name="Fault">What is wrong with it: the code says one thing and does another. Null when it is sound.</param>
internal sealed record Finding(string Word, IReadOnlyList<Degradation> Said, string? Fault = null)
{
    public static readonly Finding Carried = new("carried", []);

    /// <summary>Compares what the log said with what is found in the bytes.</summary>
    public static Finding Of(IReadOnlyList<Degradation> said, bool found, bool traced, bool forbidden)
    {
        var word = said.Count == 0 ? "carried" : said.Max(d => d.Outcome switch
        {
            DegradationOutcome.Emulated => (0, "emulated"),
            DegradationOutcome.Weakened => (1, "weakened"),
            _ => (2, "dropped"),
        }).Item2;
        return new Finding(word, said, (word, found, traced) switch
        {
            _ when forbidden => "it is in the body of a vendor that must not see it",
            ("carried", false, _) => "it is neither in the body nor in the log",
            ("dropped", true, _) => "the log says that it was dropped, but it is in the body",
            ("emulated" or "weakened", _, false) => "the log says that it was kept in some way, but nothing of it is in the body",
            _ => null,
        });
    }

    /// <summary>The cell of the page.</summary>
    public string Cell => Fault is not null && Said.Count == 0 && Word == "carried" ? "**lost**" : Said.Count == 0 ? Word : $"{Word} {string.Join(' ', Said.Select(d => $"`{d.Feature}`"))}";
}
