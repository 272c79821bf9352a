using System.Runtime.InteropServices;

namespace Sluice.Server.Attempts;

/// <summary>
/// Remembers for one to two minutes which requests failed, so that a client's own retry of one is known for what it is: most agents send the same
/// again, at most with the members of an object in another order, and say nothing of it. Two sets take turns, so nothing has to be swept; each holds a bounded number, and what finds no room is
/// only repeated once more than it need be. Thread-safe.
/// </summary>
/// <param name="time">For the change of sets.</param>
internal sealed class FailedRequests(TimeProvider time)
{
    private const int Most = 8_192;
    private static readonly TimeSpan Turn = TimeSpan.FromMinutes(1);

    private readonly Lock _lock = new();
    private HashSet<Trace> _now = [];
    private HashSet<Trace> _before = [];
    private long _turnedAt = time.GetTimestamp();

    /// <summary>Whether the same user sent the same a moment ago, and it failed. Bytes are read only while something is remembered.</summary>
    public bool Has(InferenceRequest request)
    {
        lock (_lock)
        {
            TurnOver();
            if (_now.Count == 0 && _before.Count == 0)
            {
                return false;
            }
        }

        var trace = Trace.Of(request);
        lock (_lock)
        {
            return _now.Contains(trace) || _before.Contains(trace);
        }
    }

    /// <summary>The request failed as a whole.</summary>
    public void Add(InferenceRequest request)
    {
        var trace = Trace.Of(request);
        lock (_lock)
        {
            TurnOver();
            if (_now.Count < Most)
            {
                _now.Add(trace);
            }
        }
    }

    private void TurnOver()
    {
        var passed = time.GetElapsedTime(_turnedAt);
        if (passed >= Turn)
        {
            (_before, _now) = (passed >= 2 * Turn ? [] : _now, []);
            _turnedAt = time.GetTimestamp();
        }
    }

    // A collision costs one repeat that would have been made; 32 bits beside user, session, model and length are enough for that.
    [StructLayout(LayoutKind.Auto)]
    private readonly record struct Trace(string User, string? Session, string Model, int Length, int Hash)
    {
        public static Trace Of(InferenceRequest request) =>
            new(request.Caller.User, request.Facts.Session, request.Envelope.Model ?? "", request.Body.Bytes.Length, JsonHash.Of(request.Body.Bytes.Span));
    }
}
