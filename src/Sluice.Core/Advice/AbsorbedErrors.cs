using System.Globalization;
using Sluice.Core.Diagnosis;
using Sluice.Core.Ledger;

namespace Sluice.Core.Advice;

/// <summary>
/// How many errors clients were spared. A request is absorbed when its first call failed and a later one answered; both are counted in the sums,
/// so nothing is estimated. (A request at the first or last midnight may be counted with its neighbour day.)
/// </summary>
/// <param name="Requests">All of them.</param>
/// <param name="Answered">By a provider, or by a kept answer.</param>
/// <param name="Absorbed">Of these: the first call had failed.</param>
/// <param name="Passed">Providers were asked, and the client got an error.</param>
/// <param name="Refused">The client got an error before any provider was asked: limits, unknown models, nobody left to ask.</param>
/// <param name="ClientGone">The client left first.</param>
/// <param name="MostCommon">The most common errors of calls, and of requests that nobody was asked for; at most ten.</param>
/// <param name="Found">A sentence.</param>
public sealed record AbsorbedErrors(long Requests, long Answered, long Absorbed, long Passed, long Refused, long ClientGone, IReadOnlyList<CommonError> MostCommon, string Found)
{
    private const int MostListed = 10;

    internal static AbsorbedErrors Of(AdviceFacts facts)
    {
        var asked = facts.Days.Where(day => day.Provider is not null).ToList();
        var unasked = facts.Days.Where(day => day.Provider is null).ToList();
        var requests = asked.Concat(unasked).Sum(day => day.Requests);
        var kept = unasked.Where(day => day.Cause is AttemptCause.Answered or AttemptCause.Cache).Sum(day => day.Requests);
        var refused = unasked.Where(day => Causes.IsFault(day.Cause)).Sum(day => day.Requests);

        // One call of a request answers; the request itself counts where its first call does.
        var answers = asked.Where(day => day.Cause == AttemptCause.Answered).ToList();
        var answered = answers.Sum(day => day.Attempts);
        var notNeeded = asked.Where(day => day.Cause == "superseded").Sum(day => day.Requests);
        var absorbed = Math.Max(0, answered - answers.Sum(day => day.Requests) - notNeeded);
        var gone = asked.Where(day => Causes.IsClientGone(day.Cause)).Sum(day => day.Attempts);
        var died = asked.Where(day => day.Cause == "abandoned").Sum(day => day.Attempts);
        var passed = Math.Max(0, asked.Sum(day => day.Requests) - answered - gone - died);

        List<CommonError> common = [.. facts.Days
            .Where(day => Causes.IsFault(day.Cause))
            .GroupBy(day => (day.Provider, day.Cause))
            .Select(group => new CommonError(group.Key.Cause, group.Key.Provider, group.Sum(day => group.Key.Provider is null ? day.Requests : day.Attempts)))
            .OrderByDescending(error => error.Count).ThenBy(error => error.Cause, StringComparer.Ordinal).ThenBy(error => error.Provider, StringComparer.Ordinal)
            .Take(MostListed)];
        var found = requests == 0
            ? "There were no requests."
            : string.Create(
                CultureInfo.InvariantCulture,
                $"Of {Wording.Count(requests, "request")} {answered + kept:N0} were answered. Of {absorbed + passed:N0} whose first call failed, {absorbed:N0} were answered by another call ({Share.Of(absorbed, absorbed + passed)}) and {passed:N0} got the error.");
        return new AbsorbedErrors(requests, answered + kept, absorbed, passed, refused, gone, common, found);
    }
}

/// <summary>One kind of error.</summary>
/// <param name="Cause">Its kind.</param>
/// <param name="Provider">Whose calls failed; null where nobody was asked.</param>
/// <param name="Count">Calls, or requests where nobody was asked.</param>
public sealed record CommonError(string Cause, string? Provider, long Count);
