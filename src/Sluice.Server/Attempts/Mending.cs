using Sluice.Core.Faults;
using Sluice.Protocols;
using Sluice.Protocols.Anthropic;
using Sluice.Protocols.Errors;

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
        if (request.Facts.Strict || request.Facts.NoRetry || attempt.Wire != WireProtocol.AnthropicMessages || !attempt.Native
            || attempt.Fault is not { Status: 400, Kind: ErrorKind.InvalidRequest } fault)
        {
            return false;
        }

        attempt.Mended = RefusesThinking(request, fault) || RefusesBetas(request, attempt, fault, refused);
        return attempt.Mended;
    }

    // "messages.1.content.0: Invalid `signature` in `thinking` block", "… Field required" for one without a signature.
    private static bool RefusesThinking(InferenceRequest request, UpstreamFault fault)
    {
        var text = fault.Error.Message;
        if (request.WithoutThinking || !text.Contains("signature", StringComparison.OrdinalIgnoreCase) || !text.Contains("thinking", StringComparison.OrdinalIgnoreCase)
            || ThinkingCuts.Of(request.Body.Bytes.Span, ThinkingCuts.Which.All).Count == 0)
        {
            return false;
        }

        request.WithoutThinking = true;
        return true;
    }

    // "Unexpected value(s) `x-2026-01-01` for the `anthropic-beta` header"; hosts of Claude say "invalid beta flag".
    private static bool RefusesBetas(InferenceRequest request, Attempt attempt, UpstreamFault fault, RefusedBetas refused)
    {
        var text = fault.Error.Message;
        if (request.WithoutBetas.Count > 0
            || !(text.Contains("anthropic-beta", StringComparison.OrdinalIgnoreCase) || text.Contains("beta flag", StringComparison.OrdinalIgnoreCase)))
        {
            return false;
        }

        // Where the refusal names none of them, none can be told from the others.
        var sent = Betas.Of(request.Http.Request.Headers);
        var named = sent.FindAll(beta => text.Contains(beta, StringComparison.OrdinalIgnoreCase));
        request.WithoutBetas = named.Count > 0 ? named : sent;
        foreach (var beta in named)
        {
            refused.Remember(attempt.Candidate.Provider.Name, beta);
        }

        return sent.Count > 0;
    }
}
