using Sluice.Core.Admission.Limits;

namespace Sluice.Core.Admission.Leases;

/// <summary>
/// Where several nodes keep what each of them may use of the limits that they share. For each limit the parts add up to no more than the limit,
/// always; a node uses no more than its part, and gives back only what does not count any more. So nothing that is counted here is counted late.
/// </summary>
/// <remarks>
/// The rules, which every implementation keeps alike, in one step for each limit that nobody else can step into:
/// what a node gives back is free at once; each live node's target is its fair share (the smallest wishes are met in full, the others share the rest
/// equally), but a node whose next request alone is larger than its share has that request as its target, one node at a time, the longest waiting
/// first; a node is given what is missing to its target as far as it is free, and nothing is taken from it. Nodes' clocks are never compared.
/// A node that was not heard of for <see cref="LeaseTimes.Live"/> gets nothing more, and what it holds is free when it can count no more. While no
/// node was heard of at all, that time stands still: then it was the store that was away, and they all went on with what they hold.
/// </remarks>
public interface ILimitLeases
{
    /// <summary>Tells what this node holds, uses and would like, and learns what it may use. One round trip.</summary>
    /// <returns>A fault of the store as <see cref="LeaseAnswer.Fault"/>; whether the call took effect is then unknown.</returns>
    Task<LeaseAnswer> SyncAsync(LeaseCall call, CancellationToken cancellation);
}

/// <summary>What one node says.</summary>
/// <param name="Owner"><c>NODE:START</c>: of a node that starts anew nothing runs any more that it ran before, and what it held counts no longer than it must.</param>
/// <param name="Number">Larger than of any call before; a call that is overtaken by a later one has no effect.</param>
/// <param name="IsLast">It stops: what it uses counts for as long as it does, and nothing is given to it.</param>
/// <param name="Asks">At most <see cref="MostAsks"/>; none only says that it lives.</param>
public sealed record LeaseCall(string Owner, long Number, bool IsLast, IReadOnlyList<LeaseAsk> Asks)
{
    /// <summary>More would keep others out too long: all of them are locked until the call ends.</summary>
    public const int MostAsks = 50;
}

/// <summary>One shared limit, seen from one node.</summary>
/// <param name="Scope">Whose.</param>
/// <param name="Kind">Which.</param>
/// <param name="Limit">Its size, as this node knows it. Where nodes differ, the smallest counts.</param>
/// <param name="Held">What this node goes on to hold: no more than it was given.</param>
/// <param name="Used">What counts as used now; more than it holds only where answers used more than was expected.</param>
/// <param name="Wanted">What it would like to hold.</param>
/// <param name="Need">What the next of those who wait takes; 0: nobody waits.</param>
/// <param name="Waited">Since when.</param>
public sealed record LeaseAsk(LimitScope Scope, LimitKind Kind, long Limit, long Held, long Used, long Wanted, long Need, TimeSpan Waited);

/// <summary>What it may use.</summary>
/// <param name="Held">From now on; less than it said only where the limit was lowered, answers used more than was held, or the node was away for too long.</param>
/// <param name="Target">Its fair share; when it holds more, it gives back as its use ages.</param>
/// <param name="OthersUse">What other nodes use.</param>
/// <param name="Free">What no node holds.</param>
/// <param name="IsContended">The nodes want more than there is.</param>
public readonly record struct LeaseReply(long Held, long Target, long OthersUse, long Free, bool IsContended);

/// <summary>What became of a call.</summary>
/// <param name="Nodes">Live nodes, this one included.</param>
/// <param name="Replies">One for each ask, in their order.</param>
public sealed record LeaseAnswer(int Nodes, IReadOnlyList<LeaseReply> Replies)
{
    /// <summary>Why it failed, one sentence; null where it did not.</summary>
    public string? Fault { get; private init; }

    /// <summary>It failed.</summary>
    public static LeaseAnswer Failed(string fault) => new(0, []) { Fault = fault };
}

/// <summary>How long what counts, on the clock of the store.</summary>
public static class LeaseTimes
{
    /// <summary>A node that is not heard of for so long gets nothing more, and its concurrency is free.</summary>
    public static readonly TimeSpan Live = TimeSpan.FromSeconds(30);

    /// <summary>What is taken of a minute's limit counts for so long at most; 60.25 s and what clocks differ in pace.</summary>
    public static readonly TimeSpan Minute = TimeSpan.FromSeconds(61);

    /// <summary>How often a node is heard of at least.</summary>
    public static readonly TimeSpan Beat = TimeSpan.FromSeconds(10);

    /// <summary>No node at all was heard of for so long: the store was away.</summary>
    public static readonly TimeSpan Silence = TimeSpan.FromSeconds(15);
}
