using Sluice.Core.Routing;
using Sluice.Protocols;
using Sluice.Protocols.Errors;
using Sluice.Protocols.Formats;
using Sluice.Server.Surfaces;

namespace Sluice.Server.Attempts;

/// <summary>Whether a candidate can be asked for what a request wants, whatever its health: some operations only some providers know, and some answers only one has.</summary>
internal static class Askable
{
    /// <summary>False where it cannot; then perhaps with what the client is told if nobody else can either.</summary>
    /// <param name="request">Whose.</param>
    /// <param name="candidate">Whom.</param>
    /// <param name="wire">The wire that it is spoken to with.</param>
    /// <param name="overflowed">The attempt whose window was too small; null before there is one.</param>
    public static (bool Yes, GatewayError? Refusal) Of(InferenceRequest request, Candidate candidate, WireProtocol wire, Attempt? overflowed)
    {
        if (overflowed is not null && !Overflow.Fits(overflowed, candidate))
        {
            return (false, null);
        }

        // Asked all the same, an upstream that cannot count would generate.
        if (request.Surface.Operation == SurfaceOperation.CountTokens && !TokenCounts.CanAsk(candidate, wire, request.Surface.Format.Protocol))
        {
            return (false, null);
        }

        return NativeOnly.Refusal(request, candidate) is { } unable
            ? (false, unable)
            : (!Continuation.IsElsewhere(request, candidate), null);
    }
}
