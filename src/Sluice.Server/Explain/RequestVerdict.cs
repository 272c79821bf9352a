using System.Globalization;
using Sluice.Core.Ledger;
using Sluice.Protocols.Errors;

namespace Sluice.Server.Explain;

/// <summary>Whose fault was it, and what now? One sentence each.</summary>
/// <param name="State"><c>settled</c>, <c>running</c> or <c>abandoned</c>.</param>
/// <param name="Cause">Null only where nothing is known yet.</param>
/// <param name="Remedy">Null where nothing need be done.</param>
internal readonly record struct RequestVerdict(string State, string? Cause, string? Remedy)
{
    /// <summary>What the ledger's rows amount to.</summary>
    public static RequestVerdict Of(RequestTrail trail) => trail.Request switch
    {
        { } request when request.Error is not null || request.Status >= 400 => new("settled", WithoutRemedy(request), request.Remedy ?? AfterError(request)),
        { Cause: { } told } request => new("settled", told, request.Route == AttemptCause.StaleRoute ? "Nothing to do; 'sluice status' says who fails." : null),
        { } => Answered(trail.Attempts),
        null when trail.Attempts.Any(attempt => attempt.Settled is null) => new("running", "The request is still running.", null),
        null when trail.Attempts.Any(attempt => attempt.Settled!.Outcome == AttemptOutcome.Abandoned) =>
            new("abandoned", "Sluice ended while the request ran; its attempts are charged with their counted input.", "Send the request again."),
        _ => new("running", "Its last attempt has ended; the request itself is not settled yet, or Sluice ended just then.", null),
    };

    // What the client was told holds both.
    private static string? WithoutRemedy(RequestSettled request) =>
        request is { Cause: { } cause, Remedy: { Length: > 0 } remedy } && cause.Length > remedy.Length && cause.EndsWith(remedy, StringComparison.Ordinal)
            ? cause[..^remedy.Length].TrimEnd()
            : request.Cause;

    private static RequestVerdict Answered(IReadOnlyList<AttemptTrail> attempts)
    {
        if (attempts.Count == 0)
        {
            return new("settled", "Sluice answered by itself; no provider was asked.", null);
        }

        var last = attempts[^1].Started.Provider;
        if (attempts.Count == 1)
        {
            return new("settled", $"{last} answered at once.", null);
        }

        if (Race(attempts) is { } race)
        {
            return new("settled", race, null);
        }

        var first = attempts[0];
        var failed = first.Settled is { } end ? AttemptCause.Of(end.Outcome, end.Fault) + (end.Status is { } status ? string.Create(CultureInfo.InvariantCulture, $" {status}") : "") : "running";
        var more = attempts.Count == 2 ? "" : string.Create(CultureInfo.InvariantCulture, $", {attempts.Count - 2} more failed after it");
        return new("settled", $"{first.Started.Provider} failed ({failed}){more}, then {last} answered; the client saw no error.", AfterFailover(first));
    }

    // The one that answered and the one that was cancelled for it, in either order, and nobody else.
    private static string? Race(IReadOnlyList<AttemptTrail> attempts)
    {
        var (quick, slow) = attempts is [var one, { Settled.Outcome: AttemptOutcome.Succeeded } two] ? (two, one) : (attempts[0], attempts[1]);
        return attempts.Count == 2 && quick.Settled is { Outcome: AttemptOutcome.Succeeded } && slow.Settled is { Outcome: AttemptOutcome.Superseded, Fault: null }
            ? $"{attempts[0].Started.Provider} had shown nothing for a while, so {attempts[1].Started.Provider} was asked as well; {quick.Started.Provider} answered first, and what {slow.Started.Provider} had used by then is charged too."
            : null;
    }

    /// <summary>What to do about one failed attempt, when it did not fail the request by itself.</summary>
    internal static string AfterFailover(AttemptTrail first) => first.Settled?.Fault switch
    {
        ErrorKind.RateLimit => $"Nothing to do; if it recurs, add a key to '{first.Started.Provider}' or another provider for this model.",
        ErrorKind.QuotaExhausted or ErrorKind.Credits => $"Raise the quota of the account behind '{first.Started.Provider}', or take it out.",
        ErrorKind.Authentication or ErrorKind.Permission => $"Replace the API key {first.Started.Credential} of provider '{first.Started.Provider}'.",
        ErrorKind.RegionRestricted => $"'{first.Started.Provider}' serves nobody where Sluice calls from: call it from elsewhere, or take it out.",
        ErrorKind.ModelNotFound => $"Check what '{first.Started.Provider}' calls this model: the configuration says '{first.Started.UpstreamModel}'.",
        ErrorKind.ContextLength => "Nothing to do: a larger window answered, or the middle of the conversation was left out; 'degraded' says so.",
        ErrorKind.InvalidRequest => $"'{first.Started.Provider}' refused something in the request that another attempt went without; 'degraded' says what.",
        _ => $"Nothing to do; if it recurs, look at provider '{first.Started.Provider}' with 'sluice status'.",
    };

    private static string AfterError(RequestSettled request) => request.Error switch
    {
        ErrorKind.Cancelled => "Nothing to do: the client ended it. What the provider had done by then is charged.",
        ErrorKind.InvalidRequest or ErrorKind.ContentPolicy => "Change the request.",
        ErrorKind.ContextLength => "Shorten the conversation, or use a model with a larger window.",
        ErrorKind.Authentication or ErrorKind.Permission => "Use a key that may do this, or ask the administrator.",
        ErrorKind.ModelNotFound or ErrorKind.NoEndpoint => "'sluice models list' shows what can be served here.",
        ErrorKind.Internal => "Report it with this id; the log has the fault.",
        _ => "Send the request again.",
    };
}
