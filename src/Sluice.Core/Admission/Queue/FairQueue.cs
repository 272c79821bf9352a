namespace Sluice.Core.Admission.Queue;

/// <summary>
/// A line in which nobody is served twice before another is served once: start-time fair queuing in three levels. Whoever has been served least,
/// by weight, is next: first between the classes (interactive calls have a weight of their own against background ones), then between the
/// owners of the class, then between the sessions of the owner; a session's own requests keep their order. All that is served counts, also what
/// never had to wait. Costs O(log n).
/// </summary>
/// <remarks>Lock rule: called under the lock of the gate that owns it.</remarks>
internal sealed class FairQueue<T>
    where T : class
{
    private readonly FairNode<T> _root = new(parent: null, order: 0);

    /// <summary>How many wait.</summary>
    public int Count { get; private set; }

    /// <summary>Classes, owners and sessions that it knows of; bounded, however many come and go.</summary>
    public int Remembered => _root.Descendants;

    /// <summary>How many interactive requests are served for each of the background while both wait.</summary>
    public double InteractiveWeight { get; set; } = 4;

    /// <summary>Who is next; null where nobody waits.</summary>
    public T? First
    {
        get
        {
            var node = _root;
            while (node.Next is { } next)
            {
                node = next;
            }

            return node.Items.First?.Value;
        }
    }

    /// <summary>Puts one behind the others of its session.</summary>
    /// <returns>Its place, to be removed by.</returns>
    public Place Add(Flow flow, T item)
    {
        var session = Find(flow);
        var place = new Place(session, session.Items.AddLast(item));
        session.Begin();
        Count++;
        return place;
    }

    /// <summary>Takes one out, served or not. Once.</summary>
    public void Remove(Place place)
    {
        place.Session.Items.Remove(place.Node);
        if (place.Session.Items.Count == 0)
        {
            place.Session.End();
        }

        Count--;
    }

    /// <summary>Counts what one is served, whether it waited or not.</summary>
    public void Serve(Flow flow, double cost) => Find(flow).Serve(cost);

    /// <summary>Corrects what was counted.</summary>
    public void Correct(Flow flow, double cost) => Find(flow).Correct(cost);

    private FairNode<T> Find(Flow flow) =>
        _root.Child(flow.IsBackground ? "background" : "interactive", flow.IsBackground ? 1 : InteractiveWeight)
            .Child(flow.Owner, 1)
            .Child(flow.Session ?? "", 1);

    /// <summary>Where somebody stands.</summary>
    internal readonly record struct Place(FairNode<T> Session, LinkedListNode<T> Node);
}
