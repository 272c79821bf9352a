using Sluice.Core.Admission;
using Sluice.Core.Faults;
using Sluice.Core.Health;
using Sluice.Core.Ledger;
using Sluice.Core.Routing;
using Sluice.Protocols;
using Sluice.Protocols.Degradations;
using Sluice.Protocols.Errors;
using Sluice.Protocols.Formats;
using Sluice.Protocols.Native;
using Sluice.Server.Admission;
using Sluice.Server.Budgets;
using Sluice.Server.Hosting;
using Sluice.Server.Relay;
using Sluice.Server.Surfaces;
using Sluice.Upstreams;

namespace Sluice.Server.Attempts;

/// <summary>
/// Tries the candidates of one request in turn until one answers:
/// <list type="number">
/// <item>pass the caller's limits, and for each candidate its provider's: one that is full is passed over, and waited for when nobody else is left,</item>
/// <item>hold the most that it can cost of every budget of the caller,</item>
/// <item>write the upstream request (native: the client's bytes with only the needed spans replaced; else translated),</item>
/// <item>append the attempt's row,</item>
/// <item>send,</item>
/// <item>classify a refusal,</item>
/// <item>relay, holding the stream until the commit point,</item>
/// <item>settle, before the last byte leaves,</item>
/// <item>or, where the candidate shows nothing for <c>routing.hedge</c>, ask the next one as well and deliver whichever is quicker,</item>
/// <item>or move on: first to candidates not yet tried, then, within the retry budget, to those worth repeating; then say what failed.</item>
/// </list>
/// </summary>
internal sealed class AttemptLoop : IAsyncDisposable
{
    private readonly AttemptServices _services;
    private readonly InferenceRequest _request;
    private readonly Delivery _delivery;
    private readonly RequestDeadline? _deadline;
    private readonly RequestAdmission? _admission;
    private readonly RequestBudget? _budget;
    private readonly AttemptOpening _opening;
    private (Attempt Attempt, ReadOnlyMemory<byte> Bytes)? _empty;
    private Attempt? _hedge;

    /// <summary>Takes over a request that has a plan with candidates.</summary>
    public AttemptLoop(AttemptServices services, InferenceRequest request)
    {
        (_services, _request) = (services, request);
        _delivery = new Delivery(services, request);
        _deadline = RequestDeadline.Of(request, services.Time, services.DrainOver);
        _admission = RequestAdmission.Begin(services, request);
        _budget = RequestBudget.Begin(services, request);
        _opening = new AttemptOpening(services, request, _delivery, _admission, _budget);
    }

    private enum Verdict
    {
        /// <summary>The request has been answered, well or badly.</summary>
        Done,

        /// <summary>The next candidate, please.</summary>
        MoveOn,
    }

