using Sluice.Core.Ledger;
using Sluice.Protocols.Errors;

namespace Sluice.Core.Advice;

/// <summary>Which causes count as what.</summary>
internal static class Causes
{
    private static readonly HashSet<string> Faults = [.. Enum.GetValues<ErrorKind>().Except([ErrorKind.Cancelled]).Select(AttemptCause.Of)];

    // The provider answers nobody. A refused key or a full quota is not among them: others may be served all the while.
    private static readonly HashSet<string> Outages =
        [.. new[] { ErrorKind.Overloaded, ErrorKind.Timeout, ErrorKind.UpstreamError, ErrorKind.Connection, ErrorKind.BadResponse }.Select(AttemptCause.Of)];

    /// <summary>Too much was asked of an account within minutes.</summary>
    public static string RateLimit { get; } = AttemptCause.Of(ErrorKind.RateLimit);

    /// <summary>An account's quota is used up.</summary>
    public static string Quota { get; } = AttemptCause.Of(ErrorKind.QuotaExhausted);

    /// <summary>Something went wrong; a client that left and an answer that was not needed are not among them.</summary>
    public static bool IsFault(string cause) => Faults.Contains(cause);

    /// <summary>The provider was down for this attempt.</summary>
    public static bool IsOutage(string cause) => Outages.Contains(cause);

    /// <summary>The client went before there was an answer.</summary>
    public static bool IsClientGone(string cause) => cause is "client_gone" or "client_timeout";
}
