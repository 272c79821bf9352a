using System.Globalization;
using System.IO.Compression;
using Sluice.Simulator.Answers;
using Sluice.Simulator.Replies;
using Sluice.Simulator.Wires;

namespace Sluice.Simulator.Faults;

/// <summary>What a handler may ask for. The right answer is only made when one does, so that a refused request warms no cache.</summary>
/// <param name="Fault">What to do.</param>
/// <param name="Wire">In which format.</param>
/// <param name="Streaming">The client asked for a stream.</param>
/// <param name="Right">The right answer with usage of a shape.</param>
/// <param name="Empty">The right answer without its content.</param>
internal sealed record FaultContext(Fault Fault, IWire Wire, bool Streaming, Func<UsageShape, Reply> Right, Func<Reply> Empty);

/// <summary>One function for each <see cref="FaultKind"/>, from the right answer to the wrong one.</summary>
internal static class FaultHandlers
{
    /// <summary>Status of an error inside a 200 when the fault names none.</summary>
    private const int UsualInnerStatus = 529;

    private const int LongHeaderBytes = 32 * 1024;

    private const int ManyHeadersCount = 100;

    private const int TrickleBytes = 7;

    private static readonly Dictionary<FaultKind, Func<FaultContext, Reply>> All = new()
    {
        [FaultKind.Status] = Status,
        [FaultKind.ErrorEvent] = ErrorEvent,
        [FaultKind.ErrorInBody] = c => Reply.Json(c.Wire.Error(Inner(c.Fault))),
        [FaultKind.Stall] = c => Cut(c, c.Fault.Delay is { } delay ? new(StepKind.Pause, Delay: delay) : new(StepKind.Stall), goOn: c.Fault.Delay is not null),
        [FaultKind.SlowTrickle] = SlowTrickle,
        [FaultKind.SlowHeaders] = c => Before(c.Right(UsageShape.True), new(StepKind.PartialHead), new(StepKind.Pause, Delay: c.Fault.Delay ?? TimeSpan.FromSeconds(5))),
        [FaultKind.Reset] = c => Cut(c, new(StepKind.Reset), goOn: false),
        [FaultKind.TruncatedBody] = c => Cut(c, new(StepKind.Close), goOn: false),
        [FaultKind.CleanEnd] = CleanEnd,
        [FaultKind.MissingTerminal] = MissingTerminal,
        [FaultKind.MalformedFrame] = MalformedFrame,
        [FaultKind.GarbageSse] = c => new() { ContentType = c.Wire.Shape.ContentType, Streaming = true, Steps = [Step.Send(c.Wire.Shape.Garbage)] },
        [FaultKind.HtmlBody] = c => Html(200),
        [FaultKind.EmptyBody] = c => new() { ContentType = c.Streaming ? c.Wire.Shape.ContentType : "application/json", Steps = [], Length = 0 },
        [FaultKind.NegativeUsage] = c => c.Right(UsageShape.Negative),
        [FaultKind.MissingUsage] = c => c.Right(UsageShape.Missing),
        [FaultKind.HugeUsage] = c => c.Right(UsageShape.Huge),
        [FaultKind.TextUsage] = c => c.Right(UsageShape.Text),
        [FaultKind.EmptyCompletion] = c => c.Empty(),
        [FaultKind.ManyHeaders] = ManyHeaders,
        [FaultKind.LongHeader] = c => c.Right(UsageShape.True).With("x-sim-long", new string('v', LongHeaderBytes)),
        [FaultKind.AbsurdRetryAfter] = c => Status(c with { Fault = c.Fault with { Status = 429, RetryAfter = 1_000_000_000 } }),
        [FaultKind.WrongContentType] = c => c.Right(UsageShape.True) with { ContentType = c.Streaming && c.Wire.Shape != StreamShape.Array ? "application/json" : "text/event-stream; charset=utf-8" },
        [FaultKind.GzipBody] = Gzip,
        [FaultKind.NotHttp] = c => new() { ContentType = "", NoHead = true, Steps = [Step.Send("\u0015\u0003\u0001\u0000\u0002\u0002(this is no HTTP)\r\n"u8.ToArray()), new(StepKind.Close)] },
    };

    public static Reply Apply(FaultContext context) => All[context.Fault.Kind](context);

    private static WireRefusal Inner(Fault fault) => new(fault.Status == 0 ? UsualInnerStatus : fault.Status, fault.Variant, fault.Message);

    private static Reply Status(FaultContext c)
    {
        // 502 comes from the vendor's edge, which knows nothing of the API behind it.
        var html = c.Fault.Variant == "html" || c.Fault is { Status: 502, Variant: null };
        if (!html)
        {
            return c.Wire.Refused(new(c.Fault.Status, c.Fault.Variant, c.Fault.Message) { RetryAfter = c.Fault.RetryAfter });
        }

        var page = Html(c.Fault.Status);
        return c.Fault.RetryAfter is { } wait ? page.With("retry-after", wait.ToString(CultureInfo.InvariantCulture)) : page;
    }

    private static Reply Html(int status)
    {
        var page = "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n<center><h1>502 Bad Gateway</h1></center>\r\n<hr><center>cloudflare</center>\r\n</body>\r\n</html>\r\n"u8.ToArray();
        return new() { Status = status, ContentType = "text/html", Steps = [Step.Send(page)], Length = page.Length };
    }

    private static Reply ErrorEvent(FaultContext c)
    {
        if (!c.Streaming)
        {
            return Reply.Json(c.Wire.Error(Inner(c.Fault)));
        }

        var right = c.Right(UsageShape.True);
        var until = Until(right, c);
        return right with { Steps = [.. until, Step.Send(c.Wire.ErrorFrame(Inner(c.Fault), until.Count(static s => s.Frame != FrameKind.Ping)))] };
    }

