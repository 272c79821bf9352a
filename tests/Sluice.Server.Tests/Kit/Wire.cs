using Sluice.Protocols;
using Sluice.Server.Tests.Kit.Clients;

namespace Sluice.Server.Tests.Kit;

/// <summary>What a client or an upstream speaks.</summary>
public enum Wire
{
    Anthropic,
    Chat,
    Responses,
    Gemini,
}

/// <summary>Requests of all wires.</summary>
internal static class Wires
{
    /// <summary>How clients of a wire ask and read.</summary>
    public static IClientWire Of(Wire wire) => wire switch
    {
        Wire.Anthropic => AnthropicClient.Instance,
        Wire.Chat => ChatClient.Instance,
        Wire.Responses => ResponsesClient.Instance,
        Wire.Gemini => GeminiClient.Instance,
        _ => throw new ArgumentOutOfRangeException(nameof(wire), wire, "A wire without a client."),
    };

    /// <summary>Where a request of no particular model goes.</summary>
    public static string PathOf(Wire wire, string model = "m/anthropic", bool stream = false) => Of(wire).PathFor(model, stream);

    public static WireProtocol ProtocolOf(Wire wire) => Of(wire).Protocol;

    /// <summary>A plain request; with <paramref name="tool"/> it offers one.</summary>
    public static ClientRequest Ask(Wire wire, string model, string text, bool stream, bool tool = false, bool usage = true) =>
        new(PathOf(wire, model, stream), Of(wire).Request(model, text, stream, tool, usage).ToJsonString());
}

/// <summary>A request as a client would send it: some wires name the model in the body, some in the path.</summary>
internal readonly record struct ClientRequest(string Path, string Body);
