using Sluice.Protocols.Anthropic;
using Sluice.Protocols.OpenAIChat;

namespace Sluice.Protocols.Formats;

/// <summary>All wire formats.</summary>
public static class WireFormats
{
    /// <summary>The one for <paramref name="protocol"/>.</summary>
    public static IWireFormat Of(WireProtocol protocol) => protocol switch
    {
        WireProtocol.AnthropicMessages => AnthropicFormat.Instance,
        WireProtocol.OpenAIChat => OpenAIChatFormat.Instance,
        _ => throw new ArgumentOutOfRangeException(nameof(protocol), protocol, message: null),
    };
}
