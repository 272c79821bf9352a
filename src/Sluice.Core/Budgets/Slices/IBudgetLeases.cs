using Sluice.Core.Admission.Limits;

namespace Sluice.Core.Budgets.Slices;

/// <summary>
/// Where several nodes keep what each of them may spend of the budgets that they share. For each budget and window every node has a slice of money; the
/// slices of all nodes add up to no more than the budget, always, but for attempts that cost more than was held for them.
/// </summary>
/// <remarks>
/// The rules, which every implementation keeps alike, for each line in one step that nobody else can step into:
/// a slice becomes what its node keeps (a node alone makes its slice smaller, and stops using what it gives back before it says so) and what it is given;
/// a hard budget gives what is needed as far as nobody has it, and then of the slack that is asked for at most an eighth of what is left, nothing while
/// somebody is short. A slice whose time is over counts with what its node last said that it had spent; but whoever first finds it so gives its node
/// <see cref="Doubt"/> more: after an outage of the database every time is over, and all nodes speak within a second or two. Nodes' clocks are never compared.
/// Lines are taken in the order of their budgets' names, whatever order they come in: two nodes can never wait for each other.
/// </remarks>
public interface IBudgetLeases
{
    /// <summary>How long nobody gets slack after a need could not be met.</summary>
    static readonly TimeSpan ShortFor = TimeSpan.FromSeconds(3);

    /// <summary>How long a slice still counts in full after its time was found to be over.</summary>
    static readonly TimeSpan Doubt = TimeSpan.FromSeconds(5);

    /// <summary>The part of what is left that slack may be: an eighth.</summary>
    const int SlackShare = 8;

    /// <summary>Why the last call failed, for the log; null where it did not.</summary>
    string? Fault { get; }

    /// <summary>Says what a node has spent and holds, and asks for more, in one round trip.</summary>
    /// <returns>One answer for each line, in their order; null: the database is away, and whether it took the call is unknown.</returns>
    Task<IReadOnlyList<SliceAnswer>?> ExchangeAsync(SliceCall call, CancellationToken cancellation);

    /// <summary>Says what the ledger knows of other nodes' spending; what they said themselves counts where it is more.</summary>
    /// <param name="asking">The node whose own spending is left out.</param>
    /// <param name="budget">Which.</param>
    /// <param name="window">In which.</param>
    /// <param name="spent">Nano-dollars by node.</param>
    /// <param name="cancellation">Whoever asks has gone.</param>
    /// <returns>False: the database is away.</returns>
    Task<bool> ImportAsync(string asking, BudgetName budget, BudgetWindow window, IReadOnlyDictionary<string, long> spent, CancellationToken cancellation);

    /// <summary>What all other nodes together spent and hold, of the windows that are not over; null: the database is away.</summary>
    /// <param name="asking">The node that is left out.</param>
    /// <param name="cancellation">Whoever asks has gone.</param>
    Task<IReadOnlyList<OthersSpending>?> ReadAsync(string asking, CancellationToken cancellation);

    /// <summary>Forgets windows that were over long ago.</summary>
    /// <returns>False: the database is away.</returns>
    Task<bool> ForgetAsync(CancellationToken cancellation);
}

/// <summary>What one node says.</summary>
/// <param name="Node">The data folder's id.</param>
/// <param name="Session">This start of its process: an earlier one's calls that come late have no effect.</param>
/// <param name="Number">Larger than of any call of the session before; a call that is overtaken by a later one has no effect.</param>
/// <param name="Lines">At most <see cref="MostLines"/>, each of another budget.</param>
public sealed record SliceCall(string Node, string Session, long Number, IReadOnlyList<SliceLine> Lines)
{
    /// <summary>More would keep others out too long: all of them are locked until the call ends.</summary>
    public const int MostLines = 100;
}

/// <summary>One budget in one window, seen from one node. Money in nano-dollars.</summary>
/// <param name="Budget">As this node knows it.</param>
/// <param name="Window">Which.</param>
/// <param name="Spent">What this node has spent in it, in all.</param>
/// <param name="Reserved">What it holds for attempts under way.</param>
/// <param name="Keep">What it goes on to have of its slice: at least what is spent and held.</param>
/// <param name="Need">What it lacks for requests that wait.</param>
/// <param name="Slack">What it would like beyond that, so that not every request has to ask.</param>
/// <param name="TimeToLive">For how long it may still charge to the slice when it is not heard of any more.</param>
/// <param name="IsFirst">Its spending was just read from the ledger: what an earlier session said is void.</param>
public sealed record SliceLine(Budget Budget, BudgetWindow Window, long Spent, long Reserved, long Keep, long Need, long Slack, TimeSpan TimeToLive, bool IsFirst);

/// <summary>What became of a line. Money in nano-dollars.</summary>
/// <param name="IsTaken">False: another session of this node has the slice. Nothing was changed; the ledger has to be read anew.</param>
/// <param name="Given">Beyond what it keeps.</param>
/// <param name="OthersSpent">What all other nodes together have spent.</param>
/// <param name="OthersReserved">What they hold for attempts under way.</param>
/// <param name="IsShort">Somebody lately needed more than was left: slack has to be given back.</param>
/// <param name="HasPassed">This line brought the budget of all nodes past 50, 80 or 100 percent; each is told once in a window, to one node.</param>
public readonly record struct SliceAnswer(bool IsTaken, long Given, long OthersSpent, long OthersReserved, bool IsShort, bool HasPassed);

/// <summary>What all other nodes together did with one budget. Nano-dollars.</summary>
/// <param name="Budget">Which.</param>
/// <param name="WindowStart">In which window.</param>
/// <param name="Spent">What they have spent.</param>
/// <param name="Reserved">What they hold.</param>
public readonly record struct OthersSpending(BudgetName Budget, DateTimeOffset WindowStart, long Spent, long Reserved);

/// <summary>What the ledger that all nodes share says of each node.</summary>
public interface INodeSpending
{
    /// <summary>
    /// Nano-dollars of all attempts that began in a window and have ended, by node and caller. What this node appended before it asked is among it.
    /// </summary>
    /// <param name="window">Which.</param>
    /// <param name="scope">Only of one scope; null: all.</param>
    /// <param name="cancellation">Whoever asks has gone.</param>
    /// <returns>Null: the database is away.</returns>
    Task<IReadOnlyList<NodeSpending>?> ReadAsync(BudgetWindow window, LimitScope? scope, CancellationToken cancellation);
}

/// <summary>What one caller spent through one node.</summary>
/// <param name="Node">The data folder's id.</param>
/// <param name="Key">The key's id.</param>
/// <param name="User">The developer.</param>
/// <param name="Team">Null without one.</param>
/// <param name="Project">Null without one.</param>
/// <param name="NanoUsd">Nano-dollars.</param>
public sealed record NodeSpending(string Node, string Key, string User, string? Team, string? Project, long NanoUsd)
{
    /// <summary>It counts for this scope.</summary>
    public bool IsOf(LimitScope scope) => scope.Kind switch
    {
        ScopeKind.Key => Key == scope.Name,
        ScopeKind.User => User == scope.Name,
        ScopeKind.Team => Team == scope.Name,
        ScopeKind.Project => Project == scope.Name,
        ScopeKind.Organization => true,
        _ => throw new ArgumentOutOfRangeException(nameof(scope), scope, message: null),
    };
}
