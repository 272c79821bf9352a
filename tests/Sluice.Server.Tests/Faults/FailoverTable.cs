using Sluice.Server.Tests.Kit;
using Sluice.Simulator;
using static Sluice.Simulator.FaultKind;
using static Sluice.Simulator.FaultPlace;

namespace Sluice.Server.Tests.Faults;

/// <summary>What a client has to see of every fault of the first of two providers. Written by hand, from the design's rules alone.</summary>
internal static class FailoverTable
{
    /// <summary>What the client has to see.</summary>
    public enum Outcome
    {
        /// <summary>A's own answer, whole.</summary>
        Fine,

        /// <summary>B's answer, whole; A was called once.</summary>
        Unseen,

        /// <summary>A's beginning and an error; B was not called.</summary>
        Seen,
    }

    private const Outcome Fine = Outcome.Fine;
    private const Outcome Unseen = Outcome.Unseen;
    private const Outcome Seen = Outcome.Seen;

    /// <summary>One fault, and what comes of it.</summary>
    /// <param name="Fault">What A does.</param>
    /// <param name="Streamed">To a client that streams.</param>
    /// <param name="Whole">To one that does not.</param>
    public sealed record Row(Fault Fault, Outcome Streamed, Outcome Whole)
    {
        /// <summary>Streamed, where one kind of provider differs.</summary>
        public (Upstream At, Outcome Streamed)? Except { get; init; }

        public Outcome For(Upstream upstream, Wire client, bool stream) =>
            !stream ? Whole : Except is { } except && except.At == UpstreamKinds.Like(upstream, client) ? except.Streamed : Streamed;
    }

    // Gemini's calls come whole: what goes wrong "inside" one goes wrong behind it.
    private static readonly (Upstream, Outcome)? WholeCalls = (Upstream.Gemini, Seen);

    public static readonly IReadOnlyList<Row> Rows =
    [
        new(Fault.Of(404), Unseen, Unseen),
        new(Fault.Of(408), Unseen, Unseen),
        new(Fault.Of(429), Unseen, Unseen),
        new(Fault.Of(500), Unseen, Unseen),
        new(Fault.Of(502), Unseen, Unseen),
        new(Fault.Of(503), Unseen, Unseen),
        new(Fault.Of(504), Unseen, Unseen),
        new(Fault.Of(529), Unseen, Unseen),
        new(Fault.Of(429, 2, "quota"), Unseen, Unseen),
        new(Fault.Of(503, variant: "html"), Unseen, Unseen),

        // Without streaming the client has seen nothing, wherever the answer broke.
        new(Fault.Of(ErrorEvent, BeforeHeaders), Unseen, Unseen),
        new(Fault.Of(ErrorEvent, AfterHeaders), Unseen, Unseen),
        new(Fault.Of(ErrorEvent, AfterPing), Unseen, Unseen),
        new(Fault.Of(ErrorEvent, AfterStart), Unseen, Unseen),
        new(Fault.Of(ErrorEvent, InToolCall), Unseen, Unseen) { Except = WholeCalls },
        new(Fault.Of(ErrorEvent, AfterText), Seen, Unseen),
        new(new Fault(ErrorInBody), Unseen, Unseen),
        new(Fault.Of(Stall, BeforeHeaders), Unseen, Unseen),
        new(Fault.Of(Stall, AfterHeaders), Unseen, Unseen),
        new(Fault.Of(Stall, AfterPing), Unseen, Unseen),
        new(Fault.Of(Stall, AfterStart), Unseen, Unseen),
        new(Fault.Of(Stall, InToolCall), Unseen, Unseen) { Except = WholeCalls },
        new(Fault.Of(Stall, AfterText), Seen, Unseen),
        new(Fault.Of(Reset, BeforeHeaders), Unseen, Unseen),
        new(Fault.Of(Reset, AfterHeaders), Unseen, Unseen),
        new(Fault.Of(Reset, AfterPing), Unseen, Unseen),
        new(Fault.Of(Reset, AfterStart), Unseen, Unseen),
        new(Fault.Of(Reset, InToolCall), Unseen, Unseen) { Except = WholeCalls },
        new(Fault.Of(Reset, AfterText), Seen, Unseen),
        new(Fault.Of(TruncatedBody, BeforeHeaders), Unseen, Unseen),
        new(Fault.Of(TruncatedBody, AfterHeaders), Unseen, Unseen),
        new(Fault.Of(TruncatedBody, AfterPing), Unseen, Unseen),
        new(Fault.Of(TruncatedBody, AfterStart), Unseen, Unseen),
        new(Fault.Of(TruncatedBody, InToolCall), Unseen, Unseen) { Except = WholeCalls },
        new(Fault.Of(TruncatedBody, AfterText), Seen, Unseen),
        new(Fault.Of(CleanEnd, BeforeHeaders), Unseen, Unseen),
        new(Fault.Of(CleanEnd, AfterHeaders), Unseen, Unseen),
        new(Fault.Of(CleanEnd, AfterPing), Unseen, Unseen),
        new(Fault.Of(CleanEnd, AfterStart), Unseen, Unseen),
        new(Fault.Of(CleanEnd, InToolCall), Unseen, Unseen) { Except = WholeCalls },
        new(Fault.Of(CleanEnd, AfterText), Seen, Unseen),
        new(Fault.Of(MalformedFrame, BeforeHeaders), Unseen, Unseen),
        new(Fault.Of(MalformedFrame, AfterHeaders), Unseen, Unseen),

        // The second event is broken here, which at Gemini has content before it: it sends no event that only starts.
        new(Fault.Of(MalformedFrame, AfterPing), Unseen, Unseen) { Except = (Upstream.Gemini, Seen) },
        new(Fault.Of(MalformedFrame, AfterStart), Unseen, Unseen),
        new(Fault.Of(MalformedFrame, InToolCall), Unseen, Unseen) { Except = WholeCalls },
        new(Fault.Of(MalformedFrame, AfterText), Seen, Unseen),

        // The terminal event is part of every answer; only some Chat servers never send theirs, and the finish reason says it all.
        new(new Fault(MissingTerminal), Seen, Unseen) { Except = (Upstream.Chat, Fine) },
        new(new Fault(GarbageSse), Unseen, Unseen),
        new(new Fault(HtmlBody), Unseen, Unseen),
        new(new Fault(EmptyBody), Unseen, Unseen),
        new(new Fault(EmptyCompletion), Unseen, Unseen),
        new(new Fault(AbsurdRetryAfter), Unseen, Unseen),
        new(new Fault(NotHttp), Unseen, Unseen),
        new(new Fault(WrongContentType), Unseen, Fine),
        new(new Fault(SlowHeaders) { Delay = TimeSpan.FromSeconds(20) }, Unseen, Unseen),
        new(new Fault(SlowHeaders) { Delay = TimeSpan.FromMilliseconds(100) }, Fine, Fine),
        new(new Fault(SlowTrickle) { Delay = TimeSpan.FromMilliseconds(1) }, Fine, Fine),
        new(new Fault(NegativeUsage), Fine, Fine),
        new(new Fault(MissingUsage), Fine, Fine),
        new(new Fault(HugeUsage), Fine, Fine),
        new(new Fault(TextUsage), Fine, Fine),
        new(new Fault(ManyHeaders), Fine, Fine),
        new(new Fault(LongHeader), Fine, Fine),
        new(new Fault(GzipBody), Fine, Fine),
    ];
}
