namespace Sluice.Core.Reasoning;

/// <summary>
/// What was thought before a tool call, for clients that do not bring it back. Of one user each: who sends the same ids as another gets nothing of
/// the other's. Thread-safe; nothing here waits for a disk but a first <see cref="Find"/> after a restart.
/// </summary>
public interface IReasoningMemory
{
    /// <summary>False: nothing is kept for the user, and nobody need look. Costs one dictionary probe.</summary>
    bool Knows(string user);

    /// <summary>Some of what is kept for the user may stand on another machine alone: <see cref="ReadyAsync"/> comes before <see cref="Find"/>.</summary>
    bool ReadsAhead(string user) => false;

    /// <summary>Brings turns from the store, as many as come in time. Throws nothing.</summary>
    Task ReadyAsync(string user, IEnumerable<UInt128> keys, CancellationToken cancellation) => Task.CompletedTask;

    /// <summary>Keeps the thinking under <paramref name="key"/>; what was kept there before is forgotten. Too large a turn is not kept.</summary>
    void Remember(string user, UInt128 key, IReadOnlyList<KeptThinking> thinking);

    /// <summary>The thinking in its order; empty when nothing is kept, or no longer.</summary>
    IReadOnlyList<KeptThinking> Find(string user, UInt128 key);
}
