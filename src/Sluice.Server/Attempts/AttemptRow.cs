using System.Globalization;
using Sluice.Core.Ledger;
using Sluice.Core.Pricing;
using Sluice.Core.Routing;
using Sluice.Protocols;
using Sluice.Protocols.Formats;

namespace Sluice.Server.Attempts;

/// <summary>The ledger's row of an attempt that begins: who, what for, whom, and what it may cost.</summary>
internal static class AttemptRow
{
    /// <summary>The row of the request's next attempt.</summary>
    /// <param name="estimated">Input tokens, as far as they can be known before the provider says.</param>
    public static AttemptStarted Of(InferenceRequest request, Candidate candidate, WireProtocol wire, long estimated, DateTimeOffset now)
    {
        var ordinal = request.Attempts.Count + 1;

        // Counting is free at every upstream that can.
        var charged = request.Surface.Operation == SurfaceOperation.CountTokens ? 0 : estimated;
        return new AttemptStarted
        {
            AttemptId = string.Create(CultureInfo.InvariantCulture, $"att-{request.Id.AsSpan(4)}-{ordinal}"),
            RequestId = request.Id,
            Ordinal = ordinal,
            StartedAt = now,
            KeyId = request.Caller.KeyId,
            User = request.Caller.User,
            Team = request.Caller.Team,
            Project = request.Facts.Project,
            Session = request.Facts.Session,
            Client = request.Facts.Client,
            Model = candidate.Endpoint.Model.Id,
            Provider = candidate.Provider.Name,
            UpstreamModel = candidate.Endpoint.UpstreamModel,
            Credential = candidate.Credential?.Id,
            ClientProtocol = request.Surface.Format.Protocol,
            UpstreamProtocol = wire,
            EstimatedInputTokens = charged,
            EstimatedCostNanoUsd = Pricer.EstimateInput(candidate.Endpoint.Price, charged, now),
        };
    }
}
