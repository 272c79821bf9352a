namespace Sluice.Core.Reasoning;

/// <summary>Keeps nothing: <c>reasoning.keep: off</c>.</summary>
public sealed class NoReasoningMemory : IReasoningMemory
{
    /// <summary>The one instance: it has no state.</summary>
    public static readonly NoReasoningMemory Instance = new();

    private NoReasoningMemory()
    {
    }

    /// <summary>Deletes what an earlier start had kept: who switches it off wants it gone.</summary>
    public static async Task<NoReasoningMemory> OpenAsync(IReasoningStore store, TimeProvider time, CancellationToken cancellation)
    {
        var rows = await store.ListAsync(DateTimeOffset.MinValue, cancellation);
        if (rows.Count > 0)
        {
            await store.WriteAsync(new ReasoningBatch { Removed = [.. rows.Select(r => (r.User, r.Key))] }, time.GetUtcNow(), cancellation);
        }

        return Instance;
    }

    /// <inheritdoc/>
    public bool Knows(string user) => false;

    /// <inheritdoc/>
    public void Remember(string user, UInt128 key, IReadOnlyList<KeptThinking> thinking)
    {
    }

    /// <inheritdoc/>
    public IReadOnlyList<KeptThinking> Find(string user, UInt128 key) => [];
}
