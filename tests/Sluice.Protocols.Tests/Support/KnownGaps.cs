namespace Sluice.Protocols.Tests.Support;

/// <summary>
/// Features that a translation still loses, or changes, without a word. The page calls them <b>lost</b>. Nothing may be added here: a new silent drop is a
/// fault to mend in the format.
/// </summary>
internal static class KnownGaps
{
    private static readonly (WireProtocol Format, string Feature)[] Writing =
    [
        (WireProtocol.OpenAIResponses, "plain-text document"),
        (WireProtocol.OpenAIResponses, "document with citations"),
        (WireProtocol.OpenAIResponses, "further members of a tool"),
        (WireProtocol.OpenAIResponses, "tool result, error"),
        (WireProtocol.OpenAIResponses, "cache mark on a tool result"),
        (WireProtocol.Gemini, "instructions in mid-conversation"),
        (WireProtocol.Gemini, "image detail"),
        (WireProtocol.Gemini, "plain-text document"),
        (WireProtocol.Gemini, "strict tool"),
        (WireProtocol.Gemini, "further members of a tool"),
        (WireProtocol.Gemini, "cache mark on a tool result"),
        (WireProtocol.Gemini, "automatic cache"),
        (WireProtocol.Gemini, "citation of a document"),
        (WireProtocol.BedrockConverse, "instructions in mid-conversation"),
        (WireProtocol.BedrockConverse, "image detail"),
        (WireProtocol.BedrockConverse, "strict tool"),
        (WireProtocol.BedrockConverse, "further members of a tool"),
        (WireProtocol.BedrockConverse, "thinking, amount left to the model"),
        (WireProtocol.BedrockConverse, "prompt cache key"),
        (WireProtocol.BedrockConverse, "service tier"),
    ];

    /// <summary>True where <paramref name="format"/> is known to write <paramref name="feature"/> wrongly.</summary>
    public static bool Has(WireProtocol format, string feature) => Array.IndexOf(Writing, (format, feature)) >= 0;
}
