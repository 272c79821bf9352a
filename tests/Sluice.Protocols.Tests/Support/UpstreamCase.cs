using Sluice.Protocols.Formats;
using Sluice.Protocols.OpenAIChat;

namespace Sluice.Protocols.Tests.Support;

/// <summary>One column of the page: an upstream format, and the model and dialect that stand for it.</summary>
internal sealed record UpstreamCase(string Name, IUpstreamFormat Format, UpstreamTarget Target)
{
    /// <summary>Whose signatures the model behind it makes.</summary>
    public WireProtocol Signer => Target.Dialect == ChatDialect.OpenRouter ? WireProtocol.AnthropicMessages : Format.Protocol;

    /// <summary>All of them, for every format that upstreams speak; one without a line here gets a model without known family.</summary>
    public static IEnumerable<UpstreamCase> All => WireFormats.AllUpstreams.SelectMany(format => format.Protocol switch
    {
        WireProtocol.AnthropicMessages => [Of("Messages", format, "claude-sonnet-4-5", "anthropic/claude-sonnet-4.5")],
        WireProtocol.OpenAIChat =>
        [
            Of("Chat, OpenAI", format, "gpt-4.1", "openai/gpt-4.1", ChatDialect.OpenAI),
            Of("Chat, OpenRouter", format, "anthropic/claude-sonnet-4.5", "anthropic/claude-sonnet-4.5", ChatDialect.OpenRouter),
            Of("Chat, other", format, "qwen3-coder", "qwen/qwen3-coder"),
        ],
        WireProtocol.OpenAIResponses => [Of("Responses", format, "gpt-5.1", "openai/gpt-5.1")],
        WireProtocol.Gemini => [Of("Gemini", format, "gemini-2.5-flash", "google/gemini-2.5-flash")],
        WireProtocol.BedrockConverse => [Of("Converse", format, "anthropic.claude-sonnet-4-5-20250929-v1:0", "anthropic/claude-sonnet-4.5")],
        _ => new[] { Of(format.Protocol.ToString(), format, "some-model", "some/model") },
    });

    private static UpstreamCase Of(string name, IUpstreamFormat format, string model, string canonical, ChatDialect? dialect = null) =>
        new(name, format, new UpstreamTarget(model, dialect ?? ChatDialect.Generic, ModelTraits.Unknown) { CanonicalModel = canonical });
}
