using Sluice.Core.Routing;
using Sluice.Protocols.Errors;
using Sluice.Protocols.Formats;
using Sluice.Server.Attempts;
using Sluice.Upstreams.Kinds;

namespace Sluice.Server.Surfaces;

/// <summary>
/// Vectors of texts (embeddings). They pass natively or not at all: a vector of one model means nothing to another, and no format can be made
/// of another's.
/// </summary>
internal static class Vectors
{
    /// <summary>The request asks for vectors.</summary>
    public static bool AreWanted(InferenceRequest request) => request.Surface.Operation is SurfaceOperation.Embed or SurfaceOperation.EmbedBatch;

    /// <summary>Why a candidate cannot be asked for vectors; null where it can.</summary>
    public static GatewayError? Refusal(InferenceRequest request, Candidate candidate) =>
        ProviderKinds.CanEmbed(candidate, request.Surface.Format.Protocol) ? null
        : new GatewayError(ErrorKind.NoEndpoint, ErrorSource.Client, 404,
            $"{candidate.Endpoint.Id} makes no vectors in this format. Ask at /v1/embeddings for OpenAI's models and their like, at :embedContent for Gemini's.");
}
