using System.Globalization;
using Sluice.Core.Admission;
using Sluice.Core.Admission.Limits;
using Sluice.Protocols.Errors;
using Sluice.Server.Attempts;

namespace Sluice.Server.Admission;

/// <summary>What a client is told when a limit of Sluice's own keeps its request out: which limit, whose, how much, and when there is room.</summary>
internal static class LimitErrors
{
    // Somebody has to end first: nothing tells when.
    private static readonly TimeSpan Unsaid = TimeSpan.FromSeconds(5);

    /// <summary>A limit of the caller.</summary>
    /// <param name="lack">Which.</param>
    /// <param name="settings">The operator's words.</param>
    /// <param name="request">Of whom.</param>
    /// <param name="resetAt">When it is free again, in milliseconds since 1970, where that is known.</param>
    public static GatewayError OfCaller(Shortage lack, AdmissionSettings settings, InferenceRequest request, long? resetAt)
    {
        var isFree = lack.Scope.Kind == ScopeKind.Free;

        // OpenRouter's clients compare the message; the rest stands in the metadata.
        var words = isFree && request.Surface.IsOpenRouters ? $"Rate limit exceeded: free-models-per-{(lack.Kind == LimitKind.Day ? "day" : "min")}." : settings.Message;
        var remedy = Remedy(lack);
        return Error(lack, request.Surface.IsOpenRouters ? words : $"{words} {Describe(lack)} {remedy}", remedy) with
        {
            RequestId = request.Id,
            RateLimit = new ErrorRateLimit(isFree && lack.Kind == LimitKind.Day ? "openrouter_free_tier_daily" : $"sluice_{lack.Scope.Word}_{lack.Name}", lack.Limit, resetAt),
        };
    }

    /// <summary>The limits of all providers that could be asked.</summary>
    /// <param name="lacks">Of each.</param>
    /// <param name="soonest">The one that was waited for.</param>
    /// <param name="request">Of whom.</param>
    public static GatewayError OfProviders(IReadOnlyList<Shortage> lacks, Shortage soonest, InferenceRequest request)
    {
        const string Remedy = "Wait and try again; if it recurs, raise limits or queue.max_wait in the configuration, or add a provider for this model.";
        var all = string.Join(' ', lacks.Append(soonest).DistinctBy(lack => (lack.Scope, lack.Kind)).Select(Describe));
        return Error(soonest, $"No provider of {request.Envelope.Model} has room in time. {all} {Remedy}", Remedy) with
        {
            RequestId = request.Id,
            Provider = soonest.Scope.Name,
            RateLimit = new ErrorRateLimit($"sluice_provider_{soonest.Name}", soonest.Limit, ResetAt: null),
        };
    }

    /// <summary>The limit with whose it is and its size: <c>key:key-1 rpm 60</c>.</summary>
    public static string NameOf(Shortage lack) => string.Create(CultureInfo.InvariantCulture, $"{lack.Scope} {lack.Name} {lack.Limit}");

    private static GatewayError Error(Shortage lack, string message, string remedy) =>
        new(lack.Kind == LimitKind.Day ? ErrorKind.QuotaExhausted : ErrorKind.RateLimit, ErrorSource.Gateway, ErrorStatus.Of(ErrorKind.RateLimit), message)
        {
            Remedy = remedy,
            Limit = NameOf(lack),
            RetryAfter = lack.Wait ?? Unsaid,
            ShouldRetry = lack.IsForGood || lack.Kind == LimitKind.Day ? false : null,
        };

    private static string Describe(Shortage lack)
    {
        var whose = lack.Scope.Kind switch
        {
            ScopeKind.Organization => "The limit that the whole organization shares",
            ScopeKind.Free => $"The limit of user {lack.Scope.Name} for free models",
            ScopeKind.Provider => $"The configured limit of provider {lack.Scope.Name}",
            _ when lack.Scope.IsShared => $"The limit that {lack.Scope.Word} {lack.Scope.Name} shares",
            _ => $"The limit of {lack.Scope.Word} {lack.Scope.Name}",
        };
        var what = lack.Kind switch
        {
            LimitKind.Requests => "requests a minute",
            LimitKind.Burst => "requests at once",
            LimitKind.Input => "input tokens a minute",
            LimitKind.Output => "output tokens a minute",
            LimitKind.Day => "requests a day",
            LimitKind.Concurrency => "requests under way",
            _ => "requests that may wait",
        };
        what = lack.Limit == 1 ? what.Replace("requests", "request", StringComparison.Ordinal).Replace("tokens", "token", StringComparison.Ordinal) : what;
        var size = lack.Kind == LimitKind.Queue ? $"Behind it wait as many as may: {Number(lack.Limit)} {what} ({lack.Name})." : $"{whose} is {Number(lack.Limit)} {what} ({lack.Name}).";
        return lack.IsForGood ? $"{size} This request alone takes about {Number(lack.Need)}."
            : lack.Kind == LimitKind.Day ? $"{size} It begins anew at midnight UTC."
            : lack.Wait is { } wait ? $"{size} There is room in {Number((long)Math.Max(1, Math.Ceiling(wait.TotalSeconds)))} s."
            : size;
    }

    private static string Remedy(Shortage lack) =>
        lack.Scope.Kind == ScopeKind.Free ? "Use a model that is paid for, or ask the administrator to raise limits.free."
        : lack.IsForGood ? $"Shorten the request, or ask the administrator to raise {lack.Name} of {lack.Scope}."
        : lack.Kind == LimitKind.Queue ? "Wait and try again."
        : $"Wait, or ask the administrator to raise {lack.Name} of {lack.Scope} ('sluice limits set').";

    private static string Number(long value) => value.ToString("N0", CultureInfo.InvariantCulture);
}
