using Microsoft.AspNetCore.Http;

namespace Sluice.Simulator.Wires;

/// <summary>The wire formats that the simulator speaks; the first that knows a request answers it.</summary>
internal static class WireTable
{
    private static readonly IWire[] All =
    [
        new Gemini.GeminiWire(StreamShape.CrlfSse),
        new Gemini.GeminiWire(StreamShape.Array),
        new Gemini.GeminiEmbedWire(),
        new Bedrock.ConverseWire(),
        new Bedrock.CountTokensWire(),
        new AnthropicMessages.AnthropicWire(AnthropicMessages.AnthropicHost.Bedrock),
        new AnthropicMessages.AnthropicWire(AnthropicMessages.AnthropicHost.Vertex),
        new AnthropicMessages.AnthropicWire(AnthropicMessages.AnthropicHost.Anthropic),
        new OpenAIResponses.ResponsesWire(),

        new OpenAICompletions.CompletionsWire(),
        new OpenAIEmbeddings.EmbeddingsWire(),
        new OpenAIMedia.ImageWire(),
        new OpenAIMedia.SpeechWire(),
        new OpenAIMedia.TranscriptWire(),
        new OpenAIMedia.VideoWire(),
        new OpenAIChat.ChatWire(azure: true),

        // Last: it lists models on any path that ends so.
        new OpenAIChat.ChatWire(azure: false),
    ];

    public static (IWire Wire, WireRoute Route)? Find(HttpRequest request)
    {
        foreach (var wire in All)
        {
            if (wire.Match(request) is { } route)
            {
                return (wire, route);
            }
        }

        return null;
    }
}
