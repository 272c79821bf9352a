using Sluice.Core.Configuration;
using Sluice.Simulator;

namespace Sluice.Commands.Drills;

/// <summary>One way in which a provider breaks.</summary>
/// <param name="Name">As on the command line.</param>
/// <param name="What">What the provider does, for people.</param>
/// <param name="Break">Makes a simulated provider do it to every request until the drill ends.</param>
internal sealed record Scenario(string Name, string What, Action<SimulatorScript, ProviderSettings> Break)
{
    /// <summary>True where content may have reached the client when the provider breaks: then nobody can take over, and an error is right.</summary>
    public bool MayStrikeAfterContent { get; init; }

    /// <summary>All of them, in the order in which <c>everything</c> runs them.</summary>
    public static readonly IReadOnlyList<Scenario> All =
    [
        new("outage", "refuses connections or answers 502 from its edge", (script, _) =>
        {
            script.EveryNth(2, Fault.Of(FaultKind.Reset, FaultPlace.BeforeHeaders));
            script.Always(Fault.Of(502));
        }),
        new("rate-limit", "answers 429 and asks for 20 seconds of peace", (script, _) => script.Always(Fault.Of(429, retryAfter: 20))),
        new("overload", "is overloaded, before or inside the stream", (script, provider) =>
        {
            script.EveryNth(2, Fault.Of(FaultKind.ErrorEvent, FaultPlace.AfterStart));
            script.Always(Fault.Of(provider.Kind == ProviderKind.Anthropic ? 529 : 503));
        }),
        new("slow", "takes requests and stays silent", (script, _) => script.Always(Fault.Of(FaultKind.Stall, FaultPlace.AfterHeaders))),
        new("mid-stream", "breaks off inside a tool call or after some text", (script, _) =>
        {
            script.EveryNth(2, Fault.Of(FaultKind.TruncatedBody, FaultPlace.InToolCall));
            script.Always(Fault.Of(FaultKind.TruncatedBody, FaultPlace.AfterText, after: 2));
        })
        {
            MayStrikeAfterContent = true,
        },
        new("dead-key", "refuses its first key", (script, provider) =>
            script.Always(Fault.Of(401), credential: provider.Credentials is [var first, ..] ? first.Secret : null)),
    ];
}
