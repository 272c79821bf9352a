using Sluice.Protocols.Conversation;

namespace Sluice.Core.Reasoning;

/// <summary>
/// Puts back into a conversation what its client left out of earlier turns. A function of the conversation and the memory alone, turn by turn, so
/// that a later request repeats the bytes of an earlier one. A turn that brings a proof of its own is left as it is.
/// </summary>
public static class TurnProofs
{
    /// <summary>The request with what was missing; the same one where nothing was.</summary>
    /// <param name="request">As the client's format was read.</param>
    /// <param name="memory">Where from.</param>
    /// <param name="user">Whose request.</param>
    /// <param name="session">As the answer was remembered with.</param>
    public static ConversationRequest Restore(ConversationRequest request, IReasoningMemory memory, string user, string? session)
    {
        if (!memory.Knows(user))
        {
            return request;
        }

        List<Message>? messages = null;
        HashSet<string>? ids = null;
        for (var i = 0; i < request.Messages.Count; i++)
        {
            var message = request.Messages[i];
            if (message.Role == Role.Assistant && Restored(message, memory, user, session) is { } restored)
            {
                messages ??= [.. request.Messages];
                messages[i] = WithoutRepeatedIds(restored, ids ??= new HashSet<string>(StringComparer.Ordinal));
            }
        }

        return messages is null ? request : request with { Messages = messages };
    }

    /// <summary>The turns that <see cref="Restore"/> looks for.</summary>
    public static IEnumerable<UInt128> Keys(ConversationRequest request, string? session) => request.Messages.SelectMany(message => Keys(message, session));

    /// <summary>Those of them that belong to the last turn of the model.</summary>
    public static IEnumerable<UInt128> NewestKeys(ConversationRequest request, string? session) =>
        request.Messages.LastOrDefault(message => message.Role == Role.Assistant) is { } last ? Keys(last, session) : [];

    private static IEnumerable<UInt128> Keys(Message message, string? session)
    {
        if (message.Role == Role.Assistant && !message.Parts.Any(IsProof))
        {
            var calls = false;
            foreach (var call in message.Parts.OfType<ToolCallPart>())
            {
                calls = true;
                yield return TurnKey.Of(call);
            }

            if (!calls && session is not null && TextOf(message) is { Length: > 0 and <= TurnRecorder.LongestText } text)
            {
                yield return TurnKey.Of(session, text);
            }
        }
    }

    private static string TextOf(Message message) => string.Concat(message.Parts.OfType<TextPart>().Select(t => t.Text));

    // A call that is repeated to the letter has one thinking; a vendor that knows items by their ids refuses the second one of an id.
    private static Message WithoutRepeatedIds(Message message, HashSet<string> ids) =>
        new(message.Role, [.. message.Parts.Select(p => p is ThinkingPart { Id: { } id } thinking && !ids.Add(id) ? thinking with { Id = null } : p)]);

    private static Message? Restored(Message message, IReasoningMemory memory, string user, string? session)
    {
        var plain = false;
        var calls = false;
        foreach (var part in message.Parts)
        {
            if (IsProof(part))
            {
                return null;
            }

            plain |= part is ThinkingPart { Text.Length: > 0 };
            calls |= part is ToolCallPart;
        }

        var (parts, sealedText) = calls ? BeforeCalls(message, memory, user, plain) : BeforeText(message, memory, user, session, plain);
        if (parts is null)
        {
            return null;
        }

        if (sealedText)
        {
            // The same thinking without its proof, which the client kept: twice would be one too many.
            parts.RemoveAll(p => p is ThinkingPart thinking && !KeptThinking.IsSealed(thinking));
        }

        return new Message(message.Role, parts);
    }

    private static (List<ContentPart>? Parts, bool SealedText) BeforeCalls(Message message, IReasoningMemory memory, string user, bool plain)
    {
        List<ContentPart>? parts = null;
        var sealedText = false;
        var text = -1;
        for (var i = 0; i < message.Parts.Count; i++)
        {
            var part = message.Parts[i];
            if (part is TextPart or RefusalPart && text < 0)
            {
                text = parts?.Count ?? i;
            }

            if (part is ToolCallPart call)
            {
                foreach (var kept in memory.Find(user, TurnKey.Of(call)))
                {
                    if (plain && !KeptThinking.IsSealed(kept.Part))
                    {
                        continue;
                    }

                    parts ??= [.. message.Parts.Take(i)];
                    parts.Insert(kept.BeforeText && text >= 0 ? text++ : parts.Count, kept.Part);
                    sealedText |= KeptThinking.IsSealed(kept.Part) && kept.Part.Text.Length > 0;
                }

                text = -1;
            }

            parts?.Add(part);
        }

        return (parts, sealedText);
    }

    private static (List<ContentPart>? Parts, bool SealedText) BeforeText(Message message, IReasoningMemory memory, string user, string? session, bool plain)
    {
        if (session is null)
        {
            return default;
        }

        var text = TextOf(message);
        if (text.Length is 0 or > TurnRecorder.LongestText)
        {
            return default;
        }

        var kept = memory.Find(user, TurnKey.Of(session, text)).Where(k => !plain || KeptThinking.IsSealed(k.Part)).Select(k => k.Part).ToList();
        return kept.Count == 0 ? default
            : ([.. kept, .. message.Parts], kept.Exists(k => KeptThinking.IsSealed(k) && k.Text.Length > 0));
    }

    // Google's signature may stand beside a call, in a member that only its format reads.
    private static bool IsProof(ContentPart part) =>
        part.Signature is { Length: > 0 } || (part is ThinkingPart thinking && KeptThinking.IsSealed(thinking)) || (part is ToolCallPart call && call.Extra.Utf8.Span.IndexOf("extra_content"u8) >= 0);
}