    /// <summary>Runs to the end of the request. Throws only <see cref="OperationCanceledException"/> of the client, after settling.</summary>
    public async Task RunAsync()
    {
        _request.CutOff = _deadline?.Token ?? _services.DrainOver;
        if (_request.Envelope.Stream && _request.Surface.Operation == SurfaceOperation.Generate)
        {
            _delivery.OpenStream();
        }

        try
        {
            if (_admission is not null && await _admission.EnterAsync() is { } limited)
            {
                await _delivery.TellAsync(limited, attempt: null);
                return;
            }

            _services.RetryBudget.CountRequest();
            foreach (var candidate in _request.Plan.Candidates)
            {
                if (_hedge?.Candidate != candidate && await TryAsync(candidate) == Verdict.Done)
                {
                    return;
                }
            }

            if (_request.Surface.Operation == SurfaceOperation.CountTokens)
            {
                await _delivery.EstimateTokensAsync();
            }
            else if (await WaitForRoomAsync() == Verdict.MoveOn && await AfterProbesAsync() == Verdict.MoveOn && await RepeatAsync() == Verdict.MoveOn)
            {
                await GiveUpAsync();
            }
        }
        catch (OperationCanceledException) when (_request.ClientGone.IsCancellationRequested || _delivery.Stream is { ClientLeft: true })
        {
            SessionHomes.RememberLeft(_services.Affinity, _request);
            await _delivery.ForgetAsync();
        }
        catch (OperationCanceledException) when (_request.CutOff.IsCancellationRequested)
        {
            await CutShortAsync();
        }
        catch
        {
            await _delivery.SettleFaultAsync();
            throw;
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        _deadline?.Dispose();
        _admission?.Dispose();
        _budget?.Dispose();
        await _delivery.DisposeAsync();
    }

    /// <summary>Asks those whose limits left no room at their turn, as soon as they have some.</summary>
    private async Task<Verdict> WaitForRoomAsync()
    {
        while (_admission is not null && await _admission.WaitAsync() is { } candidate)
        {
            if (await TryAsync(candidate) == Verdict.Done)
            {
                return Verdict.Done;
            }
        }

        return Verdict.MoveOn;
    }

    /// <summary>Nobody answered. Those who were passed over for another request's probe are asked when that has been heard of.</summary>
    private async Task<Verdict> AfterProbesAsync()
    {
        var until = ProbeWait.Until(_request, _services.Time);
        while (await ProbeWait.IsOverAsync(_request, _services, until))
        {
            foreach (var candidate in ProbeWait.Take(_request))
            {
                if (await TryAsync(candidate) == Verdict.Done)
                {
                    return Verdict.Done;
                }
            }

            // All who waited come at once: there may be no room for them.
            if (await WaitForRoomAsync() == Verdict.Done)
            {
                return Verdict.Done;
            }
        }

        return Verdict.MoveOn;
    }

    private async Task<Verdict> RepeatAsync()
    {
        // Whoever repeats by himself is not repeated for: three retries of three retries are nine calls.
        if (_request.Facts.NoRetry || _request.Facts.IsRepeat || _services.FailedRequests.Has(_request))
        {
            return Verdict.MoveOn;
        }

        var waited = TimeSpan.Zero;
        for (var repeat = 0; repeat < _request.Snapshot.Routing.Retries; repeat++)
        {
            var now = _services.Time.GetUtcNow();
            if (Repeats.Next(_request, _services.Health, now) is not var (failed, pause))
            {
                return Verdict.MoveOn;
            }

            var wait = Backoff.Wait(repeat, pause, _services.Random);
            if (!Backoff.IsWorthIt(wait, waited, now - _request.StartedAt, _request.Facts.Patience) || !_services.RetryBudget.TryTake(_request.Snapshot.Routing.RetryBudget))
            {
                return Verdict.MoveOn;
            }

            using var ending = CancellationTokenSource.CreateLinkedTokenSource(_request.ClientGone, _request.CutOff);
            await Task.Delay(wait, _services.Time, ending.Token);
            waited += wait;
            if (await TryAsync(failed.Candidate) == Verdict.Done)
            {
                return Verdict.Done;
            }
        }

        return Verdict.MoveOn;
    }

    private async Task<Verdict> TryAsync(Candidate candidate)
    {
        _request.CutOff.ThrowIfCancellationRequested();
        if (_admission is not null)
        {
            await _admission.LeaseAsync(candidate);
        }

        if (await _opening.OpenAsync(candidate) is not { } attempt)
        {
            return Verdict.MoveOn;
        }

        await using (attempt)
        {
            // 3.-4. Send, and read what comes: to its end, or to the commit point where another might be quicker.
            return _hedge is null && Hedging.IsPossible(_request)
                ? await TryHedgedAsync(attempt)
                : await FinishAsync(attempt, await attempt.AskAsync(holds: false));
        }
    }

    /// <summary>Asks the next candidate as well where this one shows nothing for too long.</summary>
    private async Task<Verdict> TryHedgedAsync(OpenAttempt first)
    {
        var asked = first.AskAsync(holds: true);
        using (var patience = new CancellationTokenSource())
        {
            await Task.WhenAny(asked, Task.Delay(_request.Snapshot.Routing.Hedge, _services.Time, patience.Token));
            await patience.CancelAsync();
        }

        if (asked.IsCompleted || await OpenHedgeAsync() is not { } second)
        {
            return await FinishAsync(first, await asked);
        }

        await using (second)
        {
            _hedge = second.Attempt;
            return await RaceAsync(first, asked, second, second.AskAsync(holds: true));
        }
    }

    private async ValueTask<OpenAttempt?> OpenHedgeAsync()
    {
        if (!Hedging.MayBegin(_request, _services))
        {
            return null;
        }

        foreach (var candidate in _request.Plan.Candidates)
        {
            if (Hedging.IsFree(_request, candidate, _services.Health) && await _opening.OpenAsync(candidate, isHedge: true) is { } hedge)
            {
                return hedge;
            }
        }

        return null;
    }

    /// <summary>
    /// Two attempts under way, both held at the commit point: neither writes, and this alone lets one of them go on. Who ends without an answer while
    /// the other runs has failed like any other, and what follows from that waits for the other.
    /// </summary>
    private async Task<Verdict> RaceAsync(OpenAttempt first, Task<RelayEnd> asked, OpenAttempt second, Task<RelayEnd> hedged)
    {
        var (early, earlyEnd, late, running) = await Task.WhenAny(asked, hedged) == asked ? (first, asked, second, hedged) : (second, hedged, first, asked);
        var end = await earlyEnd;
        if (IsAnswer(end))
        {
            _delivery.Losing = LoseAsync(late, running);
            try
            {
                return await FinishAsync(early, end);
            }
            finally
            {
                await _delivery.Losing;
            }
        }

        await NoteAsync(early, end);
        var last = await running;
        if (IsAnswer(last))
        {
            return await FinishAsync(late, last);
        }

        await NoteAsync(late, last);
        return await AfterAsync(early, end) == Verdict.Done ? Verdict.Done : await AfterAsync(late, last);
    }

    /// <summary>Cancels the slower attempt, and charges what it used; its provider did nothing wrong. Had it failed by then, it has failed.</summary>
    private async Task LoseAsync(OpenAttempt loser, Task<RelayEnd> running)
    {
        if (running.IsCompletedSuccessfully && !IsAnswer(running.Result))
        {
            await NoteAsync(loser, running.Result);
            return;
        }

        loser.Attempt.Lost = true;
        loser.Abandon();
        await loser.DisposeAsync();
        await _services.Settler.SettleAsync(_request, loser.Attempt, AttemptOutcome.Superseded);
    }

    private static bool IsAnswer(RelayEnd end) => end is RelayEnd.Held or RelayEnd.Complete;

    /// <summary>Delivers what came, or says what follows from its failure.</summary>
    private async Task<Verdict> FinishAsync(OpenAttempt open, RelayEnd end)
    {
        var attempt = open.Attempt;
        if (open.IsStream && IsAnswer(end))
        {
            _delivery.Show(attempt, open.Answer);
            end = end == RelayEnd.Held ? await open.ResumeAsync() : end;
        }

        switch (end)
        {
            case RelayEnd.Complete when open.IsStream:
                Praise(attempt);
                _request.Cached?.Keep(attempt, open.Rest);
                await _delivery.EndStreamAsync(attempt, open.Rest, open.Answer);
                _services.ToolCalls.Judge(_request, attempt);
                return Verdict.Done;
            case RelayEnd.Complete:
                Praise(attempt);
                _request.Cached?.Keep(attempt, open.Rest);
                await _delivery.SendWholeAsync(attempt, open.Answer, open.Rest);
                _services.ToolCalls.Judge(_request, attempt);
                return Verdict.Done;
            case RelayEnd.FailedSeen:
                await NoteAsync(open, end);
                _services.FailedRequests.Add(_request);
                await _delivery.TellAsync(FinalError.Of(_request, attempt), attempt);
                return Verdict.Done;
            default:
                await NoteAsync(open, end);
                return await AfterAsync(open, end);
        }
    }

    /// <summary>Marks and settles a failure; an answer without content is kept, and settled when it is known whether anybody did better.</summary>
    private async Task NoteAsync(OpenAttempt open, RelayEnd end)
    {
        var attempt = open.Attempt;
        if (end == RelayEnd.Empty)
        {
            attempt.Fault = FaultClassifier.BadResponse(FaultPhase.FirstToken, "The provider ended its answer without any content.") with { RequestId = attempt.UpstreamRequestId };
            _services.Health.Failed(attempt.Candidate.Endpoint, attempt.Candidate.Credential, attempt.Fault, attempt.Probe);
            _empty ??= (attempt, open.Rest);
            return;
        }

        var fault = attempt.Fault = open.Fault! with { RequestId = attempt.UpstreamRequestId };
        if (end == RelayEnd.FailedSeen || (fault.CanFailOver && (_request.Surface.Operation != SurfaceOperation.CountTokens || fault.CredentialIsDead)))
        {
            // An upstream that cannot count can still answer: a failed count must not move anybody's conversation.
            _services.Health.Failed(attempt.Candidate.Endpoint, attempt.Candidate.Credential, fault, attempt.Probe);
        }

        await _services.Settler.SettleAsync(_request, attempt, AttemptOutcome.Failed);
    }

    /// <summary>Says whether anybody else should be asked after an attempt that came to nothing, and tells the client where not.</summary>
    private async Task<Verdict> AfterAsync(OpenAttempt open, RelayEnd end)
    {
        var attempt = open.Attempt;
        if (end == RelayEnd.Empty || attempt.Fault!.CanFailOver || TokenCounts.IsEstimatedWhenRefused(_request, attempt))
        {
            _delivery.Show(attempt: null, answer: null);
            return Verdict.MoveOn;
        }

        if (Overflow.CanMoveOn(_request, attempt))
        {
            _opening.Overflowed = attempt;
            _delivery.Show(attempt: null, answer: null);
            return Verdict.MoveOn;
        }

        if (Mending.After(_request, attempt, _services.RefusedBetas) || ContextCompression.After(_request, attempt))
        {
            // At the same place, without what it refused or what was too much; its own words are told if that does not help.
            _delivery.Show(attempt: null, answer: null);
            attempt.Probe?.Dispose();
            _admission?.HandOver(attempt);
            return await TryAsync(attempt.Candidate);
        }

        if (attempt.ErrorBody is not null)
        {
            _delivery.Show(attempt, open.Answer);
        }

        var told = _request.Attempts.Find(a => a.Mended) ?? attempt;
        await _delivery.TellAsync(FinalError.Of(_request, told), told);
        return Verdict.Done;
    }

    private void Praise(Attempt attempt)
    {
        if (_request.Surface.Operation == SurfaceOperation.CountTokens)
        {
            return;
        }

        var candidate = attempt.Candidate;
        _services.Health.Succeeded(candidate.Endpoint, candidate.Credential, SpeedOf(attempt), attempt.Probe);
        SessionHomes.Remember(_services.Affinity, _request, attempt);
    }

    // An answer in one piece says nothing about when its first token was there.
    private AttemptSpeed SpeedOf(Attempt attempt) => new(
        _delivery.Stream is not null && attempt.FirstTokenMs is { } first ? TimeSpan.FromMilliseconds(first) : null,
        _services.Time.GetElapsedTime(attempt.SentAt),
        attempt.Usage.Output ?? 0);

    /// <summary>Every candidate failed: an answer without content is better than none; else the error.</summary>
    private async Task GiveUpAsync()
    {
        if (_empty is var (attempt, bytes))
        {
            attempt.Fault = null;
            await _delivery.SendEmptyAsync(attempt, bytes);
            return;
        }

        if (_opening.Overflowed is { } overflowed)
        {
            // Agents compact by these words; that a larger window failed as well would only hide them.
            await _delivery.TellAsync(FinalError.Of(_request, overflowed), overflowed);
            return;
        }

        _services.FailedRequests.Add(_request);
        var error = _request.Attempts.Count > 0
            ? FinalError.Compose(_request)
            : _opening.Refusal ?? new GatewayError(ErrorKind.Internal, ErrorSource.Gateway, 500, "The plan had no candidate and no reason.");
        await _delivery.TellAsync(error with { RequestId = _request.Id }, _request.Attempts.Count > 0 ? _request.Attempts[^1] : null);
    }

    /// <summary>The process stops and can wait no longer, or the deadline has passed. The provider is not to blame, but what it was asked for is paid for.</summary>
    private Task CutShortAsync()
    {
        foreach (var attempt in _request.Attempts)
        {
            attempt.Accepted |= !attempt.Settled;
        }

        _delivery.Show(attempt: null, answer: null);
        return _delivery.TellAsync(_deadline is { Passed: true } ? _deadline.Error() : Drain.CutShort(_request.Id), _request.Last);
    }
}
