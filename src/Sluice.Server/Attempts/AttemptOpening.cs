using Sluice.Core.Admission;
using Sluice.Core.Budgets;
using Sluice.Core.Health;
using Sluice.Core.Routing;
using Sluice.Protocols;
using Sluice.Protocols.Degradations;
using Sluice.Protocols.Errors;
using Sluice.Protocols.Formats;
using Sluice.Server.Admission;
using Sluice.Server.Budgets;
using Sluice.Server.Surfaces;

namespace Sluice.Server.Attempts;

/// <summary>
/// How an attempt of one request begins: whether the candidate can be asked at all (its window, its wire, its circuit, its provider's limits, the caller's money), the bytes that
/// it gets, and its row. Why nobody could be asked is kept for the error.
/// </summary>
internal sealed class AttemptOpening(AttemptServices services, InferenceRequest request, Delivery delivery, RequestAdmission? admission, RequestBudget? budget)
{
    private GatewayError? _refusal;
    private GatewayError? _shut;

    /// <summary>The attempt at whose model the conversation was too long; from then on only larger windows are asked.</summary>
    public Attempt? Overflowed { get; set; }

    /// <summary>Why candidates could not be asked: no money before closed for now, that before full for now, that before what they cannot carry. Null where none was kept out.</summary>
    public GatewayError? Refusal => budget?.Refusal ?? _shut ?? admission?.Refusal ?? _refusal;

    /// <summary>An attempt ready to be sent, its row handed to the ledger; null where the candidate cannot be asked.</summary>
    /// <param name="candidate">Whom.</param>
    /// <param name="isHedge">Beside another that is under way.</param>
    public async ValueTask<OpenAttempt?> OpenAsync(Candidate candidate, bool isHedge = false)
    {
        var wire = UpstreamBody.WireOf(candidate, request.Surface.Format.Protocol);
        var (canAsk, unable) = Askable.Of(request, candidate, wire, Overflowed);
        if (!canAsk)
        {
            _refusal ??= unable;
            return null;
        }

        // The upstream request, from the original bytes, or from what is left of them.
        var degradations = new DegradationLog();
        ContextCompression.Before(request, candidate, services.Estimates, degradations);
        var money = budget is null ? null : await budget.HoldAsync(candidate, degradations, isHedge);
        if (budget is not null && money is null)
        {
            return null;
        }

        var (pieces, refusal) = UpstreamBody.Write(request, candidate, wire, degradations, services.RefusedBetas, money?.OutputLimit);
        if (refusal is not null)
        {
            money?.Held.Dispose();
            _refusal ??= refusal;
            return null;
        }

        // The plan may be older than what its candidates have come to since; and of many who probe an open circuit at once only one may.
        var mayProbe = !isHedge && request.Surface.Operation != SurfaceOperation.CountTokens;
        if (!services.Health.TryEnter(candidate.Endpoint, candidate.Credential, mayProbe, out var probe))
        {
            money?.Held.Dispose();
            _shut = PassedOver.ByCircuit(request, candidate, services, isHedge);
            return null;
        }

        Permit? permit = null;
        if (admission?.TryEnter(candidate, isHedge, out permit) == false)
        {
            money?.Held.Dispose();
            probe?.Dispose();
            return null;
        }

        // The row. It is written while the upstream works; nothing reaches the client before it is.
        var attempt = Begin(candidate, wire, degradations, probe, money?.Held, isHedge);
        attempt.Permit = permit;
        return new OpenAttempt(services, request, delivery, attempt, pieces);
    }

    private Attempt Begin(Candidate candidate, WireProtocol wire, DegradationLog degradations, Probe? probe, Reservation? held, bool isHedge)
    {
        var estimated = services.Estimates.Correct(candidate.Endpoint.Model.Id, request.Envelope.EstimatedInputTokens);
        var row = AttemptRow.Of(request, candidate, wire, estimated, services.Time.GetUtcNow());
        var attempt = new Attempt
        {
            Row = row,
            Candidate = candidate,
            Wire = wire,
            Native = wire == request.Surface.Format.Protocol,
            Degradations = degradations,
            Probe = probe,
            Held = held,
            IsHedge = isHedge,
            RowWritten = services.Ledger.AppendAsync(row).AsTask(),
            SentAt = services.Time.GetTimestamp(),
        };
        request.Attempts.Add(attempt);
        return attempt;
    }
}
