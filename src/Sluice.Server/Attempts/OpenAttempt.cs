using System.Text;
using Sluice.Core.Faults;
using Sluice.Protocols;
using Sluice.Protocols.Errors;
using Sluice.Protocols.Formats;
using Sluice.Protocols.Native;
using Sluice.Protocols.OpenAIMedia;
using Sluice.Server.Media;
using Sluice.Server.Relay;
using Sluice.Server.Surfaces;
using Sluice.Upstreams;

namespace Sluice.Server.Attempts;

/// <summary>
/// One attempt that is under way: its clock, its connection and what has come of its answer. It asks and reads; what becomes of that is decided
/// by the loop alone. So two of them may be under way for one request, as long as both hold at the commit point: they share nothing that either changes.
/// </summary>
internal sealed class OpenAttempt(AttemptServices services, InferenceRequest request, Delivery delivery, Attempt attempt, IReadOnlyList<ReadOnlyMemory<byte>> pieces) : IAsyncDisposable
{
    private readonly AttemptClock _clock = new(attempt.Candidate.Provider.Timeouts, request.Envelope.Stream, services.Time, request.ClientGone, request.CutOff);
    private Task<RelayEnd>? _asked;
    private StreamedAnswer? _stream;
    private ReadOnlyMemory<byte> _whole;

    /// <summary>What is known of it.</summary>
    public Attempt Attempt => attempt;

    /// <summary>Set once the upstream has sent a status.</summary>
    public UpstreamAnswer? Answer { get; private set; }

    /// <summary>The answer comes as a stream.</summary>
    public bool IsStream => _stream is not null;

    /// <summary>Set for the two failed ends.</summary>
    public UpstreamFault? Fault { get; private set; }

    /// <summary>What is still to be written of a stream; all of a whole or an empty answer.</summary>
    public ReadOnlyMemory<byte> Rest => _stream?.Tail ?? _whole;

    /// <summary>Sends and reads to the end, or to the commit point. Throws <see cref="OperationCanceledException"/> of the client, of a stopping process, and after <see cref="Abandon"/>.</summary>
    /// <param name="holds">Another attempt may be under way as well: nothing is shown to the client before <see cref="ResumeAsync"/>.</param>
    public Task<RelayEnd> AskAsync(bool holds) => _asked = RunAsync(holds);

    /// <summary>Goes on from the commit point.</summary>
    public async Task<RelayEnd> ResumeAsync() => Ended(await _stream!.RunAsync(request.ClientGone));

    /// <summary>Cancels the call: nobody wants its answer any more.</summary>
    public void Abandon() => _clock.Abandon();

    /// <summary>Ends the call where it is still under way; afterwards the request's body is free of it.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_asked is { IsCompleted: false } asked)
        {
            Abandon();
            await ((Task)asked).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        if (Answer is not null)
        {
            await Answer.DisposeAsync();
        }

        _stream?.Dispose();
        _clock.Dispose();
        attempt.Probe?.Dispose();
        attempt.Permit?.Dispose();
    }

    private async Task<RelayEnd> RunAsync(bool holds)
    {
        UpstreamReply reply;
        try
        {
            reply = await services.Upstreams.SendAsync(UpstreamCalls.Create(request, attempt, pieces, services.RefusedBetas), _clock.Token);
        }
        catch (OperationCanceledException) when (request.ClientGone.IsCancellationRequested || _clock.Abandoned)
        {
            // The provider may have begun: what it was given counts as taken on.
            attempt.Accepted = true;
            throw;
        }
        catch (OperationCanceledException) when (_clock.Expired is not null)
        {
            attempt.Accepted = true;
            return Failed(FaultClassifier.Timeout(_clock.Expired.Value, _clock.ExpiredAfter));
        }

        if (reply.Fault is { } fault)
        {
            return Failed(fault);
        }

        var answer = Answer = reply.Answer!;
        attempt.Status = answer.Status;
        attempt.UpstreamRequestId = answer.RequestId;
        if (answer.Status is < 200 or > 299)
        {
            return await RefusedAsync(answer);
        }

        attempt.Accepted = true;
        if (request.Surface.Operation.IsMedia())
        {
            return await MediaAsync(answer, holds);
        }

        if (delivery.Stream is not { } client)
        {
            return await WholeAsync(answer);
        }

        if (!FrameReaders.Reads(answer.Framing))
        {
            return await NotAStreamAsync(answer);
        }

        if (!holds)
        {
            delivery.Show(attempt, answer);
        }

        _stream = new StreamedAnswer(attempt, answer, StreamRelays.Create(request, attempt), client, _clock, services.Time);
        return Ended(await _stream.RunAsync(request.ClientGone, holds));
    }

