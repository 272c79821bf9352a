using Sluice.Core.Faults;
using Sluice.Protocols;
using Sluice.Protocols.Errors;
using Sluice.Protocols.Formats;
using Sluice.Protocols.WebSearch;

namespace Sluice.Server.Attempts;

/// <summary>
/// Refusals that the client can do nothing about, because it does not know whom it speaks to: a beta that this provider lacks, thinking
/// that another provider signed, an end user's id that is not to its taste, and a search of the web that became this vendor's. Each is worth one second try without the refused thing; with
/// <c>x-sluice-strict</c> or <c>x-sluice-no-retry</c> none is made. All are told as degradations of the answer.
/// </summary>
internal static class Mending
{
    /// <summary>What is remembered of a provider that refused an end user's id.</summary>
    public const string EndUser = "metadata.user_id";

    /// <summary>What is remembered of a provider that refused a search of the web which another vendor's client asked for.</summary>
    public const string WebSearch = "tools.web_search";

    /// <summary>Notes on the request what to leave out from now on. True when the refused attempt is worth a second try at the same candidate.</summary>
    public static bool After(InferenceRequest request, Attempt attempt, RefusedBetas refused)
    {
        if (request.Facts.Strict || request.Facts.NoRetry || attempt.Fault is not { Status: 400, Kind: ErrorKind.InvalidRequest } fault)
        {
            return false;
        }

        attempt.Mended = RefusesProof(request, attempt, fault) || RefusesBetas(request, attempt, fault, refused) || RefusesEndUser(request, attempt, fault, refused) || RefusesSearch(request, attempt, fault, refused);
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

    private static bool RefusesEndUser(InferenceRequest request, Attempt attempt, UpstreamFault fault, RefusedBetas refused)
    {
        if (request.WithHashedUser || !attempt.Native || !WireFormats.Upstream(attempt.Wire).RefusesEndUser(fault.Error))
        {
            return false;
        }

        request.WithHashedUser = true;
        refused.Remember(attempt.Candidate.Provider.Name, EndUser);
        return true;
    }

    // "web_search_20250305: Web search is not enabled for this organization", "tools.1: Input tag 'web_search_20250305' … does not match any of the expected tags".
    private static bool RefusesSearch(InferenceRequest request, Attempt attempt, UpstreamFault fault, RefusedBetas refused)
    {
        if (request.WithoutSearch || attempt.Native || request.Conversation?.Value is not { } conversation || !WebSearchRemoval.IsPossible(conversation, attempt.Wire)
            || !(fault.Error.Message.Contains("web_search", StringComparison.OrdinalIgnoreCase) || fault.Error.Message.Contains("web search", StringComparison.OrdinalIgnoreCase)))
        {
            return false;
        }

        request.WithoutSearch = true;
        refused.Remember(attempt.Candidate.Provider.Name, WebSearch);
        return true;
    }
}
