using System.Text.Json;

namespace Sluice.Server.Admission;

/// <summary>What the ledger keeps of a request's waits, beside its plan.</summary>
internal static class AdmissionJson
{
    /// <summary>It waited, or somebody was passed over for want of room.</summary>
    public static bool IsWorthTelling(RequestAdmission? admission) => admission is { Waits.Count: > 0 } or { PassedOver.Count: > 0 };

    /// <summary>The member <c>admission</c>; nothing where there is nothing to tell.</summary>
    public static void Write(Utf8JsonWriter json, RequestAdmission? admission)
    {
        if (admission is null || !IsWorthTelling(admission))
        {
            return;
        }

        json.WriteStartObject("admission"u8);
        json.WriteStartArray("waits"u8);
        foreach (var (lack, waited) in admission.Waits)
        {
            json.WriteStartObject();
            json.WriteString("limit"u8, LimitErrors.NameOf(lack));
            json.WriteNumber("milliseconds"u8, (long)waited.TotalMilliseconds);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteStartArray("passed_over"u8);
        foreach (var (candidate, lack) in admission.PassedOver)
        {
            json.WriteStartObject();
            json.WriteString("endpoint"u8, candidate.Endpoint.Id);
            json.WriteString("limit"u8, LimitErrors.NameOf(lack));
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }
}
