using Sluice.Core.Admission;
using Sluice.Core.Admission.Limits;
using Sluice.Core.Admission.Queue;
using Sluice.Testing;
using Xunit;

namespace Sluice.Core.Tests.Admission;

/// <summary>A gate on a clock that the test moves, and those who ask to be let in.</summary>
internal sealed class GateUnderTest
{
    public static readonly TimeSpan Long = TimeSpan.FromHours(1);

    public GateUnderTest()
    {
        Gate = new AdmissionGate(Time);
    }

    public ManualTimeProvider Time { get; } = new();

    public AdmissionGate Gate { get; }

    /// <summary>A scope with limits.</summary>
    public Allowance Scope(LimitSet limits, string name = "a")
    {
        var allowance = Gate.Open(new LimitScope(ScopeKind.Provider, name));
        Gate.Change(allowance, limits, interactiveWeight: 4);
        return allowance;
    }

    public static Way WayOf(params Allowance[] all) => new(all);

    public static Flow FlowOf(string user = "u", string? session = null, bool background = false) => new(user, session, background);

    /// <summary>Lets in now or not at all.</summary>
    public Permit? Try(Allowance allowance, long input = 0, long output = 0) => Gate.TryEnter(WayOf(allowance), new Demand(input, output), FlowOf(), out _);

    /// <summary>Why not.</summary>
    public Shortage? LackOf(Allowance allowance, long input = 0, long output = 0)
    {
        Assert.Null(Gate.TryEnter(WayOf(allowance), new Demand(input, output), FlowOf(), out var lack));
        return lack;
    }

    public Task<Entry> AskAsync(Allowance allowance, Flow? flow = null, TimeSpan? patience = null, long input = 0, CancellationToken cancellation = default) =>
        Gate.EnterAsync([WayOf(allowance)], new Demand(input, 0), flow ?? FlowOf(), patience ?? Long, cancellation).AsTask();

    /// <summary>Waits until everybody whom the gate has let go knows it: who is let in goes on on another thread.</summary>
    public async Task SettledAsync(IReadOnlyCollection<Task> asked)
    {
        while (asked.Count(task => !task.IsCompleted) > Gate.Waiting)
        {
            await Task.Yield();
        }
    }
}
