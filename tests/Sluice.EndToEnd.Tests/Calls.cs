using System.Text.Json;
using Sluice.Simulator;

namespace Sluice.EndToEnd.Tests;

/// <summary>What a test asks about the model calls that a simulator received.</summary>
internal static class Calls
{
    private static readonly string[] StreamEndings = [":streamGenerateContent", "/converse-stream", "/invoke-with-response-stream", ":streamRawPredict"];

    private static readonly string[] Endings = ["/messages", "/chat/completions", "/responses", ":generateContent", "/converse", "/invoke", ":rawPredict", .. StreamEndings];

    /// <summary>Every model call so far, oldest first; other requests (probes, model lists, token counts) are left out.</summary>
    /// <param name="simulator">The provider.</param>
    /// <param name="key">Only calls with this provider key; null for all.</param>
    public static IReadOnlyList<ReceivedRequest> ModelCalls(this SimulatorHost simulator, string? key = null) =>
        [.. simulator.Record.Requests.Where(r => r.Method == "POST" && Endings.Any(e => r.Path.EndsWith(e, StringComparison.Ordinal)) && (key is null || r.Credential == key))];

    /// <summary>The call asked for a stream: in the body, or by the path where the format has it there.</summary>
    public static bool AsksForStream(this ReceivedRequest request)
    {
        if (StreamEndings.Any(e => request.Path.EndsWith(e, StringComparison.Ordinal)))
        {
            return true;
        }

        using var body = JsonDocument.Parse(request.Body!);
        return body.RootElement.TryGetProperty("stream", out var stream) && stream.ValueKind == JsonValueKind.True;
    }

    /// <summary>The body has this top-level member.</summary>
    public static bool HasMember(this ReceivedRequest request, string name)
    {
        using var body = JsonDocument.Parse(request.Body!);
        return body.RootElement.TryGetProperty(name, out _);
    }

    /// <summary>One line for each call: what a failed assertion should show.</summary>
    public static string Describe(this SimulatorHost simulator) => string.Join('\n', simulator.Record.Requests.Select(r =>
        $"{r.Number} {r.Method} {r.Path}{r.Query} {(r.Body is { Length: > 0 } ? r.AsksForStream() ? "stream" : "whole" : "")} -> {r.Status} {r.Fault?.Kind} {r.End}"));
}
