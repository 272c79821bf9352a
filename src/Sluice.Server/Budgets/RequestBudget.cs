using System.Globalization;
using Microsoft.AspNetCore.Http;
using Sluice.Core.Admission;
using Sluice.Core.Budgets;
using Sluice.Core.Budgets.Slices;
using Sluice.Core.Pricing;
using Sluice.Core.Routing;
using Sluice.Protocols.Degradations;
using Sluice.Protocols.Errors;
using Sluice.Protocols.Formats;
using Sluice.Protocols.OpenAIMedia;
using Sluice.Server.Attempts;
using Sluice.Server.Surfaces;

namespace Sluice.Server.Budgets;

/// <summary>The money of one attempt.</summary>
/// <param name="Held">The most that it can cost.</param>
/// <param name="OutputLimit">The most output that there is money for, where the request names no limit and there is not enough for all that the model could write; else null.</param>
internal sealed record AttemptMoney(Reservation Held, long? OutputLimit);

/// <summary>
/// What one request holds of its caller's budgets: for each attempt, before it is sent, the most that it can cost. Whatever becomes of the request,
/// its disposal gives back what no settlement has. Belongs to one request; not thread-safe.
/// </summary>
internal sealed class RequestBudget : IDisposable
{
    // OpenAI's Responses takes no less, and less is no answer.
    private const long LeastOutput = 16;

    // OpenAI's bound of n.
    private const long MostAnswers = 128;

    // For a model of which neither a limit nor a window is known: no model of today writes more at once.
    private const long UnknownOutput = 128_000;

    // An attempt is cut off by its own clock; what follows takes moments.
    private static readonly TimeSpan Grace = TimeSpan.FromMinutes(1);

    private readonly AttemptServices _services;
    private readonly InferenceRequest _request;
    private readonly CallerScopes _caller;
    private readonly List<Reservation> _held = [];

    // What may still be done where this node's part of a shared budget is too small. A request waits once, whoever is asked after that.
    private SliceAsking _asking = SliceAsking.Waiting;

    private RequestBudget(AttemptServices services, InferenceRequest request)
    {
        (_services, _request) = (services, request);
        _caller = new CallerScopes(request.Caller.KeyId, request.Caller.User, request.Caller.Team, request.Facts.Project, Model: null, IsFree: false);
    }

    /// <summary>Why nobody could be asked for want of money; the first that was found.</summary>
    public GatewayError? Refusal { get; private set; }

    /// <summary>How the budgets stood when the last attempt began; empty before it and for callers without any.</summary>
    public IReadOnlyList<BudgetStanding> Standings { get; private set; } = [];

    /// <summary>Begins; null where nobody has a budget, and for counts of tokens, which cost nothing.</summary>
    public static RequestBudget? Begin(AttemptServices services, InferenceRequest request) =>
        services.Budgets.IsOn && request.Surface.Operation != SurfaceOperation.CountTokens ? request.Budget = new RequestBudget(services, request) : null;

    /// <summary>Holds money for an attempt. Where other nodes spend from the same budgets, this may ask the database, and wait for what they give back.</summary>
    /// <param name="candidate">Whom.</param>
    /// <param name="degradations">Told where the answer gets a limit.</param>
    /// <param name="isHedge">Another attempt is under way, and must not wait for the database: what is not here is as good as away.</param>
    /// <returns>To be let go where the attempt is not made after all; null: there is none, or nobody knows how much is needed; <see cref="Refusal"/> says so.</returns>
    public async ValueTask<AttemptMoney?> HoldAsync(Candidate candidate, DegradationLog degradations, bool isHedge)
    {
        if (!isHedge || _services.Budgets.Slices is null)
        {
            return await HoldAsync(candidate, degradations);
        }

        // Nor is that a reason to refuse the request.
        var (asking, refusal) = (_asking, Refusal);
        _asking = SliceAsking.Never;
        var money = await HoldAsync(candidate, degradations);
        (_asking, Refusal) = (asking, refusal);
        return money;
    }

    /// <summary>Tells a client which budget is nearest to its end, from half of it on.</summary>
    public void WriteHeaders(HttpResponse response)
    {
        if (Standings.Count > 0 && Standings.MaxBy(standing => standing.PercentSpent) is { PercentSpent: >= 50 } tightest)
        {
            response.Headers["x-sluice-budget"] = HeaderText(tightest);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var held in _held)
        {
            held.Dispose();
        }
    }

