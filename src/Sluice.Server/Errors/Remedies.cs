using Sluice.Protocols.Errors;

namespace Sluice.Server.Errors;

/// <summary>What to do about a kind of error, for errors that know nothing better: none goes out without a remedy.</summary>
internal static class Remedies
{
    /// <summary>One sentence.</summary>
    public static string Of(ErrorKind kind) => kind switch
    {
        ErrorKind.InvalidRequest or ErrorKind.ContentPolicy => "Correct the request and send it again.",
        ErrorKind.Authentication => "Send a key made by `sluice keys create`.",
        ErrorKind.Permission => "Use a key that may do this, or ask the administrator.",
        ErrorKind.Credits => "Ask the administrator to raise the account.",
        ErrorKind.ModelNotFound or ErrorKind.NoEndpoint => "GET /v1/models lists what can be used here.",
        ErrorKind.ContextLength => "Shorten the conversation, or use a model with a larger window.",
        ErrorKind.RateLimit or ErrorKind.Overloaded or ErrorKind.Timeout => "Wait and try again.",
        ErrorKind.QuotaExhausted => "Ask the administrator to raise the quota.",
        ErrorKind.UpstreamError or ErrorKind.BadResponse or ErrorKind.Connection => "Try again; if it recurs, GET /status says which provider fails.",
        ErrorKind.Internal => "Report it with the request's id; the log has the fault.",
        ErrorKind.RegionRestricted => "Use a model whose provider serves this place.",
        ErrorKind.Cancelled => "Nothing to do: the client ended it.",
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, message: null),
    };
}
