using Sluice.Core.Affinity;
using Sluice.Protocols.Formats;

namespace Sluice.Server.Attempts;

/// <summary>Where a session's prompt cache is warm after an attempt.</summary>
internal static class SessionHomes
{
    /// <summary>Remembers the place of an attempt that answered.</summary>
    public static void Remember(IAffinity affinity, InferenceRequest request, Attempt attempt)
    {
        if (request.Surface.Operation != SurfaceOperation.Generate || !request.Snapshot.Routing.SessionAffinity)
        {
            return;
        }

        var candidate = attempt.Candidate;
        var use = CacheLifetime.Of(candidate.Provider.Kind, attempt.Usage, attempt.Row.StartedAt);
        if (request.Session.Settles(use))
        {
            // Under the model that answered: a fallback's cache does not help the model that was asked for.
            affinity.Remember(request.Session.Value!, candidate.Endpoint.Model.Id, candidate.Endpoint.Id, candidate.Credential?.Id, use);
            if (request.Plan.Auto is { IsConversation: true } choice)
            {
                // And under the name that was asked for: what was chosen for the session stays chosen.
                affinity.Remember(request.Session.Value!, choice.Name, candidate.Endpoint.Id, candidate.Credential?.Id, use);
            }
        }
    }

    /// <summary>The client left: what the provider had read by then is in its cache, and the agent's next turn begins with it.</summary>
    public static void RememberLeft(IAffinity affinity, InferenceRequest request)
    {
        if (request.Last is { Fault: null, Usage.IsReported: true } attempt)
        {
            Remember(affinity, request, attempt);
        }
    }
}
