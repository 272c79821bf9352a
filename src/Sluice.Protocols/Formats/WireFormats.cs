using Sluice.Protocols.Anthropic;
using Sluice.Protocols.BedrockConverse;
using Sluice.Protocols.Gemini;
using Sluice.Protocols.OpenAIChat;
using Sluice.Protocols.OpenAICompletions;
using Sluice.Protocols.OpenAIResponses;

namespace Sluice.Protocols.Formats;

/// <summary>All wire formats: a new one is a folder and its line here.</summary>
public static class WireFormats
{
    private static readonly IWireFormat[] Both = [AnthropicFormat.Instance, OpenAIChatFormat.Instance, OpenAIResponsesFormat.Instance, GeminiFormat.Instance];

    private static readonly IClientFormat?[] Clients = ByProtocol<IClientFormat>([.. Both, OpenAICompletionsFormat.Instance], f => f.Protocol);

    private static readonly IUpstreamFormat?[] Upstreams = ByProtocol<IUpstreamFormat>([.. Both, BedrockConverseFormat.Instance], f => f.Protocol);

    /// <summary>The format that clients and upstreams both speak.</summary>
    public static IWireFormat Of(WireProtocol protocol) => Client(protocol) as IWireFormat ?? throw Unknown(protocol);

    /// <summary>The format as clients speak it.</summary>
    public static IClientFormat Client(WireProtocol protocol) => Clients[(int)protocol] ?? throw Unknown(protocol);

    /// <summary>The format as upstreams speak it.</summary>
    public static IUpstreamFormat Upstream(WireProtocol protocol) => Upstreams[(int)protocol] ?? throw Unknown(protocol);

    /// <summary>Every format that clients speak.</summary>
    public static IReadOnlyList<IClientFormat> AllClients { get; } = [.. Clients.OfType<IClientFormat>()];

    /// <summary>Every format that upstreams speak.</summary>
    public static IReadOnlyList<IUpstreamFormat> AllUpstreams { get; } = [.. Upstreams.OfType<IUpstreamFormat>()];

    /// <summary>What is spoken to a client that does not show what it speaks.</summary>
    public static IClientFormat Fallback => OpenAIChatFormat.Instance;

    /// <summary>The word for a format (<see cref="IClientFormat.Name"/>).</summary>
    public static string NameOf(WireProtocol protocol) => Clients[(int)protocol]?.Name ?? Upstream(protocol).Name;

    /// <summary>The format of this name; null where there is none.</summary>
    public static WireProtocol? Named(string name)
    {
        foreach (var protocol in Enum.GetValues<WireProtocol>())
        {
            if (NameOf(protocol) == name)
            {
                return protocol;
            }
        }

        return null;
    }

    private static ArgumentOutOfRangeException Unknown(WireProtocol protocol) => new(nameof(protocol), protocol, message: null);

    private static T?[] ByProtocol<T>(IEnumerable<T> formats, Func<T, WireProtocol> protocolOf)
        where T : class
    {
        var table = new T?[Enum.GetValues<WireProtocol>().Length];
        foreach (var format in formats)
        {
            table[(int)protocolOf(format)] = format;
        }

        return table;
    }
}
