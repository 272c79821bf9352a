namespace Sluice.Core.Budgets.Slices;

/// <summary>What this node has of one budget that it shares, in its present window. Changed under the lock of the book alone.</summary>
internal sealed class BudgetSlice(TimeProvider time)
{
    /// <summary>For so long a node that is not heard of goes on with the slack that it has; then others may have it.</summary>
    public static readonly TimeSpan SlackLives = TimeSpan.FromMinutes(2);

    /// <summary>Who asked for nothing for so long needs no slack.</summary>
    public static readonly TimeSpan IdleAfter = TimeSpan.FromSeconds(5);

    // So many requests like the last one go by until the database is asked again.
    private const int SlackInRequests = 16;

    // Attempts that run for longer than the others' lease do not let it lapse: it is said again in time.
    private static readonly TimeSpan SayAgainAfter = TimeSpan.FromSeconds(20);

    private long _heardAt = time.GetTimestamp();
    private long? _usedAt;
    private long _recent;
    private TimeSpan _longest;
    private bool _isUnsaid;

    /// <summary>What the database has in this node's name, at least.</summary>
    public long Granted { get; private set; }

    /// <summary>What the others had spent when this node last heard of them.</summary>
    public long OthersSpent { get; private set; }

    /// <summary>What they held for attempts under way.</summary>
    public long OthersReserved { get; private set; }

    /// <summary>Somebody lacks money: no slack is kept.</summary>
    public bool IsShort { get; private set; }

    /// <summary>The next line opens the slice for this session.</summary>
    public bool IsFirst { get; private set; } = true;

    /// <summary>Nobody has said anything for too long: others may have been given what was slack here.</summary>
    public bool HasLapsed => time.GetElapsedTime(_heardAt) >= SlackLives;

    /// <summary>A new window: nothing of the old slice is worth anything in it.</summary>
    public void BeginAnew()
    {
        (Granted, OthersSpent, OthersReserved, IsShort, IsFirst) = (0, 0, 0, false, false);
        (_usedAt, _longest, _isUnsaid) = (null, TimeSpan.Zero, false);
        _heardAt = time.GetTimestamp();
    }

    /// <summary>An attempt wants money.</summary>
    /// <param name="nano">How much.</param>
    /// <param name="lifetime">It charges nothing later than that.</param>
    public void Use(long nano, TimeSpan lifetime)
    {
        _recent = nano > 0 ? nano : _recent;
        _usedAt = time.GetTimestamp();
        _longest = lifetime > _longest ? lifetime : _longest;
        _isUnsaid = true;
    }

    /// <summary>What is spent or held has changed.</summary>
    public void Change() => _isUnsaid = true;

    /// <summary>Gives up what is beyond: others may have it from when they hear of it.</summary>
    public void KeepOnly(long most) => Granted = Math.Min(Granted, most);

    /// <summary>There is something to say, or to hear: whether others are short.</summary>
    /// <param name="held">What is spent and held.</param>
    /// <param name="reserved">What is held.</param>
    /// <param name="isHard">Only hard ones have slack.</param>
    public bool IsWorthALine(long held, long reserved, bool isHard) =>
        _isUnsaid || IsFirst || (isHard && Granted > held) || (reserved > 0 && time.GetElapsedTime(_heardAt) >= SayAgainAfter);

    /// <summary>How much beyond what is spent and held is worth keeping.</summary>
    /// <param name="isStopping">Nobody will ask any more.</param>
    public long SlackWanted(bool isStopping) =>
        isStopping || IsShort || _usedAt is not { } used || time.GetElapsedTime(used) >= IdleAfter ? 0
        : _recent > long.MaxValue / (2 * SlackInRequests) ? long.MaxValue / 2
        : _recent * SlackInRequests;

    /// <summary>How long this node may still charge to it when it is not heard of any more.</summary>
    public TimeSpan TimeToLive => SlackLives + _longest;

    /// <summary>A line is about to be said: no more than it keeps is used from now on.</summary>
    public void Say(long keep) => (Granted, _isUnsaid) = (keep, false);

    /// <summary>What the database said to a call.</summary>
    /// <param name="answer">To this budget's line.</param>
    /// <param name="saidAt">When the call was made.</param>
    public void Hear(in SliceAnswer answer, long saidAt)
    {
        (OthersSpent, OthersReserved) = (answer.OthersSpent, answer.OthersReserved);
        IsFirst = !answer.IsTaken;
        if (!answer.IsTaken)
        {
            // Another session has the slice: nothing of it is this one's, slack included.
            Granted = 0;
        }
        else
        {
            _heardAt = saidAt;
            IsShort = answer.IsShort;
            Granted = Granted > long.MaxValue - answer.Given ? long.MaxValue : Granted + answer.Given;
        }
    }

    /// <summary>What others did, without a call of this node's own.</summary>
    public void Hear(in OthersSpending others) => (OthersSpent, OthersReserved) = (others.Spent, others.Reserved);
}
