using System.Collections.Concurrent;

namespace Sluice.Core.Reasoning;

/// <summary>The turns that one node knows, and the bodies of some of them, each in the order of their last use. Under its owner's lock, all but <see cref="Knows"/>.</summary>
internal sealed class KeptTurns
{
    private readonly Dictionary<(string User, UInt128 Key), KeptTurn> _turns = [];
    private readonly ConcurrentDictionary<string, int> _users = new(StringComparer.Ordinal);

    // Least recently used in front; each turn is in the first, those with a body in memory in the second too.
    private readonly LinkedList<KeptTurn> _used = [];
    private readonly LinkedList<KeptTurn> _held = [];

    /// <summary>Turns.</summary>
    public int Count => _turns.Count;

    /// <summary>Bytes of all bodies, wherever they are.</summary>
    public long Bytes { get; private set; }

    /// <summary>Bytes of those in memory.</summary>
    public long HeldBytes { get; private set; }

    /// <summary>The one used longest ago.</summary>
    public KeptTurn? Oldest => _used.First?.Value;

    /// <summary>The one used longest ago of those with a body in memory.</summary>
    public KeptTurn? OldestHeld => _held.First?.Value;

    /// <summary>The user has some; from any thread.</summary>
    public bool Knows(string user) => _users.ContainsKey(user);

    public KeptTurn? Find(string user, UInt128 key) => _turns.GetValueOrDefault((user, key));

    public void Add(KeptTurn turn)
    {
        _turns.Add((turn.User, turn.Key), turn);
        _users.AddOrUpdate(turn.User, 1, static (_, count) => count + 1);
        _used.AddLast(turn.Used);
        Bytes += turn.Size;
    }

    public void Touch(KeptTurn turn)
    {
        _used.Remove(turn.Used);
        _used.AddLast(turn.Used);
        if (turn.Held is { } held)
        {
            _held.Remove(held);
            _held.AddLast(held);
        }
    }

    public void Hold(KeptTurn turn, byte[] body)
    {
        turn.Body = body;
        turn.Held = _held.AddLast(turn);
        HeldBytes += body.Length;
    }

    public void Release(KeptTurn turn)
    {
        if (turn.Held is { } held)
        {
            _held.Remove(held);
            HeldBytes -= turn.Body!.Length;
            turn.Held = null;
            turn.Body = null;
        }
    }

    public void Remove(KeptTurn turn)
    {
        Release(turn);
        _turns.Remove((turn.User, turn.Key));
        _used.Remove(turn.Used);
        Bytes -= turn.Size;
        if (_users.AddOrUpdate(turn.User, 0, static (_, count) => count - 1) <= 0)
        {
            _users.TryRemove(turn.User, out _);
        }
    }
}

/// <summary>One of them.</summary>
internal sealed class KeptTurn
{
    public KeptTurn(string user, UInt128 key)
    {
        User = user;
        Key = key;
        Used = new LinkedListNode<KeptTurn>(this);
    }

    public string User { get; }

    public UInt128 Key { get; }

    public DateTimeOffset ExpiresAt { get; set; }

    public int Size { get; init; }

    public byte[]? Body { get; set; }

    public LinkedListNode<KeptTurn> Used { get; }

    public LinkedListNode<KeptTurn>? Held { get; set; }

    public ReasoningRow Row => new(User, Key, ExpiresAt, Size);
}
