namespace Sluice.Protocols.Conversation;

/// <summary>Who speaks. Tool results are parts of <see cref="User"/> messages.</summary>
public enum Role
{
    /// <summary>Instructions in the middle of a conversation (leading ones are <see cref="ConversationRequest.System"/>).</summary>
    System,

    /// <summary>The person, the client, or its tools.</summary>
    User,

    /// <summary>The model.</summary>
    Assistant,
}

/// <summary>One turn.</summary>
public sealed record Message(Role Role, IReadOnlyList<ContentPart> Parts);
