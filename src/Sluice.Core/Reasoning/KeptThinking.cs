using Sluice.Protocols.Conversation;

namespace Sluice.Core.Reasoning;

/// <summary>A thinking part that stood before a tool call, or before the text of a turn without calls.</summary>
/// <param name="Part">As the provider gave it, with its proof.</param>
/// <param name="BeforeText">Text stood between it and the call: it goes back before that text.</param>
public sealed record KeptThinking(ThinkingPart Part, bool BeforeText)
{
    /// <summary>The part has something that its vendor wants back and can check.</summary>
    public static bool IsSealed(ThinkingPart part) => part.Signature is { Length: > 0 } || part.RedactedData is { Length: > 0 } || !part.Details.IsEmpty;
}
