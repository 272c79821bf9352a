using Sluice.Core.Routing;

namespace Sluice.Server.Attempts;

/// <summary>
/// How a request with nobody else to ask waits for the probe that another one has on its way: without it, all but one would be refused in the
/// very moment in which a lone provider comes back. A stream's keep-alives go on meanwhile.
/// </summary>
internal static class ProbeWait
{
    /// <summary>The longest wait: most first tokens are there by then, and a client that is told at last still has its patience.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromSeconds(10);

    /// <summary>Until when this request may wait: for half of its client's patience at most.</summary>
    public static DateTimeOffset Until(InferenceRequest request, TimeProvider time)
    {
        var latest = time.GetUtcNow() + Longest;
        return request.Facts.Patience is { } patience && request.StartedAt + (patience / 2) is var half && half < latest ? half : latest;
    }

    /// <summary>Waits for the first of the probes that candidates were passed over for. False where there is none, too many wait for it, or the time is up.</summary>
    public static async Task<bool> IsOverAsync(InferenceRequest request, AttemptServices services, DateTimeOffset until)
    {
        var rest = until - services.Time.GetUtcNow();
        if (rest <= TimeSpan.Zero || request.PassedOver.Find(one => one.IsProbed) is not { Candidate: var first })
        {
            return false;
        }

        using var ending = CancellationTokenSource.CreateLinkedTokenSource(request.ClientGone, request.CutOff);
        return await services.Health.ProbeHeardAsync(first.Endpoint, first.Credential, rest, ending.Token);
    }

    /// <summary>Those candidates, to be asked now: each once, unless it is passed over for a probe again.</summary>
    public static IReadOnlyList<Candidate> Take(InferenceRequest request)
    {
        var candidates = new List<Candidate>();
        for (var i = 0; i < request.PassedOver.Count; i++)
        {
            if (request.PassedOver[i] is { IsProbed: true } one)
            {
                candidates.Add(one.Candidate);
                request.PassedOver[i] = one.Heard();
            }
        }

        return candidates;
    }
}
