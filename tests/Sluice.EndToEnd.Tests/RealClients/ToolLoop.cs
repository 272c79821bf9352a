using System.Text;
using Sluice.EndToEnd.Tests.Recordings;
using Sluice.Simulator;
using Xunit;

namespace Sluice.EndToEnd.Tests.RealClients;

/// <summary>
/// One agent reads a file with a tool and tells what is in it. What the agent says is not enough: agents hide faults by asking again, so the books
/// of both sides are looked at, the provider's calls and Sluice's requests.
/// </summary>
internal sealed class ToolLoop
{
    private readonly EveryKind _gateway;
    private readonly UpstreamKind _kind;
    private readonly int _callsBefore;
    private readonly long _requestsBefore;

    private ToolLoop(EveryKind gateway, UpstreamKind kind, int calls, long requests) => (_gateway, _kind, _callsBefore, _requestsBefore) = (gateway, kind, calls, requests);

    /// <summary>What the agent must ask for.</summary>
    public string Model => EveryKind.ModelOf(_kind.Name);

    /// <summary>Before the agent starts. No other agent may use this gateway and kind at the same time.</summary>
    public static async Task<ToolLoop> BeginAsync(EveryKind gateway, string kind) =>
        new(gateway, UpstreamKinds.Named(kind), gateway.CallsOf(kind).Count, await gateway.RequestsForAsync(EveryKind.ModelOf(kind)));

    /// <summary>After the agent's end: two streamed calls in the kind's own wire, the tool's result in the second, and nothing asked twice.</summary>
    /// <param name="client">The wire that the agent speaks.</param>
    /// <param name="marker">What stands in the file.</param>
    /// <param name="agent">What the agent printed, for a failure's message.</param>
    public async Task AssertTookTwoCallsAsync(Wire client, string marker, object agent)
    {
        var calls = _gateway.CallsOf(_kind.Name).Skip(_callsBefore).ToList();
        var requests = await _gateway.RequestsForAsync(Model) - _requestsBefore;
        var story = Story(agent, $"{calls.Count} calls, {requests} requests");

        Assert.True(calls.Count == 2 && requests == 2 && calls.All(call => call.Status == 200), story);
        Assert.All(calls, call => Assert.Equal((_kind.PathFor(client, _kind.Model), true), (call.Path, call.AsksForStream())));
        Assert.True(calls.Select(call => Text(call).Contains(marker, StringComparison.Ordinal)).SequenceEqual([false, true]), story);
    }

    /// <summary>Everything that a person needs to see why it failed.</summary>
    public string Story(object agent, string what = "") => $"{what}\n{agent}\n--- provider\n{_gateway.Simulator.Describe()}\n{_gateway.Sluice.Transcript()}";

    private static string Text(ReceivedRequest call) => Encoding.UTF8.GetString(call.Body!);
}
