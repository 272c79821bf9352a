using System.Globalization;
using Sluice.Protocols;
using Sluice.Protocols.Errors;

namespace Sluice.Core.Faults;

/// <summary>How a connection failed, as far as the transport can tell.</summary>
public enum ConnectionFailure
{
    /// <summary>The host name means nothing.</summary>
    NameNotFound,

    /// <summary>Nothing takes connections there, or the network does not lead there.</summary>
    Unreachable,

    /// <summary>TLS: certificate, protocol or not TLS at all.</summary>
    Tls,

    /// <summary>The proxy refused or failed.</summary>
    Proxy,

    /// <summary>The connection was cut.</summary>
    Cut,
}

/// <summary>Which wait ran out.</summary>
public enum TimeoutLimit
{
    /// <summary>TCP and TLS.</summary>
    Connect,

    /// <summary>To the first content.</summary>
    FirstToken,

    /// <summary>Silence after it.</summary>
    Idle,

    /// <summary>The attempt as a whole.</summary>
    Total,
}

/// <summary>
/// Turns what happened into an <see cref="UpstreamFault"/>: the one place that says what moves on to the next candidate, what may be repeated,
/// and whose credential is dead. The error's kind decides before the status, since vendors put key and credit refusals into 400 and 429.
/// </summary>
public static class FaultClassifier
{
    /// <summary>An answer with a status that is no success.</summary>
    /// <param name="protocol">The upstream's wire.</param>
    /// <param name="status">HTTP status.</param>
    /// <param name="error">The body as that wire's reader understood it, secrets already removed.</param>
    /// <param name="headers">Of the answer.</param>
    /// <param name="now">For hints that are dates.</param>
    public static UpstreamFault FromStatus(WireProtocol protocol, int status, UpstreamError error, IHeaderLookup headers, DateTimeOffset now)
    {
        if (error.Status is null)
        {
            error = error with { Status = status };
        }

        return Classify(FaultPhase.Status, status, error, RetryHint.FromHeaders(headers, status, now) ?? error.RetryAfter ?? BodyHint.Of(error, now));
    }

    /// <summary>An error inside an answer that began as a success.</summary>
    /// <param name="error">As the stream or body reader understood it, secrets already removed.</param>
    /// <param name="phase">Before or after the first content.</param>
    /// <param name="now">For hints that are dates.</param>
    public static UpstreamFault FromStreamError(UpstreamError error, FaultPhase phase, DateTimeOffset now) =>
        Classify(phase, error.Status is >= 300 and <= 999 ? error.Status.Value : ErrorStatus.Of(error.Kind), error, error.RetryAfter ?? BodyHint.Of(error, now));

    /// <summary>The answer is not what its protocol allows: HTML, broken JSON, a stream without its end.</summary>
    /// <param name="phase">Where.</param>
    /// <param name="message">What was wrong, in a sentence.</param>
    public static UpstreamFault BadResponse(FaultPhase phase, string message) =>
        new(phase, new UpstreamError(ErrorKind.BadResponse, message));

