using System.Globalization;
using Sluice.Core.Admission.Limits;
using Sluice.Core.Configuration;

namespace Sluice.Core.Diagnosis;

/// <summary>Is it known what each provider's account allows? What is written down is shared out fairly; what is not shows as the provider's 429s.</summary>
internal static class RateLimitCheck
{
    private const string Check = "rate limits";

    public static IEnumerable<CheckLine> Of(ChecklistFacts facts)
    {
        foreach (var provider in facts.Configuration.Providers.Where(provider => provider.Kind != ProviderKind.Simulator))
        {
            yield return provider.Limits.IsNone
                ? new(Check, Verdict.Warn, $"{provider.Name}: what its account allows is not written down.",
                    $"Write limits: {{ rpm: …, input_tpm: …, output_tpm: …, rpd: … }} under {provider.Name}, as its vendor's console shows them.")
                : new(Check, Verdict.Ok, $"{provider.Name}: {string.Join(", ", Known(provider.Limits))}.");
        }
    }

    private static IEnumerable<string> Known(LimitSet limits) =>
        from limit in ((long Number, string What)[])
        [
            (limits.RequestsPerMinute, "requests a minute"), (limits.InputPerMinute, "input tokens a minute"), (limits.OutputPerMinute, "output tokens a minute"),
            (limits.RequestsPerDay, "requests a day"), (limits.Concurrency, "at once"),
        ]
        where limit.Number > 0
        select string.Create(CultureInfo.InvariantCulture, $"{limit.Number:N0} {limit.What}");
}
