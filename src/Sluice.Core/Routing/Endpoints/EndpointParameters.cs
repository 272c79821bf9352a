using Sluice.Core.Catalogue;
using Sluice.Core.Configuration;
using Sluice.Protocols.Native;
using static Sluice.Protocols.Native.RequestParameters;

namespace Sluice.Core.Routing.Endpoints;

/// <summary>Which parameters an endpoint takes that nobody listed: what its wire has room for, less what the model is known not to do.</summary>
internal static class EndpointParameters
{
    private const RequestParameters Everything = (RequestParameters)((int)Prediction * 2 - 1);
    private const RequestParameters ToolUse = Tools | ToolChoice;
    private const RequestParameters Common = Temperature | TopP | MaxTokens | ToolUse | RequestParameters.Reasoning;
    private const RequestParameters Sampling =
        Temperature | TopP | TopK | MinP | TopA | FrequencyPenalty | PresencePenalty | RepetitionPenalty | LogitBias | Logprobs | TopLogprobs;

    private const RequestParameters Claude = Common | TopK | Stop | ParallelToolCalls | StructuredOutputs | Verbosity | WebSearch;
    private const RequestParameters Gemini =
        Common | TopK | Stop | Seed | FrequencyPenalty | PresencePenalty | Logprobs | TopLogprobs | ResponseFormat | StructuredOutputs;
    private const RequestParameters Chat =
        Common | Stop | Seed | FrequencyPenalty | PresencePenalty | LogitBias | Logprobs | TopLogprobs | ResponseFormat | StructuredOutputs | ParallelToolCalls;
    private const RequestParameters OpenAIChat = Chat | Verbosity | WebSearch | Prediction;
    private const RequestParameters CompatibleChat = Chat | TopK | MinP | RepetitionPenalty;
    private const RequestParameters Responses = Common | TopLogprobs | ResponseFormat | StructuredOutputs | ParallelToolCalls | Verbosity | WebSearch;
    private const RequestParameters Converse = Common | Stop;

    /// <summary>The parameters of <paramref name="endpoint"/>.</summary>
    public static RequestParameters Of(ModelEndpoint endpoint, ProviderSettings provider)
    {
        var takes = OfWire(endpoint, provider);
        var traits = endpoint.Model.Traits;
        takes &= traits.Tools == false ? ~(ToolUse | ParallelToolCalls) : Everything;
        takes &= traits.Reasoning == false ? ~RequestParameters.Reasoning : Everything;
        takes &= traits.StructuredOutput == false ? ~StructuredOutputs : Everything;
        takes &= traits.Sampling == false ? ~Sampling : Everything;
        return takes;
    }

    private static RequestParameters OfWire(ModelEndpoint endpoint, ProviderSettings provider) => provider.Kind switch
    {
        ProviderKind.Anthropic => Claude,
        ProviderKind.Gemini => Gemini,
        ProviderKind.OpenAIResponses => Responses,
        ProviderKind.OpenRouter or ProviderKind.Simulator => Everything,
        ProviderKind.OpenAI => provider.Dialect.Name switch { "openai" => OpenAIChat, "openrouter" => Everything, _ => CompatibleChat },
        ProviderKind.Azure => IsNamed(endpoint, "claude") ? Claude : OpenAIChat,
        ProviderKind.Bedrock => IsNamed(endpoint, "claude") ? Claude : Converse,
        ProviderKind.Vertex => IsNamed(endpoint, "claude") ? Claude : IsNamed(endpoint, "gemini") ? Gemini : CompatibleChat,
        _ => Everything,
    };

    private static bool IsNamed(ModelEndpoint endpoint, string family) =>
        endpoint.UpstreamModel.Contains(family, StringComparison.OrdinalIgnoreCase) || endpoint.Model.Id.Contains(family, StringComparison.OrdinalIgnoreCase);
}
