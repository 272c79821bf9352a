using Sluice.Core.Catalogue;
using Sluice.Core.Routing;
using Sluice.Protocols.Degradations;
using Sluice.Protocols.Formats;
using Sluice.Protocols.Native;

namespace Sluice.Server.Attempts;

/// <summary>Which service tier a candidate is asked for.</summary>
internal static class TierToAsk
{
    /// <summary>The word for the upstream's body; null leaves the request as its client wrote it.</summary>
    public static string? Of(Envelope envelope, Candidate candidate, IUpstreamFormat format, DegradationLog degradations)
    {
        if (format.ServiceTier is not { } member)
        {
            if (candidate.Endpoint.ServiceTier is not null)
            {
                degradations.Add("service_tier", DegradationOutcome.Dropped, "The upstream's format has no member for a service tier.");
            }

            return null;
        }

        if (candidate.Endpoint.ServiceTier is { } tier)
        {
            return tier;
        }

        // The candidate stands behind one that is in the tier asked for: with the client's own word it would be that one once more.
        var asked = ServiceTiers.Asked(envelope.ServiceTier, envelope.Speed);
        return IsOffered(candidate.Endpoint, asked) ? member.Ordinary
            : envelope.ServiceTier == "fast" ? ServiceTiers.Priority // OpenRouter's word, which vendors do not know.
            : null;
    }

    private static bool IsOffered(ModelEndpoint endpoint, string? asked)
    {
        for (var i = 0; i < endpoint.Tiers.Count; i++)
        {
            if (endpoint.Tiers[i].ServiceTier == asked)
            {
                return true;
            }
        }

        return false;
    }
}
