using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Sluice.Protocols.Formats;

namespace Sluice.Protocols.Tests.Support;

/// <summary>One client format's small requests: a plain one, and for each feature that the format can express the members that it changes.</summary>
/// <param name="Base">A plain request.</param>
/// <param name="ByFeature">Top-level members by the feature's name.</param>
internal sealed record ClientRequests(string Base, IReadOnlyDictionary<string, string> ByFeature)
{
    /// <summary>The requests of a client format; null for one that has none here yet.</summary>
    public static ClientRequests? Of(WireProtocol client) => client switch
    {
        WireProtocol.AnthropicMessages => AnthropicRequests.All,
        WireProtocol.OpenAIChat => ChatRequests.All,
        WireProtocol.OpenAIResponses => ResponsesRequests.All,
        WireProtocol.Gemini => GeminiRequests.All,
        WireProtocol.OpenAICompletions => CompletionsRequests.All,
        _ => null,
    };

    /// <summary>The request that uses <paramref name="feature"/>, with thinking as if <paramref name="signer"/> had signed it; null where the format cannot express it.</summary>
    public byte[]? For(string feature, WireProtocol client, WireProtocol signer)
    {
        if (!ByFeature.TryGetValue(feature, out var members))
        {
            return null;
        }

        members = members
            .Replace("@SIGNATURE@", SignatureCarrier.Wrap(RequestFeatures.Signature, signer, client), StringComparison.Ordinal)
            .Replace("@DETAILS@", DetailsFormat(signer), StringComparison.Ordinal);
        var request = JsonNode.Parse(Base)!.AsObject();
        foreach (var (name, value) in JsonNode.Parse(members)!.AsObject())
        {
            request[name] = value?.DeepClone();
        }

        return Encoding.UTF8.GetBytes(request.ToJsonString());
    }

    public byte[] Plain() => Encoding.UTF8.GetBytes(JsonNode.Parse(Base)!.ToJsonString(JsonSerializerOptions.Default));

    // What OpenRouter calls the signer in reasoning_details.
    private static string DetailsFormat(WireProtocol signer) => signer switch
    {
        WireProtocol.AnthropicMessages or WireProtocol.BedrockConverse => "anthropic-claude-v1",
        WireProtocol.Gemini => "google-gemini-v1",
        _ => "openai-responses-v1",
    };
}
