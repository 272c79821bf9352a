using Sluice.Protocols.Native;

namespace Sluice.Core.Routing.Auto;

/// <summary>
/// The body of a request, for whoever must know more of it than its envelope: which task it is, and what it lets the auto router choose. Each is
/// read when first asked for. Made only for requests that can need it (<see cref="AutoTable.Concerns"/>), and valid as long as the body is.
/// </summary>
/// <param name="envelope">The scan of <paramref name="body"/>.</param>
/// <param name="body">The client's whole body.</param>
/// <param name="role">What the call is for inside its agent, where that is known.</param>
public sealed class RequestPrompt(Envelope envelope, ReadOnlyMemory<byte> body, string? role)
{
    // System, question, and a first answer: what is longer goes on with something.
    private const int FewTurns = 2;

    private RestrictionsResult? _restrictions;

    /// <summary>What the request is about.</summary>
    public TaskVerdict Task => field ??= TaskClassifier.Classify(envelope, body.Span, role);

    /// <summary>It will be continued, or continues something: an agent's work or a chat with a history, not one question for itself.</summary>
    public bool IsConversation => role != "background" && (envelope.ToolCount > 0 || envelope.MessageCount > FewTurns);

    /// <summary>What the request's plugins allow the router to choose.</summary>
    internal RestrictionsResult Restrictions => _restrictions ??= AutoRestrictions.Read(envelope, body.Span);
}
