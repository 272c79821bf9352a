using Sluice.Core.Routing;

namespace Sluice.Server.Explain;

/// <summary>Lists what bounds a request: what it asks for itself, what the server takes, and what its caller has left.</summary>
internal static class PlanLimits
{
    /// <summary>All of them, the request's own first.</summary>
    public static IEnumerable<PlanLimit> Of(PlanExplanation explained) =>
        [.. OfRequest(explained), new PlanLimit("server", "body_bytes", explained.Snapshot.Server.MaxBody), .. explained.CallersLimits];

    private static IEnumerable<PlanLimit> OfRequest(PlanExplanation explained)
    {
        if (explained.Envelope.MaxOutputTokens is { } tokens)
        {
            yield return new PlanLimit("request", "output_tokens", tokens);
        }

        foreach (var cap in explained.MaxPrice is { } caps ? Caps(caps) : [])
        {
            yield return cap;
        }
    }

    private static IEnumerable<PlanLimit> Caps(PriceLimit caps)
    {
        (string What, decimal? Most)[] all =
            [("prompt_usd_per_million", caps.Prompt), ("completion_usd_per_million", caps.Completion), ("request_usd", caps.Request), ("image_usd", caps.Image), ("audio_usd", caps.Audio)];
        return from cap in all where cap.Most is not null select new PlanLimit("request", cap.What, cap.Most ?? 0);
    }
}
