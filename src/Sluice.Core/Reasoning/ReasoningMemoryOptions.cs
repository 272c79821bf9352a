namespace Sluice.Core.Reasoning;

/// <summary>How much is kept, and how long.</summary>
public sealed record ReasoningMemoryOptions
{
    /// <summary>Since the turn was made or last looked for. An agent's pause over night should not cost it its conversation.</summary>
    public TimeSpan Age { get; init; } = TimeSpan.FromHours(24);

    /// <summary>Turns of all users.</summary>
    public int MostTurns { get; init; } = 50_000;

    /// <summary>Bytes of all turns, in the store.</summary>
    public long MostBytes { get; init; } = 256 * 1024 * 1024;

    /// <summary>Bytes of turns held in memory; what is over it is read back when it is looked for.</summary>
    public long MostHeldBytes { get; init; } = 32 * 1024 * 1024;

    /// <summary>Bytes of one turn; larger ones are not kept.</summary>
    public int LargestTurn { get; init; } = 1024 * 1024;

    /// <summary>How long a batch may fill before it is stored: what a killed process forgets.</summary>
    public TimeSpan StoreDelay { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>The same where the conversation's next turn may reach another node: shorter than what any agent does between two turns.</summary>
    public TimeSpan SharedStoreDelay { get; init; } = TimeSpan.FromMilliseconds(10);

    /// <summary>How long a request waits for turns that stand in a shared store: without them some providers refuse it, and it is the first of its conversation here.</summary>
    public TimeSpan ReadPatience { get; init; } = TimeSpan.FromMilliseconds(250);
}
