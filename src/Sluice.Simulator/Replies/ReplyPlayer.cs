using System.Buffers;
using Microsoft.AspNetCore.Http;

namespace Sluice.Simulator.Replies;

/// <summary>Carries out the steps of a reply, through the server where HTTP is kept and past it where it is broken.</summary>
internal sealed class ReplyPlayer(SimulatorOptions options, SimulatorRecord records)
{
    /// <summary>Bytes gathered before a flush in bursts.</summary>
    private const int BurstBytes = 16 * 1024;

    /// <summary>Plays to the end, or to where the client left.</summary>
    /// <exception cref="OperationCanceledException">The client left.</exception>
    /// <exception cref="IOException">The same, seen while writing.</exception>
    public Task<AnswerEnd> PlayAsync(HttpContext context, Reply reply, ReceivedRequest record) =>
        reply.NeedsSocket ? PlayOnSocketAsync(context, reply, record) : PlayOnServerAsync(context, reply, record);

    private async Task<AnswerEnd> PlayOnServerAsync(HttpContext context, Reply reply, ReceivedRequest record)
    {
        var gone = context.RequestAborted;
        var response = context.Response;
        response.StatusCode = reply.Status;
        response.ContentType = reply.ContentType;
        response.ContentLength = reply.Length;
        foreach (var (name, value) in reply.Headers)
        {
            response.Headers.Append(name, value);
        }

        var body = response.BodyWriter;
        var gathered = 0;
        foreach (var step in reply.Steps)
        {
            switch (step.Kind)
            {
                case StepKind.Send when options.Speed.Coalesced && reply.Streaming:
                    Sent(record, step);
                    body.Write(step.Bytes.Span);
                    gathered += step.Bytes.Length;
                    if (gathered >= BurstBytes)
                    {
                        gathered = 0;
                        await body.FlushAsync(gone);
                    }

                    break;
                case StepKind.Send:
                    if (options.Speed.TokensPerSecond is { } rate && step.Frame is FrameKind.Delta or FrameKind.ToolDelta)
                    {
                        await Task.Delay(TimeSpan.FromSeconds(1 / rate), options.Time, gone);
                    }

                    Sent(record, step);
                    await body.WriteAsync(step.Bytes, gone);
                    break;
                case StepKind.Head:
                    await response.StartAsync(gone);
                    await body.FlushAsync(gone);
                    break;
                case StepKind.Pause:
                    await body.FlushAsync(gone);
                    await Task.Delay(step.Delay, options.Time, gone);
                    break;
                case StepKind.Stall:
                    records.Changed(record);
                    if (response.HasStarted || gathered > 0)
                    {
                        await body.FlushAsync(gone);
                    }

                    await Task.Delay(Timeout.InfiniteTimeSpan, options.Time, gone);
                    break;
                default:
                    throw new InvalidOperationException(step.Kind + " cannot be done through the server.");
            }
        }

        await response.CompleteAsync();
        return AnswerEnd.Completed;
    }

    private async Task<AnswerEnd> PlayOnSocketAsync(HttpContext context, Reply reply, ReceivedRequest record)
    {
        var gone = context.RequestAborted;
        var socket = new SocketSender(context);
        var headLeft = reply.NoHead ? default : (ReadOnlyMemory<byte>)SocketSender.Head(reply);
        foreach (var step in reply.Steps)
        {
            switch (step.Kind)
            {
                case StepKind.PartialHead:
                    // Up to the end of the status line and a little further.
                    var part = headLeft.Length / 2;
                    await socket.SendAsync(headLeft[..part], gone);
                    headLeft = headLeft[part..];
                    break;
                case StepKind.Head:
                    await socket.SendAsync(headLeft, gone);
                    headLeft = default;
                    break;
                case StepKind.Send:
                    await socket.SendAsync(headLeft, gone);
                    headLeft = default;
                    Sent(record, step);
                    await (reply.NoHead || reply.Length is not null ? socket.SendAsync(step.Bytes, gone) : socket.SendChunkAsync(step.Bytes, gone));
                    break;
                case StepKind.Pause:
                    await Task.Delay(step.Delay, options.Time, gone);
                    break;
                case StepKind.Stall:
                    records.Changed(record);
                    await Task.Delay(Timeout.InfiniteTimeSpan, options.Time, gone);
                    break;
                case StepKind.Reset:
                    record.TryEnd(AnswerEnd.CutByFault, options.Time.GetUtcNow());
                    socket.Reset();
                    return AnswerEnd.CutByFault;
                case StepKind.Close:
                    record.TryEnd(AnswerEnd.CutByFault, options.Time.GetUtcNow());
                    await socket.CloseAsync(options.Time);
                    return AnswerEnd.CutByFault;
            }
        }

        await socket.SendAsync(headLeft, gone);
        if (!reply.NoHead && reply.Length is null)
        {
            await socket.SendAsync("0\r\n\r\n"u8.ToArray(), gone);
        }

        record.TryEnd(AnswerEnd.Completed, options.Time.GetUtcNow());
        await socket.CloseAsync(options.Time);
        return AnswerEnd.Completed;
    }

    private void Sent(ReceivedRequest record, Step step)
    {
        var first = record.BytesSent == 0;
        record.Sent(step.Bytes.Length);
        if (first)
        {
            records.Changed(record);
        }
    }
}
