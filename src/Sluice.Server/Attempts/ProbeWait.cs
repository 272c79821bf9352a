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

    /// <summary>Those that were passed over for a probe and have not been asked since, in the plan's order.</summary>
    public static IReadOnlyList<Candidate> Candidates(InferenceRequest request) =>
        request.PassedOver.Count == 0
            ? []
            : [.. request.Plan.Candidates.Where(candidate => request.PassedOver.Exists(one => one.IsProbed && one.Candidate == candidate) && !request.Attempts.Exists(a => a.Candidate == candidate))];

    /// <summary>Waits for the first of their probes. False where there is none, too many wait for it, or the time is up.</summary>
    public static async Task<bool> IsOverAsync(InferenceRequest request, AttemptServices services, DateTimeOffset until)
    {
        var rest = until - services.Time.GetUtcNow();
        if (rest <= TimeSpan.Zero || Candidates(request) is not [var first, ..])
        {
            return false;
        }

        using var ending = CancellationTokenSource.CreateLinkedTokenSource(request.ClientGone, services.DrainOver);
        return await services.Health.ProbeHeardAsync(first.Endpoint, first.Credential, rest, ending.Token);
    }
}