    /// <summary>Whoever set the request a deadline waits no longer, while the provider worked: it did nothing wrong, and nobody else is asked.</summary>
    /// <param name="limit">The deadline.</param>
    /// <param name="whose">Who waits no longer: <c>the client</c>, <c>timeouts.request</c>.</param>
    public static UpstreamFault Deadline(TimeSpan limit, string whose) =>
        new(FaultPhase.Stream, new UpstreamError(ErrorKind.Timeout, $"The provider worked on it when the deadline of {limit.TotalSeconds.ToString("0.###", CultureInfo.InvariantCulture)} s passed ({whose})."))
        {
            Source = ErrorSource.Gateway,
            Reason = "deadline",
        };

    /// <summary>A wait ran out. Never repeated on the same endpoint: the provider may have counted the tokens, and would again.</summary>
    /// <param name="which">Which of the provider's <c>timeouts</c>.</param>
    /// <param name="limit">Its value.</param>
    public static UpstreamFault Timeout(TimeoutLimit which, TimeSpan limit)
    {
        var (phase, what, setting) = which switch
        {
            TimeoutLimit.Connect => (FaultPhase.Connect, "The connection was not made", "connect"),
            TimeoutLimit.FirstToken => (FaultPhase.FirstToken, "No content came", "first_token"),
            TimeoutLimit.Idle => (FaultPhase.Stream, "The provider fell silent", "idle"),
            _ => (FaultPhase.Stream, "The attempt did not end", "total"),
        };
        var seconds = limit.TotalSeconds.ToString("0.###", CultureInfo.InvariantCulture);
        return new UpstreamFault(phase, new UpstreamError(ErrorKind.Timeout, $"{what} within {seconds} s (the provider's timeouts.{setting})."))
        {
            Source = which == TimeoutLimit.Connect ? ErrorSource.Network : ErrorSource.Provider,
        };
    }

    /// <summary>The connection could not be made, or was cut.</summary>
    /// <param name="failure">How.</param>
    /// <param name="phase">Where.</param>
    /// <param name="host">Host and port as configured; goes into the message.</param>
    /// <param name="detail">What the system said; null where it said nothing of use.</param>
    public static UpstreamFault Connection(ConnectionFailure failure, FaultPhase phase, string host, string? detail)
    {
        var (reason, what, remedy) = failure switch
        {
            ConnectionFailure.NameNotFound => ("dns", $"The host name of {host} could not be resolved (DNS)", "Check the spelling of base_url and this machine's DNS."),
            ConnectionFailure.Unreachable => ("connect", $"No connection to {host} could be made", "Check that the provider is up, the port of base_url, and firewalls between."),
            ConnectionFailure.Tls => ("tls", $"The TLS handshake with {host} failed", "Check the scheme of base_url, the certificate and its authority, and this machine's clock."),
            ConnectionFailure.Proxy => ("proxy", $"The proxy did not let the connection to {host} through", "Check HTTPS_PROXY, HTTP_PROXY and NO_PROXY, and the proxy's own rules."),
            _ => ("cut", $"The connection to {host} was cut", "The provider or a device between closed it; another try may succeed."),
        };
        var message = string.IsNullOrEmpty(detail) ? $"{what}. {remedy}" : $"{what}: {detail.TrimEnd('.', ' ')}. {remedy}";
        return new UpstreamFault(phase, new UpstreamError(ErrorKind.Connection, message))
        {
            Source = ErrorSource.Network,
            Reason = reason,
            Remedy = remedy,
            CanRepeat = true,
        };
    }

    private static UpstreamFault Classify(FaultPhase phase, int status, UpstreamError error, TimeSpan? hint)
    {
        if (RefusesCredential(status, error))
        {
            return new UpstreamFault(phase, error) { CredentialIsDead = true, RetryAfter = hint };
        }

        if (IsOfTheRequest(status, error.Kind))
        {
            return new UpstreamFault(phase, error) { CanFailOver = false, Source = ErrorSource.Client };
        }

        return new UpstreamFault(phase, error)
        {
            RetryAfter = hint,
            CanRepeat = CanRepeat(status, error.Kind),
        };
    }

    private static bool RefusesCredential(int status, UpstreamError error) => error.Kind switch
    {
        // An edge that answers 403 in HTML blocks the address or the request; the key was never looked at.
        ErrorKind.Permission => !(status == 403 && error.Body.IsEmpty),
        ErrorKind.Authentication => !(status == 403 && error.Body.IsEmpty),
        ErrorKind.Credits => true,
        ErrorKind.ContentPolicy or ErrorKind.ContextLength or ErrorKind.RegionRestricted => false,
        _ => status is 401 or 402,
    };

    /// <summary>What the request itself causes fails everywhere alike, and is no mark against the provider.</summary>
    private static bool IsOfTheRequest(int status, ErrorKind kind) => kind switch
    {
        ErrorKind.ContextLength or ErrorKind.ContentPolicy => true,
        ErrorKind.RateLimit or ErrorKind.QuotaExhausted or ErrorKind.Overloaded or ErrorKind.Timeout => false,
        ErrorKind.ModelNotFound or ErrorKind.NoEndpoint or ErrorKind.Connection or ErrorKind.BadResponse or ErrorKind.RegionRestricted => false,
        _ => status is 400 or 413 or 422,
    };

    // 408, 504, 522 and 524 are waits that ran out at the vendor's edge.
    private static bool CanRepeat(int status, ErrorKind kind) =>
        kind is not (ErrorKind.Timeout or ErrorKind.RateLimit or ErrorKind.QuotaExhausted or ErrorKind.BadResponse)
        && status >= 500 && status is not (504 or 522 or 524);
}
