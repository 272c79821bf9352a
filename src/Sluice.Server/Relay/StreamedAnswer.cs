using System.Buffers;
using Sluice.Core.Faults;
using Sluice.Protocols.Conversation;
using Sluice.Protocols.Errors;
using Sluice.Protocols.Formats;
using Sluice.Protocols.Sse;
using Sluice.Server.Attempts;
using Sluice.Upstreams;

namespace Sluice.Server.Relay;

/// <summary>How the relay of one answer ended.</summary>
internal enum RelayEnd
{
    /// <summary>At the commit point, where it was asked to hold: nothing has been written yet.</summary>
    Held,

    /// <summary>The client has it all, or has been offered its last bytes in <see cref="StreamedAnswer.Tail"/>.</summary>
    Complete,

    /// <summary>Failed before the commit point: another candidate may answer unseen.</summary>
    FailedUnseen,

    /// <summary>Failed after the commit point: the client must be told inside the stream.</summary>
    FailedSeen,

    /// <summary>Ended cleanly without any content; passed on only if nobody does better.</summary>
    Empty,
}

/// <summary>
/// Relays one upstream stream to the client: whole events, each as it completes, behind the content gate. What the last read brought is kept
/// back as <see cref="Tail"/>, so that the attempt is settled before its last byte leaves.
/// </summary>
internal sealed class StreamedAnswer(Attempt attempt, UpstreamAnswer answer, IStreamRelay relay, ClientStream client, AttemptClock clock, TimeProvider time) : IDisposable
{
    // One read of this size carries dozens of events; smaller ones cost a system call each.
    private const int ReadSize = 16 * 1024;

    private readonly IFrameReader _reader = FrameReaders.For(answer.Framing);
    private readonly StreamGate _gate = new(time);
    private readonly StreamSegments _segments = new();
    private readonly ArrayBufferWriter<byte> _ready = new(1024);

    /// <summary>What is still to be written: the end of a complete answer, or all of an empty one.</summary>
    public ReadOnlyMemory<byte> Tail => _ready.WrittenMemory;

    /// <summary>Set for the two failed ends.</summary>
    public UpstreamFault? Fault { get; private set; }

    /// <summary>Relays until the stream ends. Throws only <see cref="OperationCanceledException"/> of the client, or of a clock that was told to abandon it.</summary>
    /// <param name="clientGone">The request's.</param>
    /// <param name="holds">Stops at the commit point with <see cref="RelayEnd.Held"/> and writes nothing; a second call goes on from there. What fails until then has been seen by nobody.</param>
    public async Task<RelayEnd> RunAsync(CancellationToken clientGone, bool holds = false)
    {
        try
        {
            while (true)
            {
                await FlushAsync(clientGone);
                var read = await ReadAsync();
                clock.Progress();
                var error = read > 0 ? TakeFrames() : TakeEnd();
                attempt.Usage = relay.Usage;
                attempt.ContentBytes = relay.ContentBytes;
                NoteContent();
                if (error is not null)
                {
                    return await FailAsync(FaultClassifier.FromStreamError(SecretFilter.Scrub(error, attempt.Candidate.Credential), Phase, time.GetUtcNow()), clientGone, holds);
                }

                if (_gate.Ended || read == 0)
                {
                    return End();
                }

                if (holds && _gate.Committed)
                {
                    return RelayEnd.Held;
                }
            }
        }
        catch (OperationCanceledException) when (clientGone.IsCancellationRequested)
        {
            throw;
        }
        catch (OperationCanceledException) when (clock.Expired is not null)
        {
            return await FailAsync(FaultClassifier.Timeout(clock.Expired!.Value, clock.ExpiredAfter), clientGone, holds);
        }
        catch (Exception e) when (e is IOException or HttpRequestException or InvalidDataException)
        {
            return await FailAsync(answer.FaultOf(e, Phase), clientGone, holds);
        }
    }

    /// <summary>Releases an empty answer after all.</summary>
    public void ReleaseEmpty() => _gate.Release(_ready);

    /// <inheritdoc/>
    public void Dispose() => _reader.Dispose();

    private FaultPhase Phase => _gate.SawContent ? FaultPhase.Stream : FaultPhase.FirstToken;

    private async ValueTask<int> ReadAsync()
    {
        // A zero-byte read waits without holding a buffer: ten thousand silent streams must not hold ten thousand buffers.
        var probe = answer.Body.ReadAsync(Memory<byte>.Empty, clock.Token);
        if (!probe.IsCompletedSuccessfully)
        {
            _reader.ReleaseIfEmpty();
        }

        await probe;
        var read = await answer.Body.ReadAsync(_reader.GetMemory(ReadSize), clock.Token);
        _reader.Advance(read);
        return read;
    }

    private UpstreamError? TakeFrames()
    {
        // All that one read brought passes the gate at once: in a burst that is dozens of events.
        _segments.Clear();
        UpstreamError? error = null;
        while (error is null && _reader.TryRead(out var frame))
        {
            error = relay.Advance(frame, _segments);
        }

        Gate();
        return error ?? (_reader.Overflowed ? new UpstreamError(ErrorKind.BadResponse, "The provider sent one event larger than 16 MiB.") : null);
    }

    private UpstreamError? TakeEnd()
    {
        _segments.Clear();
        var error = _reader.TryReadRest(out var frame) ? relay.Advance(frame, _segments) : null;
        error ??= relay.Complete(_segments);
        Gate();
        return error;
    }

    private void Gate()
    {
        for (var i = 0; i < _segments.Count; i++)
        {
            var (role, bytes) = _segments[i];
            _gate.Take(role, bytes.Span, _ready);
        }
    }

    private void NoteContent()
    {
        if (_gate.SawContent && attempt.FirstTokenMs is null)
        {
            attempt.FirstTokenMs = (long)time.GetElapsedTime(attempt.SentAt).TotalMilliseconds;
            attempt.Probe?.Answered();
            clock.FirstContent();
        }
    }

    private RelayEnd End()
    {
        if (_gate.Committed)
        {
            _gate.Release(_ready);
            return RelayEnd.Complete;
        }

        // A refusal, a full window or a used-up limit is an answer even without text; only "done" with nothing said is not.
        if (_gate.SawContent || relay.StopReason is not (null or StopReason.EndTurn))
        {
            _gate.Release(_ready);
            return RelayEnd.Complete;
        }

        return RelayEnd.Empty;
    }

    private async Task<RelayEnd> FailAsync(UpstreamFault fault, CancellationToken clientGone, bool holds)
    {
        Fault = fault;
        if (holds || !_gate.Committed)
        {
            return RelayEnd.FailedUnseen;
        }

        // What came whole before the fault belongs to the client; the held piece of an unfinished tool call does not.
        await FlushAsync(clientGone);
        return RelayEnd.FailedSeen;
    }

    private async ValueTask FlushAsync(CancellationToken clientGone)
    {
        if (_ready.WrittenCount == 0)
        {
            return;
        }

        await attempt.RowWritten;
        try
        {
            // After a fault the clock may have run out already; what came before it goes out all the same.
            await client.WriteAsync(_ready.WrittenMemory, Fault is null ? clock.Token : clientGone);
        }
        catch (OperationCanceledException) when (!clientGone.IsCancellationRequested && clock.Expired is not null)
        {
            // The silence was the client's: it has not read for as long as no upstream may be silent.
            client.Leave();
        }

        _ready.ResetWrittenCount();
        clock.Progress();
    }
}
