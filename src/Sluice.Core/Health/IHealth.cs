using Sluice.Core.Catalogue;
using Sluice.Core.Configuration;
using Sluice.Core.Faults;

namespace Sluice.Core.Health;

/// <summary>What became of recent attempts, and what that means for the next plan. Thread-safe; survives a reload for providers that did not change.</summary>
public interface IHealth
{
    /// <summary>An attempt answered.</summary>
    /// <param name="endpoint">Where.</param>
    /// <param name="credential">With what.</param>
    /// <param name="speed">How fast, where it was measured.</param>
    /// <param name="probe">The attempt was this probe.</param>
    void Succeeded(ModelEndpoint endpoint, Credential? credential, AttemptSpeed speed = default, Probe? probe = null);

    /// <summary>An attempt failed; hints, scope and dead credentials are taken from <paramref name="fault"/>.</summary>
    /// <param name="endpoint">Where.</param>
    /// <param name="credential">With what.</param>
    /// <param name="fault">How.</param>
    /// <param name="probe">The attempt was this probe.</param>
    void Failed(ModelEndpoint endpoint, Credential? credential, UpstreamFault fault, Probe? probe = null);

    /// <summary>
    /// Asks for leave right before an attempt. False when a circuit is open, or another request's probe is on its way. What was planned may have
    /// changed since; of many who ask at once exactly one becomes the probe.
    /// </summary>
    /// <param name="endpoint">Where.</param>
    /// <param name="credential">With what.</param>
    /// <param name="mayProbe">False for attempts that prove nothing (a count of tokens): they are refused instead of becoming the probe.</param>
    /// <param name="probe">The attempt is the probe: its holder reports by it and disposes it. Null for ordinary attempts.</param>
    bool TryEnter(ModelEndpoint endpoint, Credential? credential, bool mayProbe, out Probe? probe);

    /// <summary>
    /// Waits until the probe that another request has on its way there is heard of, keeps nobody out any more, or <paramref name="longest"/> is
    /// over: then <see cref="TryEnter"/> says how things stand. False at once where as many wait already as may (64 at an endpoint).
    /// </summary>
    /// <param name="endpoint">Where.</param>
    /// <param name="credential">With what.</param>
    /// <param name="longest">How long at most.</param>
    /// <param name="cancellation">Of whoever waits.</param>
    Task<bool> ProbeHeardAsync(ModelEndpoint endpoint, Credential? credential, TimeSpan longest, CancellationToken cancellation);

    /// <summary>
    /// Nothing stands against the endpoint, whichever credential: then neither <see cref="FailedRecently(ModelEndpoint, Credential?)"/> nor
    /// <see cref="Excluded"/> says anything, and need not be asked. False where that is not known.
    /// </summary>
    bool IsCalm(ModelEndpoint endpoint) => false;

    /// <summary>The endpoint failed in the last 30 seconds, whatever has succeeded since on other credentials.</summary>
    bool FailedRecently(ModelEndpoint endpoint);

    /// <summary>The endpoint failed in the last 30 seconds in a way that concerns this credential: with it, or with any when the fault was the endpoint's or the provider's own.</summary>
    bool FailedRecently(ModelEndpoint endpoint, Credential? credential);

    /// <summary>Whether the credential is left out for this endpoint now; null when it is not.</summary>
    Exclusion? Excluded(ModelEndpoint endpoint, Credential? credential);

    /// <summary>What the endpoint said when it last failed in a way that concerns this credential; null where it has not, or not since the start.</summary>
    LastWords? WordsFor(ModelEndpoint endpoint, Credential? credential);

    /// <summary>How fast the endpoint was lately; null while that is not known.</summary>
    EndpointSpeed? Speed(ModelEndpoint endpoint);

    /// <summary>An answer ended with tool calls.</summary>
    /// <param name="endpoint">Whose.</param>
    /// <param name="outcome">What they were worth.</param>
    void CalledTools(ModelEndpoint endpoint, ToolCallOutcome outcome);

    /// <summary>How often the endpoint was asked lately, and what its tool calls were worth.</summary>
    EndpointToolUse ToolUse(ModelEndpoint endpoint);

    /// <summary>
    /// The endpoint's own place on the board, for whoever asks several things of it. It may be kept while
    /// <see cref="EndpointHealth.IsRetired"/> is false.
    /// </summary>
    EndpointHealth Of(ModelEndpoint endpoint);
}
