namespace Sluice.Server.Detached;

/// <summary>A call that may run on without its client, and what came of it.</summary>
/// <param name="Id">The request's.</param>
/// <param name="User">Who may fetch it, and nobody else.</param>
/// <param name="Model">As the client named it.</param>
/// <param name="StartedAt">UTC.</param>
internal sealed record DetachedAnswer(string Id, string User, string Model, DateTimeOffset StartedAt)
{
    /// <summary>HTTP status; null while it runs.</summary>
    public int? Status { get; init; }

    /// <summary>The body's media type.</summary>
    public string? ContentType { get; init; }

    /// <summary>The client's bytes, signs of life left out.</summary>
    public byte[] Bytes { get; init; } = [];

    /// <summary>When it ended.</summary>
    public DateTimeOffset EndedAt { get; init; }
}
