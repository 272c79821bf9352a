using System.Text.Json;
using Sluice.Core.Configuration;
using Sluice.Core.Diagnosis;

namespace Sluice.Server.Diagnosis;

/// <summary>What the checklist is to look at beside what Sluice knows itself.</summary>
public sealed record DoctorQuestion
{
    /// <summary>A client key to be judged; never kept, never in an answer.</summary>
    public string? ClientKey { get; init; }

    /// <summary>Model names that somebody means to ask for.</summary>
    public IReadOnlyList<string>? Models { get; init; }

    /// <summary>Lines that only the caller could find, such as about the folder that it stands in: told first, and weighed with the others.</summary>
    public IReadOnlyList<DoctorLine>? Lines { get; init; }
}

/// <summary>The checklist as it is sent.</summary>
/// <param name="Verdict">The worst of the lines: <c>ok</c>, <c>warn</c>, <c>fail</c>.</param>
/// <param name="Running">A Sluice that runs was looked at; else its configuration alone.</param>
/// <param name="Lines">In the order of the checks.</param>
/// <param name="Next">What to do next, always in the same order.</param>
public sealed record DoctorAnswer(string Verdict, bool Running, IReadOnlyList<DoctorLine> Lines, IReadOnlyList<NextStep> Next)
{
    /// <summary>The checklist of a configuration that nothing serves.</summary>
    public static DoctorAnswer Of(ConfigSnapshot configuration, DoctorQuestion question)
    {
        ArgumentNullException.ThrowIfNull(question);
        return Of(Doctor.Facts(configuration, question), Doctor.Own(question));
    }

    /// <summary>Puts lines, their weight and the next steps together; <paramref name="first"/> stand before the checklist's own.</summary>
    internal static DoctorAnswer Of(ChecklistFacts facts, IEnumerable<CheckLine> first)
    {
        CheckLine[] lines = [.. first, .. ProductionChecklist.Of(facts)];
        return new DoctorAnswer(Word(lines.Max(line => line.Verdict)), facts.Running is not null,
            [.. lines.Select(DoctorLine.Of)], NextSteps.Of(facts.Configuration, lines));
    }

    internal static string Word(Verdict verdict) => JsonNamingPolicy.SnakeCaseLower.ConvertName(verdict.ToString());
}

/// <summary>One line as it is sent; see <see cref="CheckLine"/>.</summary>
/// <param name="Check">What was looked at.</param>
/// <param name="Verdict"><c>ok</c>, <c>warn</c>, <c>fail</c>.</param>
/// <param name="Found">What was found.</param>
/// <param name="Remedy">What to do; null where nothing is needed.</param>
public sealed record DoctorLine(string Check, string Verdict, string Found, string? Remedy)
{
    /// <summary>The line with its verdict as a word.</summary>
    public static DoctorLine Of(CheckLine line)
    {
        ArgumentNullException.ThrowIfNull(line);
        return new DoctorLine(line.Check, DoctorAnswer.Word(line.Verdict), line.Found, line.Remedy);
    }

    /// <summary>Back to a line; a word that is no verdict counts as the worst.</summary>
    internal CheckLine ToLine() => new(Check, Enum.TryParse<Verdict>(Verdict, ignoreCase: true, out var known) && Enum.IsDefined(known) ? known : Core.Diagnosis.Verdict.Fail, Found, Remedy);
}
