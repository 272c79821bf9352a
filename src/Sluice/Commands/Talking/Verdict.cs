namespace Sluice.Commands.Talking;

/// <summary>How a conversation ended.</summary>
/// <param name="Outcome"><c>passed</c>, <c>degraded</c>, <c>refused</c>, <c>failed</c>, or <c>skipped</c> where the client's format has no such thing.</param>
/// <param name="Reason">One line; empty where it passed.</param>
internal sealed record Verdict(string Outcome, string Reason)
{
    public static readonly Verdict Passed = new("passed", "");

    public static Verdict Degraded(string reason) => new("degraded", reason);

    public static Verdict Refused(string reason) => new("refused", reason);

    public static Verdict Failed(string reason) => new("failed", reason);

    public static Verdict Skipped(string reason) => new("skipped", reason);
}

/// <summary>One answer as the client read it.</summary>
/// <param name="RequestId">For <c>sluice explain</c>; null where none came.</param>
/// <param name="Answer">Null where <paramref name="Fault"/> is set.</param>
/// <param name="Fault">Why the conversation cannot go on.</param>
internal sealed record Reply(string? RequestId, Protocols.Conversation.ConversationResponse? Answer, Verdict? Fault)
{
    /// <summary>HTTP status; 0 where none came.</summary>
    public int Status { get; init; }

    /// <summary>All shown text.</summary>
    public string Text => string.Concat(Answer?.Parts.OfType<Protocols.Conversation.TextPart>().Select(part => part.Text) ?? []);

    public IReadOnlyList<Protocols.Conversation.ToolCallPart> Calls => [.. Answer?.Parts.OfType<Protocols.Conversation.ToolCallPart>() ?? []];
}
