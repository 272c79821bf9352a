using System.Text.Json;
using Sluice.Simulator;

namespace Sluice.EndToEnd.Tests;

/// <summary>What a test asks about the model calls that a simulator received.</summary>
internal static class Calls
{
    /// <summary>Every model call so far, oldest first; other requests (probes, model lists) are left out.</summary>
    public static IReadOnlyList<ReceivedRequest> ModelCalls(this SimulatorHost simulator) =>
        [.. simulator.Record.Requests.Where(r => r.Method == "POST" && (r.Path.EndsWith("/messages", StringComparison.Ordinal) || r.Path.EndsWith("/chat/completions", StringComparison.Ordinal)))];

    /// <summary>The call asked for a stream.</summary>
    public static bool AsksForStream(this ReceivedRequest request)
    {
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