    /// <summary>Stops at the fault's place with a step, and goes on after it or not.</summary>
    private static Reply Cut(FaultContext c, Step step, bool goOn)
    {
        if (c.Fault.Place == FaultPlace.BeforeHeaders && !goOn)
        {
            return new() { ContentType = "text/plain", Steps = [step] };
        }

        var right = c.Right(UsageShape.True);
        if (c.Fault.Place == FaultPlace.BeforeHeaders)
        {
            return Before(right, step);
        }

        var until = Until(right, c);

        // Without a body so far the headers have to be sent by name.
        return right with { Steps = [.. until.Count == 0 ? [new(StepKind.Head)] : until, step, .. goOn ? right.Steps.Skip(Math.Min(until.Count, right.Steps.Count)) : []] };
    }

    private static Reply CleanEnd(FaultContext c)
    {
        var right = c.Right(UsageShape.True);
        var until = Until(right, c);
        return right with { Steps = until, Length = right.Length is null ? null : until.Sum(static s => (long)s.Bytes.Length) };
    }

    private static Reply MissingTerminal(FaultContext c)
    {
        var right = c.Right(UsageShape.True);
        if (!c.Streaming)
        {
            return CleanEnd(c);
        }

        return right with { Steps = [.. right.Steps.Where(static s => s.Frame is not FrameKind.Terminal)] };
    }

    private static Reply MalformedFrame(FaultContext c)
    {
        var right = c.Right(UsageShape.True);
        if (!c.Streaming)
        {
            // Without its last byte, the closing brace, a document is broken too.
            var body = right.Steps[0].Bytes[..^1];
            return right with { Steps = [Step.Send(body)], Length = body.Length };
        }

        var until = Until(right, c);
        var at = Math.Min(until.Count, right.Steps.Count - 1);
        var broken = right.Steps[at];
        var bytes = c.Wire.Shape.Break(broken.Bytes.Span, c.Fault.Variant);
        return right with { Steps = [.. right.Steps.Take(at), broken with { Bytes = bytes }, .. right.Steps.Skip(at + 1)] };
    }

    private static Reply SlowTrickle(FaultContext c)
    {
        var right = c.Right(UsageShape.True);
        var pause = new Step(StepKind.Pause, Delay: c.Fault.Delay ?? TimeSpan.FromMilliseconds(20));
        var steps = new List<Step>();
        foreach (var step in right.Steps)
        {
            for (var at = 0; at < step.Bytes.Length; at += TrickleBytes)
            {
                steps.Add(pause);
                steps.Add(Step.Send(step.Bytes.Slice(at, Math.Min(TrickleBytes, step.Bytes.Length - at))));
            }
        }

        return right with { Steps = steps };
    }

    private static Reply ManyHeaders(FaultContext c)
    {
        var right = c.Right(UsageShape.True);
        return right with
        {
            Headers = [.. right.Headers, .. Enumerable.Range(0, ManyHeadersCount)
                .Select(static i => KeyValuePair.Create(string.Create(CultureInfo.InvariantCulture, $"x-sim-many-{i}"), "value"))],
        };
    }

    private static Reply Gzip(FaultContext c)
    {
        var right = c.Right(UsageShape.True);
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true))
        {
            foreach (var step in right.Steps)
            {
                gzip.Write(step.Bytes.Span);
            }
        }

        var bytes = packed.ToArray();
        return right.With("content-encoding", "gzip") with { Steps = [Step.Send(bytes)], Length = bytes.Length };
    }

    private static Reply Before(Reply right, params ReadOnlySpan<Step> steps) => right with { Steps = [.. steps, .. right.Steps] };

    /// <summary>The steps before the fault's place. Without streaming every place inside the body is its middle.</summary>
    private static List<Step> Until(Reply right, FaultContext c)
    {
        if (!right.Streaming)
        {
            return c.Fault.Place is FaultPlace.BeforeHeaders or FaultPlace.AfterHeaders || right.Steps.Count == 0
                ? []
                : [Step.Send(right.Steps[0].Bytes[..(right.Steps[0].Bytes.Length / 2)])];
        }

        switch (c.Fault.Place)
        {
            case FaultPlace.BeforeHeaders or FaultPlace.AfterHeaders:
                return [];
            case FaultPlace.AfterPing:
                return [Step.Send(c.Wire.Ping())];
            case FaultPlace.AfterStart:
                // Google has no start event: the first of its events is content already.
                return [.. right.Steps.TakeWhile(static s => s.Frame == FrameKind.Start)];
            case FaultPlace.InToolCall when right.Steps.Any(static s => s.Frame == FrameKind.ToolDelta && s.Bytes.Length > 0):
                // The second piece: the first may be empty, and a call without any byte of arguments is not yet begun.
                return Through(right, FrameKind.ToolDelta, 2);
            default:
                return Through(right, FrameKind.Delta, c.Fault.Place == FaultPlace.AfterText ? c.Fault.After : 1);
        }
    }

    /// <summary>Up to and with the n-th frame of a kind, or the last there is.</summary>
    private static List<Step> Through(Reply right, FrameKind kind, int n)
    {
        var steps = new List<Step>();
        var end = 0;
        foreach (var step in right.Steps)
        {
            if (n <= 0)
            {
                break;
            }

            steps.Add(step);
            if (step.Frame == kind)
            {
                n--;
                end = steps.Count;
            }
        }

        return end == 0 ? [.. right.Steps.Take(1)] : steps[..end];
    }
}
