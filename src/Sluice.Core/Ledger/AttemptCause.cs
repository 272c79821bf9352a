using System.Text.Json;
using Sluice.Protocols.Errors;

namespace Sluice.Core.Ledger;

/// <summary>
/// Why money was spent, as reports group it: <c>answered</c>, <c>client_gone</c>, <c>superseded</c>, <c>abandoned</c>, or what went wrong
/// (<c>rate_limit</c>, <c>timeout</c>, …). Everything but <c>answered</c> brought nobody an answer.
/// </summary>
public static class AttemptCause
{
    /// <summary>The attempt's answer was delivered.</summary>
    public const string Answered = "answered";

    private static readonly string[] KindNames = [.. Enum.GetNames<ErrorKind>().Select(JsonNamingPolicy.SnakeCaseLower.ConvertName)];

    /// <summary>The cause of one attempt.</summary>
    public static string Of(AttemptOutcome outcome, ErrorKind? fault) => outcome switch
    {
        AttemptOutcome.Succeeded => Answered,
        AttemptOutcome.ClientGone => "client_gone",
        AttemptOutcome.Superseded => "superseded",
        AttemptOutcome.Abandoned => "abandoned",
        _ => fault is { } kind ? Of(kind) : "failed",
    };

    /// <summary>An error's kind as it is written everywhere: <c>rate_limit</c>.</summary>
    public static string Of(ErrorKind kind) => KindNames[(int)kind];
}
