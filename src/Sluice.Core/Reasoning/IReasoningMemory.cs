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
    /// <param name="user">Whose.</param>
    /// <param name="keys">Turns that may be kept.</param>
    /// <param name="newest">The last turn: it may be so young that nobody has told of it yet.</param>
    /// <param name="cancellation">Ends the waiting.</param>
    Task ReadyAsync(string user, IEnumerable<UInt128> keys, IEnumerable<UInt128> newest, CancellationToken cancellation) => Task.CompletedTask;

    /// <summary>Completes when other nodes can find what was remembered for the user, or have none; late only by a bounded time. To be awaited before the answer's end is sent.</summary>
    Task StoredAsync(string user) => Task.CompletedTask;

    /// <summary>Keeps the thinking under <paramref name="key"/>; what was kept there before is forgotten. Too large a turn is not kept.</summary>
    void Remember(string user, UInt128 key, IReadOnlyList<KeptThinking> thinking);

    /// <summary>The thinking in its order; empty when nothing is kept, or no longer.</summary>
    IReadOnlyList<KeptThinking> Find(string user, UInt128 key);
}
