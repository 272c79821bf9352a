using Microsoft.AspNetCore.Http;
using Sluice.Core.Budgets;
using Sluice.Core.Configuration;
using Sluice.Core.Ledger;
using Sluice.Core.Pricing;
using Sluice.Core.Tokens;
using Sluice.Protocols.Conversation;
using Sluice.Protocols.Degradations;
using Sluice.Protocols.Errors;
using Sluice.Protocols.Formats;
using Sluice.Server.Attempts;
using Sluice.Server.Detached;
using Sluice.Server.KeptAnswers;
using Sluice.Server.Media;
using Sluice.Upstreams.Kinds;

namespace Sluice.Server.Settlement;

/// <summary>Closes attempts and requests in the ledger: what was used, what it cost, and why it ended.</summary>
/// <remarks>
/// What is charged: reported counts where the upstream reported them. An upstream that answered with an error status or was never reached
/// charges nothing. One that took the request and then was cut, stalled or abandoned charges its input and what it had put out, both estimated
/// where it had not said; such rows are marked.
/// </remarks>
internal sealed class Settler(ILedger ledger, EstimateCorrection estimates, BudgetBook budgets, TimeProvider time)
{
    // Four bytes of text are about one token in every current vocabulary; the estimate only stands in for counts that nobody reported.
    private const int BytesPerToken = 4;
    private const int MaxMessage = 4096;

    private static readonly TokenUsage Nothing = new() { Input = 0, Output = 0 };

    /// <summary>Writes the settlement once; completes when it is with the operating system.</summary>
    public async ValueTask SettleAsync(InferenceRequest request, Attempt attempt, AttemptOutcome outcome)
    {
        if (!attempt.Settled)
        {
            var (row, _) = Close(request, attempt, outcome);
            await attempt.RowWritten;
            await ledger.AppendAsync(row);
        }
    }

    /// <summary>Writes the attempt that answered and the request it answered, in one write. Returns what the attempt cost.</summary>
    public async ValueTask<Cost> SettleAnswerAsync(InferenceRequest request, Attempt attempt)
    {
        var (row, cost) = Close(request, attempt, AttemptOutcome.Succeeded);
        Teach(request, attempt);
        await attempt.RowWritten;
        await ledger.AppendAsync(row, Row(request, StatusCodes.Status200OK, error: null, attempt));
        return cost;
    }

    /// <summary>Writes the request's row; completes when it is with the operating system.</summary>
    public ValueTask SettleAsync(InferenceRequest request, int status, GatewayError? error) => ledger.AppendAsync(Row(request, status, error, request.Last));

    /// <summary>Writes the row of a request that got a kept answer; completes when it is with the operating system.</summary>
    /// <param name="request">It costs nothing beyond what its attempts had used, where there were any.</param>
    /// <param name="answer">What it got.</param>
    /// <param name="route"><see cref="AttemptCause.KeptRoute"/> or <see cref="AttemptCause.StaleRoute"/>.</param>
    /// <param name="cause">One sentence.</param>
    public ValueTask SettleKeptAsync(InferenceRequest request, KeptAnswer answer, string route, string cause) =>
        ledger.AppendAsync(Row(request, StatusCodes.Status200OK, error: null, request.Last) with
        {
            Model = answer.Model,
            Route = route,
            Cause = Bounded(cause),
            Degraded = answer.Degraded,
        });

    /// <summary>Writes the row of a request that was refused before it had a plan; completes when it is with the operating system.</summary>
    public ValueTask SettleAsync(RefusedRequest request, GatewayError error)
    {
        var facts = request.Facts;
        return ledger.AppendAsync(new RequestSettled
        {
            RequestId = request.Id,
            StartedAt = request.StartedAt,
            EndedAt = time.GetUtcNow(),
            KeyId = request.Caller.KeyId,
            User = request.Caller.User,
            Team = request.Caller.Team,
            Project = facts.Project,
            Session = facts.Session,
            Client = facts.Client,
            RequestedModel = Bounded(request.Envelope?.Model, 256) ?? "",
            ClientProtocol = request.Surface.Format.Protocol,
            Stream = request.Envelope?.Stream ?? false,
            Status = error.Status,
            Error = error.Kind,
            ErrorSource = error.Source,
            Cause = Bounded(error.Message),
            Remedy = Bounded(error.Remedy),
            Tags = facts.Tags,
        });
    }

    // Pictures are not a matter of vocabularies, and what a vendor's own tools fetched was in no body.
    private void Teach(InferenceRequest request, Attempt attempt)
    {
        var usage = attempt.Usage;
        if (request.Surface.Operation == SurfaceOperation.Generate && usage is { IsAnomalous: false, Iterations.Count: 0, WebSearches: null or 0 }
            && !request.Envelope.HasImages && !request.Envelope.HasDocuments)
        {
            estimates.Learn(attempt.Row.Model, request.Envelope.EstimatedInputTokens, usage.TotalInput);
        }
    }

