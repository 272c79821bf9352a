using Microsoft.AspNetCore.Http;

namespace Sluice.Simulator.Wires;

/// <summary>The wire formats that the simulator speaks; the first that knows a request answers it.</summary>
internal static class WireTable
{
    private static readonly IWire[] All = [new AnthropicMessages.AnthropicWire(), new OpenAIChat.ChatWire()];

    public static (IWire Wire, WireCall Call)? Find(HttpRequest request)
    {
        foreach (var wire in All)
        {
            if (wire.Match(request) is { } call)
            {
                return (wire, call);
            }
        }

        return null;
    }
}
