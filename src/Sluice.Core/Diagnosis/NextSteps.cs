using Sluice.Core.Configuration;
using Sluice.Core.Resilience;

namespace Sluice.Core.Diagnosis;

/// <summary>One thing to do next.</summary>
/// <param name="Step"><c>check</c>, <c>targeted fix</c>, <c>structured retry</c>, <c>design fallback</c>.</param>
/// <param name="What">A sentence or two.</param>
public sealed record NextStep(string Step, string What);

/// <summary>What to do next, always in the same order: look before you change, change one thing, repeat with measure, and only then rebuild the plan.</summary>
public static class NextSteps
{
    /// <summary>The four steps.</summary>
    public static IReadOnlyList<NextStep> Of(ConfigSnapshot configuration, IReadOnlyList<CheckLine> lines)
    {
        var worst = lines.Where(line => line.Verdict != Verdict.Ok).OrderByDescending(line => line.Verdict).FirstOrDefault();
        var retries = ResilienceCheck.Of(configuration).First(finding => finding.Layer == "retries");
        var fallback = lines.FirstOrDefault(line => line.Check == FallbackCheck.Check);
        return
        [
            new("check", "Of a request that failed, 'sluice doctor --request ID' says whether it was the key, the quota or the provider; 'sluice explain ID' has every attempt."),
            new("targeted fix", worst is null ? "Nothing on this list needs one." : $"{worst.Check}: {worst.Remedy}"),
            new("structured retry", retries.Remedy is { } remedy ? $"{retries.What} {remedy}" : $"{retries.What} Agents need no loop of their own."),
            new("design fallback", fallback?.Remedy ?? "In place; prove it with 'sluice drill outage'."),
        ];
    }
}