    private (AttemptSettled Row, Cost Cost) Close(InferenceRequest request, Attempt attempt, AttemptOutcome outcome)
    {
        attempt.Milliseconds = (long)time.GetElapsedTime(attempt.SentAt).TotalMilliseconds;
        var (usage, estimated) = request.Surface.Operation == SurfaceOperation.CountTokens ? (Nothing, false)
            : request.Envelope.Media is { } ask ? MediaCharge.Of(request.Surface.Operation, ask, attempt, outcome)
            : Charge(attempt, outcome);
        request.Admission?.Settle(attempt, usage);
        var price = attempt.Candidate.Endpoint.PriceOf(usage.ServiceTier);
        var cost = Pricer.Price(price, usage, attempt.Row.StartedAt, new PricingTerms
        {
            PreferReportedCost = ProviderKinds.IsGateway(attempt.Candidate.Provider),
            SheetOfModel = name => request.Snapshot.Catalogue.Resolve(name)?.Model.ListPrice,
        });

        // What nobody can price is not free: a budget keeps what was held for it, until a start reads the ledger anew.
        var charged = cost.IsUnpriced && attempt.Accepted ? Math.Max(cost.NanoUsd, attempt.Held?.NanoUsd ?? 0) : cost.NanoUsd;
        budgets.Settle(attempt.Row, attempt.Held, charged);

        // Last: what fails until here is settled by whoever cleans up after the fault.
        attempt.Settled = true;
        return (new AttemptSettled
        {
            AttemptId = attempt.Row.AttemptId,
            EndedAt = time.GetUtcNow(),
            Outcome = outcome,
            Fault = attempt.Fault?.Kind,
            Status = attempt.Status,
            Message = Bounded(attempt.Fault?.Error.Message),
            UpstreamRequestId = attempt.UpstreamRequestId,
            FirstTokenMs = attempt.FirstTokenMs,
            Usage = usage,
            UsageIsEstimated = estimated,
            CostNanoUsd = cost.NanoUsd,
            IsUnpriced = cost.IsUnpriced,
            PriceSource = price?.Source,
        }, cost);
    }

    private RequestSettled Row(InferenceRequest request, int status, GatewayError? error, Attempt? last) =>
        new()
        {
            RequestId = request.Id,
            StartedAt = request.StartedAt,
            EndedAt = time.GetUtcNow(),
            KeyId = request.Caller.KeyId,
            User = request.Caller.User,
            Team = request.Caller.Team,
            Project = request.Facts.Project,
            Session = request.Facts.Session,
            Client = request.Facts.Client,
            RequestedModel = Bounded(request.Envelope.Model, 256) ?? "",
            Model = last?.Row.Model ?? request.Plan.Model?.Id,
            ClientProtocol = request.Surface.Format.Protocol,
            Stream = request.Envelope.Stream,
            Status = status,
            Error = error?.Kind,
            ErrorSource = error?.Source,
            Cause = Bounded(error?.Message) ?? (request.Detached is { RunsOn: true } ? DetachedCall.Note : null),
            Remedy = Bounded(error?.Remedy),
            Route = last?.Route,
            Attempts = request.Attempts.Count,
            Degraded = last is null ? null : Describe(last.Degradations),
            LeftOut = KeptPlan.Write(request),
            Tags = request.Facts.Tags,
        };

    /// <summary>Degradations as the header and the row have them: <c>feature=outcome</c>, comma-separated; null when there are none.</summary>
    public static string? Describe(DegradationLog degradations) => degradations.Entries.Count == 0
        ? null
        : string.Join(',', degradations.Entries.Select(e => $"{e.Feature}={Name(e.Outcome)}"));

    private static (TokenUsage Usage, bool Estimated) Charge(Attempt attempt, AttemptOutcome outcome)
    {
        var usage = attempt.Usage;
        if (!attempt.Accepted)
        {
            return (usage.IsReported ? usage : Nothing, false);
        }

        var finished = outcome is AttemptOutcome.Succeeded or AttemptOutcome.Superseded && !attempt.Lost;

        // A count that cannot be (negative) arrives here as nothing, with a mark: it was no report.
        var missingInput = (usage.Input is null && usage.CacheRead is null) || (usage.IsAnomalous && usage.TotalInput == 0);
        var missingOutput = usage.Output is null || !finished || (usage.IsAnomalous && usage.Output == 0);
        if (!missingInput && !missingOutput)
        {
            return (usage, false);
        }

        var emitted = (attempt.ContentBytes + BytesPerToken - 1) / BytesPerToken;
        return (usage with
        {
            Input = missingInput ? attempt.Row.EstimatedInputTokens : usage.Input,
            Output = missingOutput ? Math.Max(usage.Output ?? 0, emitted) : usage.Output,
        }, missingInput || usage.Output is null || emitted > usage.Output);
    }

    private static string Name(DegradationOutcome outcome) => outcome switch
    {
        DegradationOutcome.Dropped => "dropped",
        DegradationOutcome.Weakened => "weakened",
        DegradationOutcome.Emulated => "emulated",
        _ => throw new ArgumentOutOfRangeException(nameof(outcome), outcome, message: null),
    };

    private static string? Bounded(string? text, int max = MaxMessage) => text is null || text.Length <= max ? text : text[..max];
}
