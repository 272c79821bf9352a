namespace Sluice.Protocols.Tests.Support;

/// <summary>Something that a request can ask for, or an answer can hold, and where it stands in each format's bytes (see <see cref="JsonProbe"/>).</summary>
/// <param name="Name">As the page has it.</param>
/// <param name="Anthropic">Where it stands in Messages.</param>
/// <param name="Chat">Where it stands in Chat Completions.</param>
/// <param name="Responses">Where it stands in Responses.</param>
/// <param name="Gemini">Where it stands in Gemini.</param>
/// <param name="Converse">Where it stands in Bedrock Converse.</param>
internal sealed record Feature(string Name, string Anthropic, string Chat, string Responses, string Gemini, string Converse)
{
    /// <summary>What of it must be found somewhere even where it is emulated or weakened, and in formats that have no probe of their own.</summary>
    public string? Trace { get; init; }

    /// <summary>Where it stands in Completions, which no upstream is asked in; null where their answers have no place for it.</summary>
    public string? Completions { get; init; }

    /// <summary>What must not be in another vendor's body at all.</summary>
    public string? Forbidden { get; init; }

    /// <summary>Where it stands in <paramref name="protocol"/>'s bytes.</summary>
    public string ProbeFor(WireProtocol protocol) => protocol switch
    {
        WireProtocol.AnthropicMessages => Anthropic,
        WireProtocol.OpenAIChat => Chat,
        WireProtocol.OpenAIResponses => Responses,
        WireProtocol.Gemini => Gemini,
        WireProtocol.BedrockConverse => Converse,
        WireProtocol.OpenAICompletions => Completions ?? JsonProbe.Never,
        _ => Trace ?? JsonProbe.Never,
    };
}
