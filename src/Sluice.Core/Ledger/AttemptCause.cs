using System.Text.Json;
using Sluice.Protocols.Errors;

namespace Sluice.Core.Ledger;

/// <summary>
/// Why money was spent, as reports group it: <c>answered</c>, <c>client_gone</c>, <c>client_timeout</c> (it had said how long it waits), <c>superseded</c>, <c>abandoned</c>, or what went wrong
/// (<c>rate_limit</c>, <c>timeout</c>, …), or <c>cache</c> where nothing was spent. Everything but <c>answered</c> and <c>cache</c> brought nobody an answer.
/// </summary>
public static class AttemptCause
{
    /// <summary>The attempt's answer was delivered.</summary>
    public const string Answered = "answered";

    /// <summary>The route of a request that got a kept answer while it was fresh.</summary>
    public const string KeptRoute = "cache";

    /// <summary>The route of a request that got a kept answer since nobody could give a fresh one.</summary>
    public const string StaleRoute = "stale cache";

    /// <summary>An answer that was kept from an earlier request was sent again.</summary>
    public const string Cache = "cache";

    private static readonly string[] KindNames = [.. Enum.GetNames<ErrorKind>().Select(JsonNamingPolicy.SnakeCaseLower.ConvertName)];

    /// <summary>The cause of one attempt.</summary>
    public static string Of(AttemptOutcome outcome, ErrorKind? fault) => outcome switch
    {
        AttemptOutcome.Succeeded => Answered,
        AttemptOutcome.ClientGone => fault == ErrorKind.Timeout ? "client_timeout" : "client_gone",
        AttemptOutcome.Superseded => "superseded",
        AttemptOutcome.Abandoned => "abandoned",
        _ => fault is { } kind ? Of(kind) : "failed",
    };

    /// <summary>The cause of a request that nobody was asked for.</summary>
    public static string Of(RequestSettled request) => request switch
    {
        { Error: ErrorKind.Cancelled } => "client_gone",
        { Error: { } kind } => Of(kind),
        { Route: KeptRoute or StaleRoute } => Cache,
        _ => Answered,
    };

    /// <summary>An error's kind as it is written everywhere: <c>rate_limit</c>.</summary>
    public static string Of(ErrorKind kind) => KindNames[(int)kind];
}
