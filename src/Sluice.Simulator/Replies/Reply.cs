namespace Sluice.Simulator.Replies;

internal enum StepKind
{
    /// <summary>Send bytes and flush.</summary>
    Send,

    /// <summary>Send the status line and headers now.</summary>
    Head,

    /// <summary>Send the status line and some of the headers now.</summary>
    PartialHead,

    /// <summary>Wait.</summary>
    Pause,

    /// <summary>Do nothing until the client goes.</summary>
    Stall,

    /// <summary>RST.</summary>
    Reset,

    /// <summary>FIN, whatever the framing promised.</summary>
    Close,
}

/// <summary>One step of sending an answer.</summary>
internal readonly record struct Step(StepKind Kind, FrameKind Frame = FrameKind.Other, ReadOnlyMemory<byte> Bytes = default, TimeSpan Delay = default)
{
    public static Step Send(Frame frame) => new(StepKind.Send, frame.Kind, frame.Bytes);

    public static Step Send(ReadOnlyMemory<byte> bytes) => new(StepKind.Send, FrameKind.Other, bytes);
}

/// <summary>An answer as a plan: faults are functions from one plan to another, and one player carries any of them out.</summary>
internal sealed record Reply
{
    public int Status { get; init; } = 200;

    public required string ContentType { get; init; }

    public IReadOnlyList<KeyValuePair<string, string>> Headers { get; init; } = [];

    public required IReadOnlyList<Step> Steps { get; init; }

    /// <summary>Sent as <c>content-length</c>; null sends chunks.</summary>
    public long? Length { get; init; }

    /// <summary>The steps are the whole conversation, status line included.</summary>
    public bool NoHead { get; init; }

    /// <summary>The answer is a stream of events.</summary>
    public bool Streaming { get; init; }

    /// <summary>Kestrel always frames a body properly; what must break the framing is written to the socket past it.</summary>
    public bool NeedsSocket
    {
        get
        {
            if (NoHead)
            {
                return true;
            }

            foreach (var step in Steps)
            {
                if (step.Kind is StepKind.Reset or StepKind.Close or StepKind.PartialHead)
                {
                    return true;
                }
            }

            return false;
        }
    }

    public static Reply Json(byte[] body, int status = 200) =>
        new() { Status = status, ContentType = "application/json", Steps = [Step.Send(body)], Length = body.Length };

    public static Reply Stream(IReadOnlyList<Frame> frames, string contentType)
    {
        var steps = new Step[frames.Count];
        for (var i = 0; i < steps.Length; i++)
        {
            steps[i] = Step.Send(frames[i]);
        }

        return new() { ContentType = contentType, Steps = steps, Streaming = true };
    }

    /// <summary>The same bytes in one write: for answers that only consist of sending.</summary>
    public Reply RunTogether()
    {
        var all = new byte[Steps.Sum(static s => s.Bytes.Length)];
        var at = 0;
        foreach (var step in Steps)
        {
            step.Bytes.CopyTo(all.AsMemory(at));
            at += step.Bytes.Length;
        }

        return this with { Steps = [Step.Send(all)], Streaming = false };
    }

    public Reply With(string header, string value) => this with { Headers = [.. Headers, new(header, value)] };
}
