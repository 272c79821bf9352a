namespace Sluice.Commands.Drills;

/// <summary>What <c>sluice drill --json</c> prints.</summary>
/// <param name="Drills">In the order in which they ran.</param>
internal sealed record DrillAnswer(IReadOnlyList<DrillResult> Drills);

/// <summary>One scenario at one provider.</summary>
/// <param name="Scenario">By name.</param>
/// <param name="Provider">Who broke.</param>
/// <param name="Models">What was asked for.</param>
/// <param name="Requests">Sent by clients.</param>
/// <param name="Clean">Answered whole.</param>
/// <param name="Rescued">Of these, answered after an attempt had failed.</param>
/// <param name="Refused">Ended with an error before any content: status and count.</param>
/// <param name="CutShort">Ended with an error inside the stream.</param>
/// <param name="Unexpected">Errors that a fallback could have kept from the client and did not, though there is one.</param>
/// <param name="CallsToBroken">Calls that the broken provider received.</param>
/// <param name="CallsToOthers">Calls that the others received.</param>
/// <param name="SlowestMs">The longest that a client waited for its last byte.</param>
/// <param name="CostUsd">Of all attempts by the ledger, exact.</param>
/// <param name="WasteUsd">Of those that brought no answer, exact.</param>
/// <param name="Missing">Which fallbacks are missing, one sentence each.</param>
/// <param name="Errors">The different errors that clients saw, the most frequent five, each with how often and by whom.</param>
internal sealed record DrillResult(
    string Scenario, string Provider, IReadOnlyList<string> Models, int Requests, int Clean, int Rescued, IReadOnlyDictionary<string, int> Refused, int CutShort, int Unexpected,
    long CallsToBroken, long CallsToOthers, long SlowestMs, string CostUsd, string WasteUsd, IReadOnlyList<string> Missing, IReadOnlyList<string> Errors);
