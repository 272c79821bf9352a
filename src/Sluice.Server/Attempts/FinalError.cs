using Sluice.Core.Faults;
using Sluice.Protocols.Errors;

namespace Sluice.Server.Attempts;

/// <summary>What the client is told when every candidate failed: one cause, one remedy, and all attempts.</summary>
internal static class FinalError
{
    /// <summary>The error of the attempts so far; at least one has a fault.</summary>
    public static GatewayError Compose(InferenceRequest request)
    {
        var told = request.Attempts[^1];
        foreach (var attempt in request.Attempts)
        {
            if (attempt.Fault is not null && (told.Fault is null || Hope(attempt.Fault) > Hope(told.Fault)))
            {
                told = attempt;
            }
        }

        return Of(request, told);
    }

    /// <summary>The error of one attempt, with all attempts in its trail.</summary>
    public static GatewayError Of(InferenceRequest request, Attempt told)
    {
        var fault = told.Fault!;
        var remedy = Remedy(fault, told.Row.Provider);
        return new GatewayError(ClientKind(fault), fault.CanFailOver ? fault.Source : ErrorSource.Client, StatusOf(fault), Message(request, told, fault, remedy))
        {
            Remedy = remedy,
            RequestId = request.Id,
            Param = fault.Error.Param,
            Code = fault.Error.Code,
            Provider = told.Row.Provider,
            ProviderMessage = fault.Error.Message,
            Reason = fault.Reason,
            RetryAfter = ShortestHint(request),
            ShouldRetry = request.Attempts.TrueForAll(a => a.Fault is { } f && IsHopeless(f)) ? false : null,
            ContextTokens = fault.Error.ContextTokens,
            Attempts = [.. request.Attempts.Where(a => a.Fault is not null).Select(a => a.Summarise())],
        };
    }

    /// <summary>What the client gets. A provider that refuses Sluice's own key or account is not the client's 401, 402 or 403, and nobody but the client sends 499.</summary>
    public static int StatusOf(UpstreamFault fault) => fault.Kind switch
    {
        ErrorKind.InvalidRequest when fault.Status is 413 or 422 => fault.Status.Value,
        ErrorKind.Authentication or ErrorKind.Permission or ErrorKind.Credits or ErrorKind.RegionRestricted or ErrorKind.Cancelled => ErrorStatus.Of(ErrorKind.UpstreamError),
        var kind => ErrorStatus.Of(kind),
    };

    // An account that is refused is told as an upstream's failure: clients log out or stop for good on "authentication".
    private static ErrorKind ClientKind(UpstreamFault fault) =>
        fault.Kind is ErrorKind.Authentication or ErrorKind.Permission or ErrorKind.Credits ? ErrorKind.UpstreamError : fault.Kind;

    private static string Message(InferenceRequest request, Attempt told, UpstreamFault fault, string remedy)
    {
        var others = request.Attempts.Count(a => a.Fault is not null) - 1;
        var trail = others > 0 ? $" ({told.Row.Provider}; {others} further {(others == 1 ? "attempt" : "attempts")} failed too)" : $" ({told.Row.Provider})";
        return fault.CanFailOver
            ? $"Provider returned error: {fault.Error.Message}{trail}. {remedy}{Continuation.Note(request)}"
            : fault.Error.Message;
    }

    private static string Remedy(UpstreamFault fault, string provider) => fault.Kind switch
    {
        ErrorKind.RateLimit => "Wait and try again, or add a further provider or key for this model.",
        ErrorKind.QuotaExhausted => $"The quota of the account behind '{provider}' is used up: raise it, or add a further provider.",
        ErrorKind.Overloaded => "Try again shortly; a fallback model or a second provider would have absorbed this.",
        ErrorKind.Timeout => "Try again; if it recurs, raise this provider's timeouts or add a fallback.",
        ErrorKind.Connection => $"Check that '{provider}' is reachable from here (base_url, DNS, proxy, TLS).",
        ErrorKind.BadResponse => $"'{provider}' broke its own protocol; try again or route around it.",
        ErrorKind.Authentication or ErrorKind.Permission => $"The operator must replace the API key of provider '{provider}'; your own key is fine.",
        ErrorKind.Credits => $"The operator must top up the account behind provider '{provider}'; your own key is fine.",
        ErrorKind.ModelNotFound => $"'{provider}' does not have this model; check the upstream model name in the configuration.",
        ErrorKind.NoEndpoint => $"'{provider}' has nobody to serve this request as it is; relax what the request demands of providers, or add a fallback.",
        ErrorKind.RegionRestricted => $"'{provider}' serves nobody in the place that Sluice calls from: give it an egress or an endpoint elsewhere, or add a provider that serves there.",
        ErrorKind.ContextLength => "Shorten the conversation, or use a model with a larger window.",
        ErrorKind.InvalidRequest or ErrorKind.ContentPolicy => "Change the request.",
        ErrorKind.UpstreamError => "Try again; if it recurs, GET /status says which provider fails.",
        _ => "Try again.",
    };

    // Among several faults the client hears of the one where waiting helps most.
    private static int Hope(UpstreamFault fault) => fault.Kind switch
    {
        ErrorKind.Overloaded => 9,
        ErrorKind.RateLimit => 8,
        ErrorKind.UpstreamError => 7,
        ErrorKind.Timeout => 6,
        ErrorKind.Connection => 5,
        ErrorKind.BadResponse => 4,
        ErrorKind.QuotaExhausted => 3,
        ErrorKind.ModelNotFound => 2,
        _ => 1,
    };

    private static bool IsHopeless(UpstreamFault fault) => fault.CredentialIsDead
        || fault.Kind is ErrorKind.Authentication or ErrorKind.Permission or ErrorKind.Credits or ErrorKind.ModelNotFound or ErrorKind.NoEndpoint or ErrorKind.RegionRestricted;

    private static TimeSpan? ShortestHint(InferenceRequest request)
    {
        TimeSpan? shortest = null;
        foreach (var attempt in request.Attempts)
        {
            if (attempt.Fault?.RetryAfter is { } hint && (shortest is null || hint < shortest))
            {
                shortest = hint;
            }
        }

        return shortest;
    }
}
