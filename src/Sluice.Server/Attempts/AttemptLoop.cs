using System.Text;
using Sluice.Core.Faults;
using Sluice.Core.Health;
using Sluice.Core.Ledger;
using Sluice.Core.Routing;
using Sluice.Protocols;
using Sluice.Protocols.Degradations;
using Sluice.Protocols.Errors;
using Sluice.Protocols.Formats;
using Sluice.Protocols.Native;
using Sluice.Server.Hosting;
using Sluice.Server.Relay;
using Sluice.Server.Surfaces;
using Sluice.Upstreams;

namespace Sluice.Server.Attempts;

/// <summary>
/// Tries the candidates of one request in turn until one answers:
/// <list type="number">
/// <item>write the upstream request (native: the client's bytes with only the needed spans replaced; else translated),</item>
/// <item>append the attempt's row,</item>
/// <item>send,</item>
/// <item>classify a refusal,</item>
/// <item>relay, holding the stream until the commit point,</item>
/// <item>settle, before the last byte leaves,</item>
/// <item>or move on: first to candidates not yet tried, then, within the retry budget, to those worth repeating; then say what failed.</item>
/// </list>
/// </summary>
internal sealed class AttemptLoop(AttemptServices services, InferenceRequest request) : IAsyncDisposable
{
    private readonly Delivery _delivery = new(services, request);
    private (Attempt Attempt, ReadOnlyMemory<byte> Bytes)? _empty;
    private Attempt? _overflow;
    private GatewayError? _refusal;

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
        if (request.Envelope.Stream && request.Surface.Operation == SurfaceOperation.Generate)
        {
            _delivery.OpenStream();
        }

        try
        {
            services.RetryBudget.CountRequest();
            foreach (var candidate in request.Plan.Candidates)
            {
                if (await TryAsync(candidate) == Verdict.Done)
                {
                    return;
                }
            }

            if (request.Surface.Operation == SurfaceOperation.CountTokens)
            {
                await _delivery.EstimateTokensAsync();
            }
            else if (await RepeatAsync() == Verdict.MoveOn)
            {
                await GiveUpAsync();
            }
        }
        catch (OperationCanceledException) when (request.ClientGone.IsCancellationRequested || _delivery.Stream is { ClientLeft: true })
        {
            SessionHomes.RememberLeft(services.Affinity, request);
            await _delivery.ForgetAsync();
        }
        catch (OperationCanceledException) when (services.DrainOver.IsCancellationRequested)
        {
            await CutShortAsync();
        }
        catch
        {
            // A fault of Sluice's own: the rows are closed all the same, or they would stay "running" until the next start.
            await _delivery.SettleOpenAsync(AttemptOutcome.Failed);
            throw;
        }
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _delivery.DisposeAsync();

