namespace Sluice.Core.Admission.Queue;

/// <summary>A class, an owner or a session in the tree of a <see cref="FairQueue{T}"/>, or the tree's root.</summary>
internal sealed class FairNode<T>(FairNode<T>? parent, long order)
    where T : class
{
    private static readonly Comparer<FairNode<T>> ByTag = Comparer<FairNode<T>>.Create(static (a, b) => a.Tag != b.Tag ? a.Tag.CompareTo(b.Tag) : a.Order.CompareTo(b.Order));

    private readonly SortedSet<FairNode<T>> _waiting = new(ByTag);
    private Dictionary<string, FairNode<T>>? _children;
    private double _clock;
    private long _made;
    private int _sweepAt = 64;

    // Children that neither wait nor are ahead are forgotten; of those that are ahead, no more than this are remembered.
    private const int MostRemembered = 4096;

    /// <summary>Null for the root.</summary>
    public FairNode<T>? Parent => parent;

    /// <summary>Breaks ties: who came first.</summary>
    public long Order => order;

    /// <summary>What it has been served, by its weight, on the clock of its parent: the smallest is next.</summary>
    public double Tag { get; private set; }

    /// <summary>Those who wait, in order; of sessions alone.</summary>
    public LinkedList<T> Items { get; } = new();

    private double Weight { get; set; } = 1;

    private bool Waits { get; set; }

    /// <summary>All below it.</summary>
    public int Descendants => _children?.Values.Sum(child => 1 + child.Descendants) ?? 0;

    /// <summary>The child that is next; null where none waits.</summary>
    public FairNode<T>? Next => _waiting.Min;

    /// <summary>The child of that name, made where it is missing.</summary>
    public FairNode<T> Child(string name, double weight)
    {
        _children ??= new Dictionary<string, FairNode<T>>(StringComparer.Ordinal);
        if (!_children.TryGetValue(name, out var child))
        {
            Sweep();
            child = new FairNode<T>(this, _made++);
            _children.Add(name, child);
        }

        child.Weight = weight;
        return child;
    }

    /// <summary>It has somebody waiting: it stands in its parent's order, and so do all above it. Idleness earns nothing: it starts where those stand who are served now.</summary>
    public void Begin()
    {
        for (var node = this; node.Parent is { } above && !node.Waits; node = above)
        {
            node.Tag = Math.Max(node.Tag, above._clock);
            node.Waits = true;
            above._waiting.Add(node);
        }
    }

    /// <summary>Nobody waits in it any more.</summary>
    public void End()
    {
        for (var node = this; node.Parent is { } above && node.Waits && node._waiting.Count == 0; node = above)
        {
            above._waiting.Remove(node);
            node.Waits = false;
        }
    }

    /// <summary>It was served, and with it all above it.</summary>
    public void Serve(double cost)
    {
        for (var node = this; node.Parent is { } above; node = above)
        {
            // Who waits may be behind the clock, when it was found to have used less than was thought: that is its own and is not lost.
            var start = node.Waits ? node.Tag : Math.Max(node.Tag, above._clock);
            above._clock = Math.Max(start, above._clock);
            node.MoveTo(start + (cost / node.Weight));
        }
    }

    /// <summary>What it was served was more than thought, or less.</summary>
    public void Correct(double cost)
    {
        for (var node = this; node.Parent is not null; node = node.Parent)
        {
            node.MoveTo(Math.Max(0, node.Tag + (cost / node.Weight)));
        }
    }

    private void MoveTo(double tag)
    {
        if (Waits)
        {
            // Out first: a set loses what changes its place while it is in it.
            parent!._waiting.Remove(this);
            Tag = tag;
            parent._waiting.Add(this);
        }
        else
        {
            Tag = tag;
        }
    }

    private void Sweep()
    {
        if (_children!.Count < _sweepAt)
        {
            return;
        }

        var all = _children.Count >= MostRemembered;
        foreach (var (name, child) in _children)
        {
            if (!child.Waits && (all || child.Tag <= _clock))
            {
                _children.Remove(name);
            }
        }

        _sweepAt = Math.Max(64, Math.Min(MostRemembered, _children.Count * 2));
    }
}
