using System.Globalization;
using Microsoft.AspNetCore.Http;
using Sluice.Core.Faults;
using Sluice.Core.Ledger;
using Sluice.Core.Pricing;
using Sluice.Protocols.Errors;
using Sluice.Protocols.Formats;
using Sluice.Server.Errors;
using Sluice.Server.Media;
using Sluice.Server.Relay;
using Sluice.Server.Surfaces;
using Sluice.Upstreams;

namespace Sluice.Server.Attempts;

/// <summary>
/// The client's side of one request: what an attempt brought, or what went wrong, is told here and only here. Whatever is told, every attempt
/// is settled before the last byte leaves.
/// </summary>
internal sealed class Delivery(AttemptServices services, InferenceRequest request) : IAsyncDisposable
{
    // Its clock began before ours: the way here takes a little of it.
    private const double ShareOfPatience = 0.95;

    private readonly IClientFormat _client = request.Surface.Format;
    private Attempt? _openAttempt;
    private UpstreamAnswer? _openAnswer;

    /// <summary>The stream that the client waits for; null where it asked for none, and after it has ended.</summary>
    public ClientStream? Stream { get; private set; }

    /// <summary>The end of an attempt that another was quicker than: awaited before anything is settled that comes after it.</summary>
    public Task Losing { get; set; } = Task.CompletedTask;

    /// <summary>Prepares a stream for a client that asked for one; keep-alives cover its silence from here on.</summary>
    public void OpenStream() =>
        Stream = new ClientStream(request.Http, StreamFramings.Of(request.Surface), request.Snapshot.KeepAlive,
            response => AnswerHeaders.Write(response, request, _openAttempt, _openAnswer), services.Time);

    /// <summary>
    /// Prepares for an answer with images, sound or video, of which only its content type tells how it comes. False where another attempt's answer has
    /// been opened in another way, which cannot be taken back.
    /// </summary>
    public async ValueTask<bool> ExpectAsync(MediaShape shape, string? contentType)
    {
        if (Stream is { HoldsErrors: true } && shape == MediaShape.Events)
        {
            return true;
        }

        if (Stream is { } before)
        {
            await before.DisposeAsync();
            Stream = null;
            if (before.Opened)
            {
                return false;
            }
        }

        if (shape != MediaShape.Whole)
        {
            var isEvents = shape == MediaShape.Events;
            Stream = new ClientStream(request.Http, isEvents ? StreamFramings.Of(request.Surface) : (contentType ?? "application/octet-stream", default),
                isEvents ? request.Snapshot.KeepAlive : request.Snapshot.KeepAlive with { After = TimeSpan.Zero },
                response => AnswerHeaders.Write(response, request, _openAttempt, _openAnswer), services.Time) { HoldsErrors = isEvents };
        }

        return true;
    }

    /// <summary>From here on headers tell of this attempt and of what its upstream sent; nulls where the attempt came to nothing.</summary>
    public void Show(Attempt? attempt, UpstreamAnswer? answer)
    {
        _openAttempt = attempt;
        _openAnswer = answer;
    }

    /// <summary>Settles, then sends a stream's last bytes. Of an answer that is still open, ends the client's, then reads what is left of the upstream's (nothing, as a rule), so that the connection can be used again.</summary>
    public async Task EndStreamAsync(Attempt attempt, ReadOnlyMemory<byte> tail, UpstreamAnswer? answer)
    {
        await SettleAnswerAsync(attempt);
        await Stream!.WriteAsync(tail, request.ClientGone);
        if (answer is null)
        {
            return;
        }

        await Stream.DisposeAsync();
        Stream = null;
        await request.Http.Response.CompleteAsync();
        await answer.DrainAsync(services.Time);
    }

    /// <summary>Settles, then sends a whole answer.</summary>
    public async Task SendWholeAsync(Attempt attempt, UpstreamAnswer? answer, ReadOnlyMemory<byte> bytes)
    {
        var cost = await SettleAnswerAsync(attempt);
        var response = request.Http.Response;
        AnswerHeaders.Write(response, request, attempt, answer);
        response.StatusCode = attempt.Told?.Status ?? StatusCodes.Status200OK;
        response.ContentType = attempt.Told?.ContentType ?? "application/json";
        response.ContentLength = bytes.Length;
        if (!cost.IsUnpriced)
        {
            response.Headers["x-sluice-cost"] = (cost.NanoUsd / 1_000_000_000m).ToString("0.#########", CultureInfo.InvariantCulture);
        }

        await response.BodyWriter.WriteAsync(bytes, request.ClientGone);
    }

    /// <summary>Sends an answer without content after all, since nobody did better.</summary>
    public async Task SendEmptyAsync(Attempt attempt, ReadOnlyMemory<byte> bytes)
    {
        if (Stream is null)
        {
            await SendWholeAsync(attempt, answer: null, bytes);
            return;
        }

        Show(attempt, answer: null);
        await EndStreamAsync(attempt, bytes, answer: null);
    }

