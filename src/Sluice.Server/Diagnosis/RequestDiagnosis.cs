using System.Globalization;
using System.Text.Json;
using Sluice.Core.Diagnosis;
using Sluice.Core.Ledger;
using Sluice.Server.Explain;

namespace Sluice.Server.Diagnosis;

/// <summary>Was it the key, the quota, the provider or the request? Walks them in this order over what the ledger kept of one request.</summary>
internal static class RequestDiagnosis
{
    // A request with more attempts than that has told its story; the whole trail is what 'explain' shows.
    private const int MostAttempts = 4;
    private const int MostText = 400;

    public static DiagnosisAnswer Of(string id, RequestTrail trail)
    {
        var verdict = RequestVerdict.Of(trail);
        var failed = trail.Request is { } request && (request.Error is not null || request.Status >= 400);
        var faults = Faults(trail);
        var several = faults.Select(fault => fault.Place.Step).Distinct().Count() > 1;
        var steps = Enum.GetValues<DiagnosisStep>().Select(step =>
        {
            var here = faults.Where(fault => fault.Place.Step == step).ToList();
            if (here.Count == 0)
            {
                return new DiagnosisLine(Word(step), DoctorAnswer.Word(Verdict.Ok), Cause: null, Fine(step, trail), Remedy: null);
            }

            // What the client was told is the remedy of the whole; of several faults each has its own.
            var remedy = failed && (!several || here[0].Attempt is null || step == DiagnosisStep.Request) ? verdict.Remedy : RequestVerdict.AfterFailover(here[0].Attempt!);
            return new DiagnosisLine(Word(step), DoctorAnswer.Word(failed ? Verdict.Fail : Verdict.Warn),
                failed || step != DiagnosisStep.Provider ? here[0].Place.Cause : "transient", Told(here), remedy);
        }).ToList();
        return new DiagnosisAnswer(id, verdict.State, trail.Request?.Status, failed ? steps.Find(step => step.Verdict == "fail")?.Step : null, steps);
    }

    private static List<Fault> Faults(RequestTrail trail)
    {
        var faults = new List<Fault>();
        foreach (var attempt in trail.Attempts)
        {
            // A client that leaves, or gives up, is no fault of the attempt that it left.
            if (attempt.Settled is { Outcome: AttemptOutcome.Failed, Fault: { } kind } && DiagnosedFault.OfAttempt(kind) is { } place)
            {
                faults.Add(new Fault(place, Said(attempt), attempt));
            }
        }

        if (faults.Count == 0 && trail.Request is { Error: { } own } request && DiagnosedFault.OfSluice(own, request.ErrorSource) is { } ownPlace)
        {
            faults.Add(new Fault(ownPlace, Short(request.Cause ?? AttemptCause.Of(own)), Attempt: null));
        }

        return faults;
    }

    private static string Said(AttemptTrail attempt)
    {
        var (start, end) = attempt;
        var status = end!.Status is { } number ? string.Create(CultureInfo.InvariantCulture, $" with {number}") : "";
        var who = start.Credential is { } credential ? $"{start.Provider} ({credential})" : start.Provider;
        return $"{who} failed{status} ({AttemptCause.Of(end.Fault!.Value)}): {Short(end.Message ?? "it gave no reason")}";
    }

    private static string Told(List<Fault> faults)
    {
        var shown = string.Join("; ", faults.Take(MostAttempts).Select(fault => fault.Said).Distinct(StringComparer.Ordinal));
        return faults.Count <= MostAttempts ? shown : string.Create(CultureInfo.InvariantCulture, $"{shown}; and {faults.Count - MostAttempts} more");
    }

    private static string Fine(DiagnosisStep step, RequestTrail trail)
    {
        var first = trail.Attempts is [var attempt, ..] ? attempt.Started : null;
        var answered = trail.Attempts.LastOrDefault(one => one.Settled?.Outcome == AttemptOutcome.Succeeded)?.Started.Provider;
        return step switch
        {
            DiagnosisStep.Key => $"The key {trail.Request?.KeyId ?? first?.KeyId} of {trail.Request?.User ?? first?.User} was taken{(first is null ? "" : ", and the providers took theirs")}.",
            DiagnosisStep.Quota => "No limit, quota or balance was in the way.",
            DiagnosisStep.Provider when first is null => "No provider was asked.",
            DiagnosisStep.Provider => answered is null ? "No provider failed." : $"{answered} answered.",
            _ => "Nothing in the request was refused.",
        };
    }

    private static string Short(string text) => text.Length <= MostText ? text : text[..MostText] + "…";

    private static string Word(DiagnosisStep step) => JsonNamingPolicy.SnakeCaseLower.ConvertName(step.ToString());

    private sealed record Fault(DiagnosedFault Place, string Said, AttemptTrail? Attempt);
}

/// <summary>The diagnosis of one request as it is sent.</summary>
/// <param name="Id">The <c>gen-…</c> id.</param>
/// <param name="State"><c>settled</c>, <c>running</c> or <c>abandoned</c>.</param>
/// <param name="Status">What the client saw; null while it runs.</param>
/// <param name="Fault">The first step that failed it; null where the client got its answer.</param>
/// <param name="Steps">All four, in their order.</param>
internal sealed record DiagnosisAnswer(string Id, string State, int? Status, string? Fault, IReadOnlyList<DiagnosisLine> Steps);

/// <summary>One step.</summary>
/// <param name="Step"><c>key</c>, <c>quota</c>, <c>provider</c>, <c>request</c>.</param>
/// <param name="Verdict"><c>ok</c>; <c>warn</c> where another attempt mended it; <c>fail</c>.</param>
/// <param name="Cause">What it was; <c>transient</c> for a provider's fault that was mended; null where all is well.</param>
/// <param name="Found">What the ledger says.</param>
/// <param name="Remedy">What to do; null where all is well.</param>
internal sealed record DiagnosisLine(string Step, string Verdict, string? Cause, string Found, string? Remedy);
