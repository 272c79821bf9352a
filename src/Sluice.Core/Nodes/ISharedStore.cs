namespace Sluice.Core.Nodes;

/// <summary>What the nodes that share a database have together besides its rows. A store that one process alone opens has none of it.</summary>
public interface ISharedStore
{
    /// <summary>This start of this process among the others.</summary>
    string Node { get; }

    /// <summary>Whether this node has the database now.</summary>
    StoreStanding Standing { get; }

    /// <summary>The nodes that were heard of lately, this one included, the oldest first; as of a few seconds ago, and while the database is away as of then.</summary>
    IReadOnlyList<LiveNode> Nodes { get; }

    /// <summary>
    /// Has <paramref name="refresh"/> called after every change of a kind, whoever made it, when the database is back, and now and then besides. One call
    /// at a time; one that throws is repeated.
    /// </summary>
    void Follow(ChangeKind kind, Func<CancellationToken, Task> refresh);

    /// <summary>A secret that all nodes have: the one that the first who asked for it made.</summary>
    /// <param name="name">What it is for.</param>
    /// <param name="make">Makes one, where there is none yet; may be called in vain.</param>
    /// <param name="cancellation">Ends it.</param>
    Task<byte[]> SecretAsync(string name, Func<byte[]> make, CancellationToken cancellation);

    /// <summary>Begins to listen and to be seen, until what it returns is disposed of. Once, when all that follows follows.</summary>
    IAsyncDisposable Start();
}

/// <summary>What a node holds in memory of what people set.</summary>
public enum ChangeKind
{
    /// <summary>Client keys.</summary>
    Keys,

    /// <summary>Limits.</summary>
    Limits,

    /// <summary>Budgets.</summary>
    Budgets,
}

/// <summary>How a node stands with the database.</summary>
/// <param name="AwaySince">UTC; null while it is there.</param>
/// <param name="Reason">One sentence without secrets; null while it is there.</param>
public sealed record StoreStanding(DateTimeOffset? AwaySince, string? Reason)
{
    /// <summary>It is there.</summary>
    public static readonly StoreStanding Present = new(null, null);
}

/// <summary>One running Sluice.</summary>
/// <param name="Id">Of this start.</param>
/// <param name="Host">Name of its machine.</param>
/// <param name="Version">Of Sluice.</param>
/// <param name="StartedAt">By the database's clock.</param>
/// <param name="SeenAt">By the database's clock.</param>
public sealed record LiveNode(string Id, string Host, string Version, DateTimeOffset StartedAt, DateTimeOffset SeenAt);
