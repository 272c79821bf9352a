namespace Sluice.Server.Detached;

/// <summary>
/// Calls that may run on without their clients, and what came of them. Bounded by how many run on, in all and of one user, by how long each may, by
/// the bytes of all answers and by how long they wait to be fetched. In memory alone. Thread-safe.
/// </summary>
internal sealed class DetachedAnswers(TimeProvider time)
{
    /// <summary>How many calls run on at once.</summary>
    public const int MostRunning = 64;

    /// <summary>And of one user.</summary>
    public const int MostOfOneUser = 8;

    /// <summary>Bytes of all kept answers.</summary>
    public const long MostBytes = 64L * 1024 * 1024;

    // An entry without an answer, too, takes something.
    private const int Around = 512;

    private readonly Lock _lock = new();
    private readonly Dictionary<string, DetachedAnswer> _answers = new(StringComparer.Ordinal);
    private readonly Queue<string> _ended = new();
    private readonly List<string> _running = [];
    private long _bytes;

    /// <summary>How long a call may run on once its client has left.</summary>
    public static TimeSpan LongestRun { get; } = TimeSpan.FromMinutes(15);

    /// <summary>How long an answer waits to be fetched.</summary>
    public static TimeSpan LongestWait { get; } = TimeSpan.FromHours(1);

    /// <summary>The client of a call has left. False where no more calls may run on: it ends as any other does.</summary>
    public bool TryRunOn(DetachedAnswer call)
    {
        lock (_lock)
        {
            if (_running.Count >= MostRunning || _running.Count(other => _answers[other].User == call.User) >= MostOfOneUser)
            {
                return false;
            }

            _running.Add(call.Id);
            _answers[call.Id] = call;
            return true;
        }
    }

    /// <summary>The call has ended with an answer or an error; null where nothing of it can be fetched.</summary>
    public void End(string id, DetachedAnswer? answer)
    {
        lock (_lock)
        {
            _running.Remove(id);
            _answers.Remove(id);
            if (answer is not null)
            {
                _answers[id] = answer;
                _ended.Enqueue(id);
                _bytes += answer.Bytes.Length + Around;
            }

            Shrink();
        }
    }

    /// <summary>The answer of a call, where it is this user's; null for all others, and once it is gone.</summary>
    public DetachedAnswer? Find(string id, string user)
    {
        lock (_lock)
        {
            Shrink();
            return _answers.TryGetValue(id, out var answer) && answer.User == user ? answer : null;
        }
    }

    /// <summary>All calls of a user that run on, or whose answers are kept; the newest first.</summary>
    public IReadOnlyList<DetachedAnswer> Of(string user)
    {
        lock (_lock)
        {
            Shrink();
            return [.. _answers.Values.Where(answer => answer.User == user).OrderByDescending(answer => answer.StartedAt).ThenByDescending(answer => answer.Id, StringComparer.Ordinal)];
        }
    }

    private void Shrink()
    {
        var oldest = time.GetUtcNow() - LongestWait;
        while (_ended.TryPeek(out var id) && (_bytes > MostBytes || _answers[id].EndedAt <= oldest))
        {
            _ended.Dequeue();
            _bytes -= _answers[id].Bytes.Length + Around;
            _answers.Remove(id);
        }
    }
}