    private async ValueTask<AttemptMoney?> HoldAsync(Candidate candidate, DegradationLog degradations)
    {
        if (_request.Envelope.Media is { } ask)
        {
            return await HoldMediaAsync(candidate, ask);
        }

        var cost = WorstOf(candidate);
        var asked = _request.Surface.Operation.Makes() == Products.Vectors ? 0 : _request.Envelope.MaxOutputTokens;
        var most = Math.Max(0, asked ?? candidate.Endpoint.MaxOutputTokens ?? candidate.Endpoint.ContextLength ?? UnknownOutput);
        var answers = Math.Min(_request.Envelope.Choices, MostAnswers);
        if (cost?.Of(Times(most, answers)) is not { } worst)
        {
            return await HoldUnpricedAsync(candidate);
        }

        var (all, shortage) = await ReserveAsync(candidate, worst, asked is null ? SliceAsking.ForLess : SliceAsking.Once);
        if (all is not null)
        {
            return new AttemptMoney(all, OutputLimit: null);
        }

        // What this node happens to have is no measure of what the budget could pay.
        var affordable = shortage!.IsAway ? 0 : cost.AffordableOutput(shortage.Available) / answers;
        if (asked is null && affordable >= LeastOutput && cost.Of(Times(affordable, answers)) is { } least && (await ReserveAsync(candidate, least, SliceAsking.Once)).Held is { } part)
        {
            degradations.Add("max_tokens", DegradationOutcome.Weakened, string.Create(CultureInfo.InvariantCulture,
                $"The request names no limit, and the budget of {shortage.Standing.Budget.Scope} has money for {affordable} tokens of output."));
            return new AttemptMoney(part, affordable);
        }

        Refusal ??= BudgetErrors.Of(shortage, most, affordable, _request);
        return null;
    }

    private static string HeaderText(BudgetStanding standing) => Relay.HeaderText.Of(string.Create(CultureInfo.InvariantCulture,
        $"{standing.Budget.Name}; spent={standing.PercentSpent}%; limit={BudgetErrors.Usd(standing.Budget.NanoUsd)}; {(standing.Budget.IsHard ? "hard" : "soft")}"));

    private async ValueTask<AttemptMoney?> HoldMediaAsync(Candidate candidate, MediaAsk ask)
    {
        if (MediaWorstCase.Of(candidate.Endpoint.Price, _request.Surface.Operation.Makes(), ask, _request.Envelope.EstimatedInputTokens, _services.Time.GetUtcNow()) is not { } worst)
        {
            return await HoldUnpricedAsync(candidate);
        }

        var (held, shortage) = await ReserveAsync(candidate, worst, SliceAsking.Once);
        if (held is null)
        {
            Refusal ??= BudgetErrors.Of(shortage!, 0, 0, _request);
            return null;
        }

        return new AttemptMoney(held, OutputLimit: null);
    }

    // Far beyond what the price list believes of one answer, and far from where a product wraps round.
    private static long Times(long tokens, long answers) => Math.Min(tokens, Pricer.MaxTokens) * answers;

    private WorstCase? WorstOf(Candidate candidate)
    {
        var envelope = _request.Envelope;
        var input = _services.Estimates.Correct(candidate.Endpoint.Model.Id, envelope.EstimatedInputTokens);
        return candidate.Endpoint.PriceOf(candidate.Endpoint.ServiceTier) is { } sheet ? new WorstCase(sheet, input, envelope.CacheMarks > 0, candidate.Endpoint.ServiceTier, _services.Time.GetUtcNow()) : null;
    }

    // Nothing can be held where nobody knows the price: soft budgets let it pass, hard ones could not be kept.
    private async ValueTask<AttemptMoney?> HoldUnpricedAsync(Candidate candidate)
    {
        var (nothing, shortage) = await ReserveAsync(candidate, 0, SliceAsking.Once);
        if (nothing is null)
        {
            Refusal ??= BudgetErrors.Of(shortage!, 0, 0, _request);
            return null;
        }

        if (nothing.Standings.FirstOrDefault(standing => standing.Budget.IsHard) is { } hard)
        {
            nothing.Dispose();
            Refusal ??= BudgetErrors.OfUnpriced(hard.Budget, candidate, _request);
            return null;
        }

        return new AttemptMoney(nothing, OutputLimit: null);
    }

    private async ValueTask<SliceHold> ReserveAsync(Candidate candidate, long nanoUsd, SliceAsking how)
    {
        var lifetime = candidate.Provider.Timeouts.Total + Grace;
        SliceHold hold;
        if (_services.Budgets.Slices is { } slices)
        {
            using var leaving = CancellationTokenSource.CreateLinkedTokenSource(_request.ClientGone, _request.CutOff);
            hold = await slices.ReserveAsync(_caller, _request.Id, nanoUsd, lifetime, how | _asking, leaving.Token);
            _asking = hold.Shortage switch
            {
                null => _asking,
                { IsAway: true } => SliceAsking.Never,
                _ => SliceAsking.Once,
            };
        }
        else
        {
            hold = new SliceHold(_services.Budgets.Reserve(_caller, _request.Id, nanoUsd, lifetime, out var shortage), shortage);
        }

        if (hold.Held is { } held)
        {
            _held.Add(held);
            Standings = held.Standings;
        }

        return hold;
    }
}