    private async Task<Verdict> RepeatAsync()
    {
        // Whoever repeats by himself is not repeated for: three retries of three retries are nine calls.
        if (request.Facts.NoRetry || request.Facts.IsRepeat || services.FailedRequests.Has(request))
        {
            return Verdict.MoveOn;
        }

        var waited = TimeSpan.Zero;
        for (var repeat = 0; repeat < request.Snapshot.Routing.Retries; repeat++)
        {
            var now = services.Time.GetUtcNow();
            if (Repeats.Next(request, services.Health, now) is not var (failed, pause))
            {
                return Verdict.MoveOn;
            }

            var wait = Backoff.Wait(repeat, pause, services.Random);
            if (!Backoff.IsWorthIt(wait, waited, now - request.StartedAt, request.Facts.Patience) || !services.RetryBudget.TryTake(request.Snapshot.Routing.RetryBudget))
            {
                return Verdict.MoveOn;
            }

            using var ending = CancellationTokenSource.CreateLinkedTokenSource(request.ClientGone, services.DrainOver);
            await Task.Delay(wait, services.Time, ending.Token);
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
        if (_overflow is not null && !Overflow.Fits(_overflow, candidate))
        {
            return Verdict.MoveOn;
        }

        // 1. The upstream request, from the original bytes.
        var wire = UpstreamBody.WireOf(candidate, request.Surface.Format.Protocol);
        if (request.Surface.Operation == SurfaceOperation.CountTokens && !TokenCounts.CanAsk(candidate, wire, request.Surface.Format.Protocol))
        {
            // Asked all the same, an upstream that cannot count would generate.
            return Verdict.MoveOn;
        }

        if (Vectors.AreWanted(request) && Vectors.Refusal(request, candidate) is { } unable)
        {
            _refusal ??= unable;
            return Verdict.MoveOn;
        }

        if (Continuation.IsElsewhere(request, candidate))
        {
            return Verdict.MoveOn;
        }

        var degradations = new DegradationLog();
        var (pieces, refusal) = UpstreamBody.Write(request, candidate, wire, degradations, services.RefusedBetas);
        if (refusal is not null)
        {
            _refusal ??= refusal;
            return Verdict.MoveOn;
        }

        // The plan may be older than what its candidates have come to since; and of many who probe an open circuit at once only one may.
        if (!services.Health.TryEnter(candidate.Endpoint, candidate.Credential, mayProbe: request.Surface.Operation != SurfaceOperation.CountTokens, out var probe))
        {
            var exclusion = services.Health.Excluded(candidate.Endpoint, candidate.Credential);
            _refusal ??= OpenCircuits.Refusal(request.Envelope.Model!, (exclusion?.FreeFrom ?? default) - services.Time.GetUtcNow());
            return Verdict.MoveOn;
        }

        using var held = probe;

        // 2. The row. It is written while the upstream works; nothing reaches the client before it is.
        var attempt = Begin(candidate, wire, degradations, probe);
        using var clock = new AttemptClock(candidate.Provider.Timeouts, request.Envelope.Stream, services.Time, request.ClientGone, services.DrainOver);

        // 3. Send.
        UpstreamReply reply;
        try
        {
            reply = await services.Upstreams.SendAsync(UpstreamCalls.Create(request, attempt, pieces, services.RefusedBetas), clock.Token);
        }
        catch (OperationCanceledException) when (request.ClientGone.IsCancellationRequested)
        {
            // The provider may have begun: what it was given counts as taken on.
            attempt.Accepted = true;
            throw;
        }
        catch (OperationCanceledException) when (clock.Expired is not null)
        {
            attempt.Accepted = true;
            return await FailAsync(attempt, FaultClassifier.Timeout(clock.Expired.Value, clock.ExpiredAfter));
        }

        if (reply.Fault is { } fault)
        {
            return await FailAsync(attempt, fault);
        }

        await using var answer = reply.Answer!;
        attempt.Status = answer.Status;
        attempt.UpstreamRequestId = answer.RequestId;

        // 4. A refusal is read, classified, and tells whether anybody else should be asked.
        if (answer.Status is < 200 or > 299)
        {
            return await RefusedAsync(attempt, answer, clock);
        }

        // 5.-6. Relay and settle.
        attempt.Accepted = true;
        return _delivery.Stream is { } stream
            ? await RelayStreamAsync(attempt, answer, stream, clock)
            : await RelayWholeAsync(attempt, answer, clock);
    }

    private Attempt Begin(Candidate candidate, WireProtocol wire, DegradationLog degradations, Probe? probe)
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
            RowWritten = services.Ledger.AppendAsync(row).AsTask(),
            SentAt = services.Time.GetTimestamp(),
        };
        request.Attempts.Add(attempt);
        return attempt;
    }

    private async Task<Verdict> RefusedAsync(Attempt attempt, UpstreamAnswer answer, AttemptClock clock)
    {
        // Larger error bodies are an edge's HTML; the head of it says enough.
        const int MaxErrorBody = 256 * 1024;

        // It comes with the status or hardly ever; nobody waits out a long timeout for the text of a refusal.
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(2), services.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(clock.Token, patience.Token);
        ReadOnlyMemory<byte> body = default;
        try
        {
            body = (await WholeAnswer.ReadAsync(answer, clock, either.Token, MaxErrorBody))?.WrittenMemory ?? default;
        }
        catch (Exception e) when (!request.ClientGone.IsCancellationRequested && e is IOException or HttpRequestException or OperationCanceledException or InvalidDataException)
        {
            // The status has said what matters; the text is lost.
        }

        var error = SecretFilter.Scrub(WireFormats.Upstream(attempt.Wire).ReadError(answer.Status, body.Span), attempt.Candidate.Credential);
        var fault = FaultClassifier.FromStatus(attempt.Wire, answer.Status, error, answer, services.Time.GetUtcNow());
        if (!fault.CanFailOver && attempt.Native && !body.IsEmpty && !SecretFilter.Contains(Encoding.UTF8.GetString(body.Span), attempt.Candidate.Credential))
        {
            // The client's own mistake, in the client's own protocol: it repairs itself by the exact wording.
            attempt.ErrorBody = (body, answer.ContentType);
            _delivery.Show(attempt, answer);
        }

        return await FailAsync(attempt, fault);
    }

    private async Task<Verdict> RelayStreamAsync(Attempt attempt, UpstreamAnswer answer, ClientStream stream, AttemptClock clock)
    {
        if (!FrameReaders.Reads(answer.Framing))
        {
            return await NotAStreamAsync(attempt, answer, clock);
        }

        _delivery.Show(attempt, answer);
        var relayed = new StreamedAnswer(attempt, answer, StreamRelays.Create(request, attempt), stream, clock, services.Time);
        var end = await relayed.RunAsync(request.ClientGone);
        if (end is RelayEnd.Complete)
        {
            Praise(attempt);
            await _delivery.EndStreamAsync(attempt, relayed.Tail);
            await _delivery.CloseStreamAsync(answer);
            return Verdict.Done;
        }

        if (end is RelayEnd.Empty)
        {
            relayed.ReleaseEmpty();
            return KeepEmpty(attempt, relayed.Tail);
        }

        if (end is RelayEnd.FailedUnseen)
        {
            return await FailAsync(attempt, relayed.Fault!);
        }

        attempt.Fault = relayed.Fault;
        services.Health.Failed(attempt.Candidate.Endpoint, attempt.Candidate.Credential, relayed.Fault!, attempt.Probe);
        await services.Settler.SettleAsync(request, attempt, AttemptOutcome.Failed);
        services.FailedRequests.Add(request);
        await _delivery.TellAsync(FinalError.Of(request, attempt), attempt);
        return Verdict.Done;
    }

    private async Task<Verdict> NotAStreamAsync(Attempt attempt, UpstreamAnswer answer, AttemptClock clock)
    {
        var body = await ReadWholeAsync(answer, clock);
        if (body.Fault is { } fault)
        {
            return await FailAsync(attempt, fault);
        }

        // Some upstreams answer a stream request with a JSON error and status 200.
        var format = WireFormats.Upstream(attempt.Wire);
        var facts = NativeResponses.Inspect(attempt.Wire, body.Bytes.Span, (_, previous) => previous);
        var error = facts.IsError
            ? format.ReadError(0, body.Bytes.Span)
            : new UpstreamError(ErrorKind.BadResponse, $"A stream was asked for; the provider answered with {answer.ContentType ?? "no content type"}.");
        return await FailAsync(attempt, FaultClassifier.FromStreamError(SecretFilter.Scrub(error, attempt.Candidate.Credential), FaultPhase.FirstToken, services.Time.GetUtcNow()));
    }

    private async Task<Verdict> RelayWholeAsync(Attempt attempt, UpstreamAnswer answer, AttemptClock clock)
    {
        var body = await ReadWholeAsync(answer, clock);
        if (body.Fault is { } broken)
        {
            return await FailAsync(attempt, broken);
        }

        attempt.FirstTokenMs = (long)clock.Elapsed.TotalMilliseconds;
        var (bytes, error, hasContent) = request.Surface.Operation == SurfaceOperation.CountTokens
            ? TokenCounts.ForClient(request, attempt, body.Bytes)
            : WholeAnswer.ForClient(request, attempt, body.Bytes);
        if (error is not null)
        {
            return await FailAsync(attempt, FaultClassifier.FromStreamError(SecretFilter.Scrub(error, attempt.Candidate.Credential), FaultPhase.FirstToken, services.Time.GetUtcNow()));
        }

        if (!hasContent && !Vectors.AreWanted(request))
        {
            return KeepEmpty(attempt, bytes);
        }

        Praise(attempt);
        await _delivery.SendWholeAsync(attempt, answer, bytes);
        return Verdict.Done;
    }

    private async Task<(ReadOnlyMemory<byte> Bytes, UpstreamFault? Fault)> ReadWholeAsync(UpstreamAnswer answer, AttemptClock clock)
    {
        try
        {
            var body = await WholeAnswer.ReadAsync(answer, clock, clock.Token);
            return body is null
                ? (default, FaultClassifier.BadResponse(FaultPhase.FirstToken, "The provider's answer is larger than 64 MiB."))
                : (body.WrittenMemory, null);
        }
        catch (OperationCanceledException) when (!request.ClientGone.IsCancellationRequested && clock.Expired is not null)
        {
            return (default, FaultClassifier.Timeout(clock.Expired.Value, clock.ExpiredAfter));
        }
        catch (Exception e) when (e is IOException or HttpRequestException or InvalidDataException)
        {
            return (default, answer.FaultOf(e, FaultPhase.FirstToken));
        }
    }

    /// <summary>Marks the failure, settles it, and says whether anybody else should be asked.</summary>
    private async Task<Verdict> FailAsync(Attempt attempt, UpstreamFault fault)
    {
        attempt.Fault = fault;
        if (fault.CanFailOver && (request.Surface.Operation != SurfaceOperation.CountTokens || fault.CredentialIsDead))
        {
            // An upstream that cannot count can still answer: a failed count must not move anybody's conversation.
            services.Health.Failed(attempt.Candidate.Endpoint, attempt.Candidate.Credential, fault, attempt.Probe);
        }

        await services.Settler.SettleAsync(request, attempt, AttemptOutcome.Failed);

        if (fault.CanFailOver || TokenCounts.IsEstimatedWhenRefused(request, attempt))
        {
            _delivery.Show(attempt: null, answer: null);
            return Verdict.MoveOn;
        }

        if (Mending.After(request, attempt, services.RefusedBetas))
        {
            // Once, at the same place, without what it refused; its own words are told if that does not help.
            _delivery.Show(attempt: null, answer: null);
            attempt.Probe?.Dispose();
            return await TryAsync(attempt.Candidate);
        }

        if (Overflow.CanMoveOn(request, attempt))
        {
            _overflow = attempt;
            _delivery.Show(attempt: null, answer: null);
            return Verdict.MoveOn;
        }

        var told = request.Attempts.Find(a => a.Mended) ?? attempt;
        await _delivery.TellAsync(FinalError.Of(request, told), told);
        return Verdict.Done;
    }

    private Verdict KeepEmpty(Attempt attempt, ReadOnlyMemory<byte> bytes)
    {
        attempt.Fault = FaultClassifier.BadResponse(FaultPhase.FirstToken, "The provider ended its answer without any content.");
        services.Health.Failed(attempt.Candidate.Endpoint, attempt.Candidate.Credential, attempt.Fault, attempt.Probe);
        _empty ??= (attempt, bytes);
        _delivery.Show(attempt: null, answer: null);
        return Verdict.MoveOn;
    }

    private void Praise(Attempt attempt)
    {
        if (request.Surface.Operation == SurfaceOperation.CountTokens)
        {
            return;
        }

        var candidate = attempt.Candidate;
        services.Health.Succeeded(candidate.Endpoint, candidate.Credential, SpeedOf(attempt), attempt.Probe);
        SessionHomes.Remember(services.Affinity, request, attempt);
    }

    // An answer in one piece says nothing about when its first token was there.
    private AttemptSpeed SpeedOf(Attempt attempt) => new(
        _delivery.Stream is not null && attempt.FirstTokenMs is { } first ? TimeSpan.FromMilliseconds(first) : null,
        services.Time.GetElapsedTime(attempt.SentAt),
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

        if (_overflow is not null)
        {
            // Agents compact by these words; that a larger window failed as well would only hide them.
            await _delivery.TellAsync(FinalError.Of(request, _overflow), _overflow);
            return;
        }

        services.FailedRequests.Add(request);
        var error = request.Attempts.Count > 0
            ? FinalError.Compose(request)
            : _refusal ?? new GatewayError(ErrorKind.Internal, ErrorSource.Gateway, 500, "The plan had no candidate and no reason.");
        await _delivery.TellAsync(error with { RequestId = request.Id }, request.Attempts.Count > 0 ? request.Attempts[^1] : null);
    }

    /// <summary>The process stops and can wait no longer. The provider is not to blame, but what it was asked for is paid for.</summary>
    private Task CutShortAsync()
    {
        var last = request.Attempts.Count > 0 ? request.Attempts[^1] : null;
        if (last is { Settled: false })
        {
            last.Accepted = true;
        }

        _delivery.Show(attempt: null, answer: null);
        return _delivery.TellAsync(Drain.CutShort(request.Id), last);
    }
}
