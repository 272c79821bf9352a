using System.Text.Json;
using Sluice.Server.Admin;
using Sluice.Server.Attempts;

namespace Sluice.Server.Budgets;

/// <summary>What the ledger keeps of the money that a request held, beside its plan. What its attempts cost in the end stands in their own rows.</summary>
internal static class BudgetJson
{
    /// <summary>Some attempt held money of a budget.</summary>
    public static bool IsWorthTelling(InferenceRequest request) => request.Budget is not null && request.Attempts.Exists(static attempt => attempt.Held is { Standings.Count: > 0 });

    /// <summary>The member <c>budgets</c>; nothing where there is nothing to tell.</summary>
    public static void Write(Utf8JsonWriter json, InferenceRequest request)
    {
        if (!IsWorthTelling(request))
        {
            return;
        }

        json.WriteStartArray("budgets"u8);
        foreach (var attempt in request.Attempts)
        {
            foreach (var standing in attempt.Held?.Standings ?? [])
            {
                json.WriteStartObject();
                json.WriteNumber("attempt"u8, attempt.Row.Ordinal);
                json.WriteString("budget"u8, standing.Budget.Name.ToString());
                json.WriteBoolean("hard"u8, standing.Budget.IsHard);
                json.WriteString("reserved_usd"u8, Money.Usd(attempt.Held!.NanoUsd));
                json.WriteString("left_usd"u8, Money.Usd(standing.Left));
                json.WriteEndObject();
            }
        }

        json.WriteEndArray();
    }
}
