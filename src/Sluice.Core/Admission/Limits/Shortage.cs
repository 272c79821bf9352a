namespace Sluice.Core.Admission.Limits;

/// <summary>Which limit.</summary>
public enum LimitKind
{
    /// <summary>Requests a minute.</summary>
    Requests,

    /// <summary>Requests that start at once.</summary>
    Burst,

    /// <summary>Input tokens a minute.</summary>
    Input,

    /// <summary>Output tokens a minute.</summary>
    Output,

    /// <summary>Requests a day.</summary>
    Day,

    /// <summary>Requests under way at once.</summary>
    Concurrency,

    /// <summary>Requests that wait: the queue itself is full.</summary>
    Queue,
}

/// <summary>What limits are called.</summary>
public static class LimitKinds
{
    /// <summary>The limit as it is called in the file and in answers.</summary>
    public static string NameOf(this LimitKind kind) => kind switch
    {
        LimitKind.Requests => "rpm",
        LimitKind.Burst => "burst",
        LimitKind.Input => "input_tpm",
        LimitKind.Output => "output_tpm",
        LimitKind.Day => "rpd",
        LimitKind.Concurrency => "concurrency",
        LimitKind.Queue => "queue",
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, message: null),
    };
}

/// <summary>Why a request cannot start now.</summary>
/// <param name="Scope">Whose limit it is.</param>
/// <param name="Kind">Which.</param>
/// <param name="Limit">Its size.</param>
/// <param name="Need">How much of it the request takes.</param>
/// <param name="Wait">When there would be room if nobody else came; null where nothing tells (somebody has to end first).</param>
public sealed record Shortage(LimitScope Scope, LimitKind Kind, long Limit, long Need, TimeSpan? Wait)
{
    /// <summary>The limit has room, as last known: it is this node's part of it that is too small, which can be asked for more.</summary>
    public bool IsOfLease { get; init; }

    /// <summary>It never fits: the request alone is larger than the limit.</summary>
    public bool IsForGood => Need > Limit;

    /// <summary>Waiting helps later, or never: what never fits before what takes long, and what nobody can tell last.</summary>
    public bool IsWorseThan(Shortage? other) =>
        other is null || (IsForGood && !other.IsForGood) || (IsForGood == other.IsForGood && (Wait ?? TimeSpan.Zero) > (other.Wait ?? TimeSpan.Zero));

    /// <summary>The limit as it is called in the file and in answers.</summary>
    public string Name => Kind.NameOf();
}
