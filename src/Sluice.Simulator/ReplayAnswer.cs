namespace Sluice.Simulator;

/// <summary>A recorded answer, sent byte for byte.</summary>
public sealed record ReplayAnswer
{
    /// <summary>The body, exactly as it goes out.</summary>
    public required byte[] Body { get; init; }

    /// <summary>HTTP status.</summary>
    public int Status { get; init; } = 200;

    /// <summary>Content type; the default fits streams.</summary>
    public string ContentType { get; init; } = "text/event-stream; charset=utf-8";

    /// <summary>Further headers, in order. <c>transfer-encoding</c> and <c>content-length</c> are left out: this connection has its own.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Headers { get; init; } = [];

    /// <summary>Lengths in bytes of the network writes, each flushed on its own; what they leave over goes in one last write. Null sends the body in one.</summary>
    public IReadOnlyList<int>? ChunkLengths { get; init; }

    /// <summary>Pause between writes, by the simulator's clock; zero for none.</summary>
    public TimeSpan Gap { get; init; }
}
