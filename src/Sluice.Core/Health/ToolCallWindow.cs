namespace Sluice.Core.Health;

/// <summary>What a model's tool calls were worth, all those of one answer together.</summary>
public enum ToolCallOutcome
{
    /// <summary>All of them can be run.</summary>
    Good,

    /// <summary>The arguments of some are no JSON.</summary>
    InvalidJson,

    /// <summary>Some are to a tool that the request does not have.</summary>
    UnknownName,

    /// <summary>The arguments of some are not what the tool's schema says.</summary>
    SchemaMismatch,
}

/// <summary>Answers with tool calls in the last two hours.</summary>
/// <param name="Good">All calls could be run.</param>
/// <param name="InvalidJson">Arguments that are no JSON.</param>
/// <param name="UnknownName">A tool that does not exist.</param>
/// <param name="SchemaMismatch">Arguments of another shape than the tool's.</param>
public readonly record struct ToolCallCounts(int Good, int InvalidJson, int UnknownName, int SchemaMismatch)
{
    /// <summary>All of them.</summary>
    public int Answers => Good + InvalidJson + UnknownName + SchemaMismatch;

    /// <summary>Share of answers whose calls could be run, 0 to 1; null where there were none.</summary>
    public double? Success => Answers == 0 ? null : (double)Good / Answers;
}

/// <summary>How often an endpoint was asked, and what its tool calls were worth.</summary>
/// <param name="Requests">Attempts of any kind in the last half hour.</param>
/// <param name="Calls">Answers with tool calls in the last two hours.</param>
public readonly record struct EndpointToolUse(int Requests, ToolCallCounts Calls);

/// <summary>Counts them in slices of five minutes: bounded whatever the traffic; the window holds two hours and at most one slice more. Thread-safe.</summary>
internal sealed class ToolCallWindow
{
    private const int Slices = 25;
    private static readonly long Slice = TimeSpan.FromMinutes(5).Ticks;

    private readonly ToolCallCounts[] _slices = new ToolCallCounts[Slices];
    private readonly Lock _lock = new();
    private long _newest = long.MinValue;

    public void Add(ToolCallOutcome outcome, long now)
    {
        lock (_lock)
        {
            Count(outcome, now);
        }
    }

    public ToolCallCounts Count(long now)
    {
        lock (_lock)
        {
            return Sum(now);
        }
    }

    private void Count(ToolCallOutcome outcome, long now)
    {
        Advance(now);
        ref var slice = ref _slices[_newest % Slices];
        slice = outcome switch
        {
            ToolCallOutcome.Good => slice with { Good = slice.Good + 1 },
            ToolCallOutcome.InvalidJson => slice with { InvalidJson = slice.InvalidJson + 1 },
            ToolCallOutcome.UnknownName => slice with { UnknownName = slice.UnknownName + 1 },
            ToolCallOutcome.SchemaMismatch => slice with { SchemaMismatch = slice.SchemaMismatch + 1 },
            _ => throw new ArgumentOutOfRangeException(nameof(outcome), outcome, message: null),
        };
    }

    private ToolCallCounts Sum(long now)
    {
        Advance(now);
        var sum = default(ToolCallCounts);
        foreach (var slice in _slices)
        {
            sum = new ToolCallCounts(sum.Good + slice.Good, sum.InvalidJson + slice.InvalidJson, sum.UnknownName + slice.UnknownName, sum.SchemaMismatch + slice.SchemaMismatch);
        }

        return sum;
    }

    // A clock that was set back counts into the newest slice.
    private void Advance(long now)
    {
        var number = Math.Max(now / Slice, _newest);
        for (var slice = Math.Max(_newest + 1, number - Slices + 1); slice <= number; slice++)
        {
            _slices[slice % Slices] = default;
        }

        _newest = number;
    }
}
