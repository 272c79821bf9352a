using Sluice.Core.Routing;
using Sluice.Protocols.Errors;
using Sluice.Protocols.Formats;
using Sluice.Server.Attempts;
using Sluice.Upstreams.Kinds;

namespace Sluice.Server.Surfaces;

/// <summary>
/// What passes between two that speak the same or not at all: vectors (those of one model mean nothing to another), images, sound and video. No format
/// can be made of another's, so a provider that has no address for it is passed over.
/// </summary>
internal static class NativeOnly
{
    /// <summary>Why a candidate cannot be asked for what the request wants; null where it can.</summary>
    public static GatewayError? Refusal(InferenceRequest request, Candidate candidate)
    {
        var operation = request.Surface.Operation;
        var client = request.Surface.Format.Protocol;
        if (!operation.IsNativeOnly() || ProviderKinds.CanMake(candidate.Provider, candidate.Endpoint, client, operation.Makes()))
        {
            return null;
        }

        var remedy = Remedy(request, candidate);
        return new GatewayError(ErrorKind.NoEndpoint, ErrorSource.Client, 404, $"{candidate.Endpoint.Id} makes no {Word(operation)} in this format. {remedy}")
        {
            Param = "model",
            ShouldRetry = false,
            Remedy = remedy,
        };
    }

    private static string Remedy(InferenceRequest request, Candidate candidate)
    {
        var operation = request.Surface.Operation;
        if (!operation.IsMedia())
        {
            return "Ask at /v1/embeddings for OpenAI's models and their like, at :embedContent for Gemini's.";
        }

        var able = request.Snapshot.Providers
            .Where(provider => ProviderKinds.CanMake(provider, candidate.Endpoint, request.Surface.Format.Protocol, operation.Makes()))
            .Select(provider => provider.Name)
            .ToList();
        return able.Count > 0
            ? $"Configured providers that have an address for {Word(operation)}: {string.Join(", ", able)}; give the model an endpoint there."
            : $"No configured provider has an address for {Word(operation)}: kinds openai, azure and openrouter do.";
    }

    private static string Word(SurfaceOperation operation) => ProductWords.Of(operation.Makes())[0];
}