    /// <summary>What was asked for does not tell how images, sound or video come.</summary>
    private async Task<RelayEnd> MediaAsync(UpstreamAnswer answer, bool holds)
    {
        var shape = MediaAnswers.ShapeOf(request.Surface.Operation, answer);
        if (shape == MediaShape.Page || !await delivery.ExpectAsync(shape, answer.ContentType))
        {
            return Failed(FaultClassifier.BadResponse(FaultPhase.FirstToken, $"The provider answered with {answer.ContentType ?? "no content type"}."));
        }

        if (shape == MediaShape.Whole)
        {
            return await WholeAsync(answer);
        }

        delivery.Show(attempt, answer);
        var relay = shape == MediaShape.Bytes ? MediaStreams.Bytes() : StreamRelays.OfMedia(request, attempt);
        _stream = new StreamedAnswer(attempt, answer, relay, delivery.Stream!, _clock, services.Time);
        return Ended(await _stream.RunAsync(request.ClientGone, holds));
    }

    private RelayEnd Ended(RelayEnd end)
    {
        Fault = _stream!.Fault;
        if (end == RelayEnd.Empty)
        {
            _stream.ReleaseEmpty();
        }

        return end;
    }

    private RelayEnd Failed(UpstreamFault fault)
    {
        Fault = fault;
        return RelayEnd.FailedUnseen;
    }

    /// <summary>A refusal is read and classified, and tells whether anybody else should be asked.</summary>
    private async Task<RelayEnd> RefusedAsync(UpstreamAnswer answer)
    {
        // Larger error bodies are an edge's HTML; the head of it says enough.
        const int MaxErrorBody = 256 * 1024;

        // It comes with the status or hardly ever; nobody waits out a long timeout for the text of a refusal.
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(2), services.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(_clock.Token, patience.Token);
        ReadOnlyMemory<byte> body = default;
        try
        {
            body = (await WholeAnswer.ReadAsync(answer, _clock, either.Token, MaxErrorBody))?.WrittenMemory ?? default;
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
        }

        return Failed(fault);
    }

    private async Task<RelayEnd> NotAStreamAsync(UpstreamAnswer answer)
    {
        var body = await ReadWholeAsync(answer);
        if (body.Fault is { } fault)
        {
            return Failed(fault);
        }

        // Some upstreams answer a stream request with a JSON error and status 200.
        var format = WireFormats.Upstream(attempt.Wire);
        var facts = NativeResponses.Inspect(attempt.Wire, body.Bytes.Span, (_, previous) => previous);
        return FailedInside(facts.IsError
            ? format.ReadError(0, body.Bytes.Span)
            : new UpstreamError(ErrorKind.BadResponse, $"A stream was asked for; the provider answered with {answer.ContentType ?? "no content type"}."));
    }

    private async Task<RelayEnd> WholeAsync(UpstreamAnswer answer)
    {
        var body = await ReadWholeAsync(answer);
        if (body.Fault is { } broken)
        {
            return Failed(broken);
        }

        attempt.FirstTokenMs = (long)_clock.Elapsed.TotalMilliseconds;
        (_whole, var error, var hasContent) = request.Surface.Operation == SurfaceOperation.CountTokens
            ? TokenCounts.ForClient(request, attempt, body.Bytes)
            : request.Surface.Operation.IsMedia() ? MediaAnswers.ForClient(request, attempt, answer, body.Bytes, services.Jobs)
            : WholeAnswer.ForClient(request, attempt, body.Bytes);
        return error is not null ? FailedInside(error)
            : hasContent || request.Surface.Operation.Makes() == Products.Vectors ? RelayEnd.Complete
            : RelayEnd.Empty;
    }

    private RelayEnd FailedInside(UpstreamError error) =>
        Failed(FaultClassifier.FromStreamError(SecretFilter.Scrub(error, attempt.Candidate.Credential), FaultPhase.FirstToken, services.Time.GetUtcNow()));

    private async Task<(ReadOnlyMemory<byte> Bytes, UpstreamFault? Fault)> ReadWholeAsync(UpstreamAnswer answer)
    {
        try
        {
            var body = await WholeAnswer.ReadAsync(answer, _clock, _clock.Token);
            return body is null
                ? (default, FaultClassifier.BadResponse(FaultPhase.FirstToken, "The provider's answer is larger than 64 MiB."))
                : (body.WrittenMemory, null);
        }
        catch (OperationCanceledException) when (!request.ClientGone.IsCancellationRequested && _clock.Expired is not null)
        {
            return (default, FaultClassifier.Timeout(_clock.Expired.Value, _clock.ExpiredAfter));
        }
        catch (Exception e) when (e is IOException or HttpRequestException or InvalidDataException)
        {
            return (default, answer.FaultOf(e, FaultPhase.FirstToken));
        }
    }
}
