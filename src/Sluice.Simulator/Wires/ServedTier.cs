using System.Text.Json;

namespace Sluice.Simulator.Wires;

/// <summary>The service tier that a request is served in: always the one that it asks for. A real vendor may serve another one, and says so in the same place.</summary>
internal static class ServedTier
{
    /// <summary>The tier's word; null where the request asks for none.</summary>
    /// <param name="asked">The member of the request.</param>
    public static string? Of(JsonElement asked) => asked.ValueKind != JsonValueKind.String ? null : asked.GetString() is "auto" ? "default" : asked.GetString();
}
