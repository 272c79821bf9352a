using System.Buffers;
using Sluice.Core.Routing;
using Sluice.Protocols;
using Sluice.Protocols.Errors;
using Sluice.Protocols.Formats;
using Sluice.Server.Attempts;
using Sluice.Server.Relay;
using Sluice.Upstreams.Kinds;

namespace Sluice.Server.Surfaces;

/// <summary>
/// Token counts. Whoever counts is asked, in its own wire; else the client gets an estimate from the bytes, corrected by what the model's family
/// reported lately, biased upwards so that an agent compacts too early rather than too late, and flagged. A protocol that cannot count costs no
/// upstream call, so the many that agents send at once cost nothing.
/// </summary>
internal static class TokenCounts
{
    // Thinking adds a prompt too, whose size nobody states; the recorded count of a short prompt has some twenty tokens more than its text.
    private const long ThinkingPrompt = 32;

    /// <summary>True where a candidate can be asked for a count: natively, or through a format that knows how.</summary>
    public static bool CanAsk(Candidate candidate, WireProtocol wire, WireProtocol client) =>
        ProviderKinds.CanCount(candidate, client) && (wire == client || WireFormats.Upstream(wire) is ITokenCountFormat);

    /// <summary>
    /// True where the refusal of a count is about Sluice's own wording of the question, or about a host of Claude whose model cannot count: the client
    /// asked Anthropic's question, which is nobody's fault, so an estimate serves better than that refusal.
    /// </summary>
    public static bool IsEstimatedWhenRefused(InferenceRequest request, Attempt attempt) =>
        request.Surface.Operation == SurfaceOperation.CountTokens && (!attempt.Native || ProviderKinds.ClaudeHostOf(attempt.Candidate, attempt.Wire) is not null);

    /// <summary>An upstream's count as the client gets it: the same bytes for a client of the same protocol, else the number in the client's shape.</summary>
    public static (ReadOnlyMemory<byte> Bytes, UpstreamError? Error, bool HasContent) ForClient(InferenceRequest request, Attempt attempt, ReadOnlyMemory<byte> body)
    {
        var hosted = ProviderKinds.ClaudeCountOf(attempt.Candidate, attempt.Wire);
        if (attempt.Native && hosted is null)
        {
            return (body, null, true);
        }

        if ((hosted is null ? (WireFormats.Upstream(attempt.Wire) as ITokenCountFormat)?.ReadTokenCount(body.Span) : hosted.Read(body.Span)) is not { } tokens)
        {
            return (default, new UpstreamError(ErrorKind.BadResponse, "The provider's answer holds no token count."), false);
        }

        var output = new ArrayBufferWriter<byte>(64);
        request.Surface.Format.WriteTokenCount(tokens, output);
        return (output.WrittenMemory, null, true);
    }

    /// <summary>Answers with an estimate, in the client's shape.</summary>
    /// <param name="request">Whose tokens.</param>
    /// <param name="estimated">Input tokens, corrected for the model's family.</param>
    public static async Task EstimateAsync(InferenceRequest request, long estimated)
    {
        var response = request.Http.Response;
        AnswerHeaders.WriteIds(response, request.Id);
        response.Headers["x-sluice-degraded"] = "count_tokens=emulated";
        response.ContentType = "application/json";
        request.Surface.Format.WriteTokenCount(estimated + (request.Envelope.WantsThinking ? ThinkingPrompt : 0), response.BodyWriter);
        await response.BodyWriter.FlushAsync(request.ClientGone);
    }
}
