using Sluice.Core.Admission.Limits;
using Sluice.Core.Admission.Queue;

namespace Sluice.Core.Admission;

/// <summary>One request that waits. It may stand in several lines, one for each way in; the first that lets it in ends the others.</summary>
/// <remarks>Lock rule: used under the lock of the gate, but for <see cref="Outcome"/>.</remarks>
internal sealed class Waiter(Demand demand, Flow flow, TimeSpan since)
{
    private readonly TaskCompletionSource<Entry> _outcome = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Demand Demand => demand;

    public Flow Flow => flow;

    /// <summary>On the gate's clock.</summary>
    public TimeSpan Since => since;

    /// <summary>Where it stands.</summary>
    public List<Turn> Turns { get; } = [];

    /// <summary>What it waits for, as last seen.</summary>
    public Shortage? Lack { get; set; }

    /// <summary>Completes when it is let in or refused; cancelled when its client leaves.</summary>
    public Task<Entry> Outcome => _outcome.Task;

    public bool IsOver { get; private set; }

    public void End(Entry entry)
    {
        IsOver = true;
        _outcome.SetResult(entry);
    }

    public void Cancel(CancellationToken cancellation)
    {
        IsOver = true;
        _outcome.SetCanceled(cancellation);
    }
}

/// <summary>A waiter's place in the line of the scope that one of its ways in hangs on.</summary>
internal sealed class Turn(Waiter waiter, Way way, int index)
{
    public Waiter Waiter => waiter;

    public Way Way => way;

    /// <summary>Which of the waiter's ways it is.</summary>
    public int Index => index;

    /// <summary>Whose line it stands in.</summary>
    public required Allowance At { get; set; }

    public FairQueue<Turn>.Place Place { get; set; }
}