    /// <summary>Nobody could count: an estimate at once serves an agent better than an error or a later count.</summary>
    public async Task EstimateTokensAsync()
    {
        await services.Settler.SettleAsync(request, StatusCodes.Status200OK, error: null);
        await TokenCounts.EstimateAsync(request, services.Estimates.Correct(request.Plan.Candidates[0].Endpoint.Model.Id, request.Envelope.EstimatedInputTokens));
    }

    /// <summary>Tells the error: as a status where nothing has been sent yet, else inside the stream.</summary>
    /// <param name="error">In neutral terms.</param>
    /// <param name="attempt">The attempt that it is about; its own error body is passed on where the client speaks its protocol.</param>
    public async Task TellAsync(GatewayError error, Attempt? attempt)
    {
        error = ErrorAnswer.ForClient(error, _client.Protocol, request.Http.Request) with { RequestedModels = [request.Envelope.Model!, .. request.Envelope.FallbackModels] };
        if (Stream is { } stream)
        {
            // The keep-alive timer must not open a 200 under the error: it is stopped before looking whether it already has.
            Stream = null;
            await stream.DisposeAsync();
            if (stream.Opened)
            {
                await (stream.HoldsErrors ? TellInStreamAsync(error, stream.Began) : CutAsync(error));
                return;
            }
        }

        await SettleOpenAsync(AttemptOutcome.Failed);
        if (request.Cached is { } cached && await cached.TryServeStaleAsync(error))
        {
            return;
        }

        await services.Settler.SettleAsync(request, error.Status, error);
        AnswerHeaders.Write(request.Http.Response, request, attempt, _openAnswer);
        if (attempt?.ErrorBody is var (body, contentType) && request.Surface.Framing is null)
        {
            ErrorAnswer.WriteHeaders(request.Http.Response, error);
            request.Http.Response.ContentType = contentType ?? "application/json";
            await request.Http.Response.BodyWriter.WriteAsync(body, request.ClientGone);
            return;
        }

        await ErrorAnswer.WriteAsync(request.Http, request.Surface, error);
    }

    /// <summary>The client went away: nothing can be told, all is settled.</summary>
    public async Task ForgetAsync()
    {
        request.Detached?.CutShort();
        var why = Unanswered.ClientGone.Message;
        if (request.Facts.Patience is { } patience && services.Time.GetUtcNow() - request.StartedAt >= patience * ShareOfPatience)
        {
            why = $"The client waits {patience.TotalSeconds.ToString("0.###", CultureInfo.InvariantCulture)} s at most, and went away then.";
            foreach (var attempt in request.Attempts.Where(attempt => !attempt.Settled))
            {
                attempt.Fault ??= FaultClassifier.Deadline(patience, "the client waits no longer");
            }
        }

        await SettleOpenAsync(AttemptOutcome.ClientGone);
        await services.Settler.SettleAsync(request, Unanswered.ClientGone.Status, Unanswered.ClientGone with { Message = why });
    }

    /// <summary>Sluice itself failed: every row is closed, or they would stay "running" until the next start. Of what was settled before, the first row stands.</summary>
    public async Task SettleFaultAsync()
    {
        if (request.Http.Response.HasStarted)
        {
            request.Detached?.CutShort();
        }

        await SettleOpenAsync(AttemptOutcome.Failed);
        var error = request.ClientGone.IsCancellationRequested ? Unanswered.ClientGone : Unanswered.Fault(request.Id);
        await services.Settler.SettleAsync(request, error.Status, error);
    }

    /// <summary>Settles every attempt that has no outcome yet.</summary>
    public async Task SettleOpenAsync(AttemptOutcome outcome)
    {
        await Losing;
        foreach (var attempt in request.Attempts)
        {
            await services.Settler.SettleAsync(request, attempt, outcome);
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (Stream is not null)
        {
            await Stream.DisposeAsync();
        }
    }

    // Its status can no longer change: the error is the protocol's own, inside the stream.
    private async Task TellInStreamAsync(GatewayError error, bool began)
    {
        await SettleOpenAsync(AttemptOutcome.Failed);
        await services.Settler.SettleAsync(request, StatusCodes.Status200OK, error);
        StreamFramings.WriteError(request.Surface, error, began, request.Http.Response.BodyWriter);
        await request.Http.Response.BodyWriter.FlushAsync(request.ClientGone);
    }

    // In the middle of a sound there is no place for words: a cut is honest, a clean end would be a lie.
    private async Task CutAsync(GatewayError error)
    {
        request.Detached?.CutShort();
        await SettleOpenAsync(AttemptOutcome.Failed);
        await services.Settler.SettleAsync(request, StatusCodes.Status200OK, error);
        request.Http.Abort();
    }

    private async Task<Cost> SettleAnswerAsync(Attempt attempt)
    {
        await Losing;
        foreach (var other in request.Attempts)
        {
            if (other != attempt)
            {
                await services.Settler.SettleAsync(request, other, AttemptOutcome.Superseded);
            }
        }

        var cost = await services.Settler.SettleAnswerAsync(request, attempt);

        // With the answer's end the client may go on at another node.
        await request.Reasoning.StoredAsync(request.Caller.User);
        return cost;
    }
}
