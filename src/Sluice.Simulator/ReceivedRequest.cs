namespace Sluice.Simulator;

/// <summary>How an answer ended.</summary>
public enum AnswerEnd
{
    /// <summary>Still being sent.</summary>
    Open,

    /// <summary>All of it was sent.</summary>
    Completed,

    /// <summary>The client went first.</summary>
    ClientGone,

    /// <summary>A fault cut it.</summary>
    CutByFault,
}

/// <summary>One request as it arrived, and what became of it. Fields of the answer fill in as it goes; each is written once.</summary>
public sealed class ReceivedRequest
{
    private byte[]? _body;
    private long _bytesSent;
    private volatile AnswerMark _answer = new(0, null, null);
    private volatile EndMark? _end;

    internal ReceivedRequest(long number, string method, string path, string query, IReadOnlyList<KeyValuePair<string, string>> headers, DateTimeOffset at)
    {
        Number = number;
        Method = method;
        Path = path;
        Query = query;
        Headers = headers;
        ArrivedAt = at;
    }

    /// <summary>1 for the first request of this simulator.</summary>
    public long Number { get; }

    /// <summary>HTTP method.</summary>
    public string Method { get; }

    /// <summary>Decoded path.</summary>
    public string Path { get; }

    /// <summary>With its question mark; empty where there is none.</summary>
    public string Query { get; }

    /// <summary>In the order and spelling of the wire, one entry for each line (with prepared answers: in the server's order).</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Headers { get; }

    /// <summary>When the headers were there, by the simulator's clock.</summary>
    public DateTimeOffset ArrivedAt { get; }

    /// <summary>The body's exact bytes; null until read, and again when the record's budget gave it up.</summary>
    public byte[]? Body => Volatile.Read(ref _body);

    /// <summary>The key that the client showed.</summary>
    public string? Credential { get; internal set; }

    /// <summary>The model that the path or the body names.</summary>
    public string? Model { get; internal set; }

    /// <summary>HTTP status of the answer; 0 before it, or where none was sent.</summary>
    public int Status => _answer.Status;

    /// <summary>The fault that was played; null for a normal answer.</summary>
    public Fault? Fault => _answer.Fault;

    /// <summary>Token counts that a truthful answer reported; null where none was made.</summary>
    public ReportedUsage? Usage => _answer.Usage;

    /// <summary>Body bytes handed to the connection so far, without transfer framing.</summary>
    public long BytesSent => Interlocked.Read(ref _bytesSent);

    /// <summary>How it ended.</summary>
    public AnswerEnd End => _end?.How ?? AnswerEnd.Open;

    /// <summary>When it ended; null while open.</summary>
    public DateTimeOffset? EndedAt => _end?.At;

    /// <summary>When the client was seen to be gone; null where it stayed to the end.</summary>
    public DateTimeOffset? ClientGoneAt => _end is { How: AnswerEnd.ClientGone } end ? end.At : null;

    /// <summary>First value of a header; null where it is missing.</summary>
    public string? Header(string name)
    {
        foreach (var header in Headers)
        {
            if (string.Equals(header.Key, name, StringComparison.OrdinalIgnoreCase))
            {
                return header.Value;
            }
        }

        return null;
    }

    internal void Take(byte[] body) => Volatile.Write(ref _body, body);

    internal int DropBody() => Interlocked.Exchange(ref _body, null)?.Length ?? 0;

    internal void Answered(int status, Fault? fault, ReportedUsage? usage) => _answer = new(status, fault, usage);

    internal void Sent(int bytes) => Interlocked.Add(ref _bytesSent, bytes);

    /// <summary>The first end counts: a client that leaves after the last byte did not abort.</summary>
    internal bool TryEnd(AnswerEnd how, DateTimeOffset at) => Interlocked.CompareExchange(ref _end, new EndMark(how, at), null) is null;

    private sealed record AnswerMark(int Status, Fault? Fault, ReportedUsage? Usage);

    private sealed record EndMark(AnswerEnd How, DateTimeOffset At);
}

/// <summary>Token counts. Input excludes both cache counts; reasoning is part of output.</summary>
public sealed record ReportedUsage(int Input, int CacheRead, int CacheWrite5m, int CacheWrite1h, int Output, int Reasoning);
