using System.Globalization;
using Sluice.Core.Diagnosis;

namespace Sluice.Core.Advice;

/// <summary>What became of the time in which models at providers were down.</summary>
/// <param name="Minutes">Of all outages, each model at each provider counted for itself.</param>
/// <param name="Bridged">Of them: requests were answered elsewhere, and none failed.</param>
/// <param name="Passed">Of them: at least one request failed for its client.</param>
/// <param name="Answered">Requests that were answered elsewhere.</param>
/// <param name="Failed">Requests that failed for their clients.</param>
/// <param name="HoursRead">Hours with failures whose attempts were looked at.</param>
/// <param name="HoursWithOutages">Hours with failures in all.</param>
/// <param name="Outages">The longest first; at most 20.</param>
/// <param name="Found">A sentence.</param>
public sealed record BridgedTime(int Minutes, int Bridged, int Passed, int Answered, int Failed, int HoursRead, int HoursWithOutages, IReadOnlyList<Outage> Outages, string Found)
{
    private const int MostListed = 20;

    internal static BridgedTime Of(AdviceFacts facts)
    {
        var outages = Advice.Outages.Of(facts.Attempts);
        var (minutes, bridged, passed) = (outages.Sum(outage => outage.Minutes), outages.Sum(outage => outage.Bridged), outages.Sum(outage => outage.Passed));
        var found = outages.Count == 0
            ? "No model at any provider was down for everybody."
            : string.Create(
                CultureInfo.InvariantCulture,
                $"{Wording.Count(outages.Count, "outage")}, {Wording.Count(minutes, "minute")}: {bridged:N0} in which others answered everybody, {passed:N0} in which requests failed, {minutes - bridged - passed:N0} in which nobody asked.");
        if (facts.HoursRead < facts.HoursWithOutages)
        {
            found += $" Only the {Wording.Count(facts.HoursRead, "hour")} with the most failures were looked at, of {facts.HoursWithOutages}.";
        }

        return new BridgedTime(minutes, bridged, passed, outages.Sum(outage => outage.Answered), outages.Sum(outage => outage.Failed), facts.HoursRead, facts.HoursWithOutages, [.. outages.OrderByDescending(outage => outage.Minutes).ThenBy(outage => outage.From).Take(MostListed)], found);
    }
}
