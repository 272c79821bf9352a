using Sluice.Protocols.Conversation;

namespace Sluice.Commands.Talking;

/// <summary>Turns of a conversation, before a client's format is chosen for it.</summary>
internal static class Turns
{
    private const long ShortAnswer = 1024;

    /// <summary>One question.</summary>
    public static ConversationRequest Ask(params ContentPart[] parts) => new()
    {
        From = default,
        Model = "",
        MaxOutputTokens = ShortAnswer,
        Messages = [new Message(Role.User, parts)],
    };

    /// <summary>The next turn: what was answered, and the results of its calls.</summary>
    public static ConversationRequest Continue(ConversationRequest question, Reply reply)
    {
        ContentPart[] next = reply.Calls.Count == 0
            ? [new TextPart("Thank you. Say it again in one word.")]
            : [.. reply.Calls.Select(call => new ToolResultPart(call.Id, [new TextPart("18 degrees, sunny")], IsError: false))];

        // Thinking that nobody sealed cannot go back to most vendors, and need not.
        var said = reply.Answer!.Parts.Where(part => part is not ThinkingPart { Signature: null, RedactedData: null, Details.IsEmpty: true });
        return question with { Messages = [.. question.Messages, new Message(Role.Assistant, [.. said]), new Message(Role.User, next)] };
    }
}
