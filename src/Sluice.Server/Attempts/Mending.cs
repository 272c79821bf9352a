using Sluice.Core.Faults;
using Sluice.Protocols.Errors;
using Sluice.Protocols.Formats;

namespace Sluice.Server.Attempts;

/// <summary>
/// Refusals that the client can do nothing about, because it does not know whom it speaks to: a beta that this provider lacks, and thinking
/// that another provider signed. Each is worth one second try without the refused thing; with <c>x-sluice-strict</c> or
/// <c>x-sluice-no-retry</c> none is made. Both are told as degradations of the answer.
/// </summary>
internal static class Mending
{
    /// <summary>Notes on the request what to leave out from now on. True when the refused attempt is worth a second try at the same candidate.</summary>
    public static bool After(InferenceRequest request, Attempt attempt, RefusedBetas refused)
    {
        if (request.Facts.Strict || request.Facts.NoRetry || attempt.Fault is not { Status: 400, Kind: ErrorKind.InvalidRequest } fault)
        {
            return false;
        }

        attempt.Mended = RefusesProof(request, attempt, fault) || RefusesBetas(request, attempt, fault, refused);
        return attempt.Mended;
    }

    private static bool RefusesProof(InferenceRequest request, Attempt attempt, UpstreamFault fault)
    {
        if (request.WithoutThinking || !WireFormats.Upstream(attempt.Wire).RefusesProof(fault.Error))
        {
            return false;
        }

        request.WithoutThinking = true;
        return true;
    }

    private static bool RefusesBetas(InferenceRequest request, Attempt attempt, UpstreamFault fault, RefusedBetas refused)
    {
        if (request.WithoutBetas.Count > 0 || !attempt.Native || !WireFormats.Upstream(attempt.Wire).RefusesBeta(fault.Error))
        {
            return false;
        }

        // Where the refusal names none of them, none can be told from the others.
        var sent = Betas.Of(request.Http.Request.Headers);
        var named = sent.FindAll(beta => fault.Error.Message.Contains(beta, StringComparison.OrdinalIgnoreCase));
        request.WithoutBetas = named.Count > 0 ? named : sent;
        foreach (var beta in named)
        {
            refused.Remember(attempt.Candidate.Provider.Name, beta);
        }

        return sent.Count > 0;
    }
}
