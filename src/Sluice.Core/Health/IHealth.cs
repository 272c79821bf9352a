using Sluice.Core.Catalogue;
using Sluice.Core.Configuration;
using Sluice.Core.Faults;

namespace Sluice.Core.Health;

/// <summary>What became of recent attempts, and what that means for the next plan. Thread-safe; survives a reload for providers that did not change.</summary>
public interface IHealth
{
    /// <summary>An attempt answered.</summary>
    void Succeeded(ModelEndpoint endpoint, Credential? credential, AttemptSpeed speed = default);

    /// <summary>An attempt failed; hints and dead credentials are taken from <paramref name="fault"/>.</summary>
    void Failed(ModelEndpoint endpoint, Credential? credential, UpstreamFault fault);

    /// <summary>The endpoint failed in the last 30 seconds, whatever has succeeded since on other credentials.</summary>
    bool FailedRecently(ModelEndpoint endpoint);

    /// <summary>The endpoint failed in the last 30 seconds in a way that concerns this credential: with it, or with any when the fault was the endpoint's own.</summary>
    bool FailedRecently(ModelEndpoint endpoint, Credential? credential);

    /// <summary>Whether the credential is left out for this endpoint now; null when it is not.</summary>
    Exclusion? Excluded(ModelEndpoint endpoint, Credential? credential);

    /// <summary>How fast the endpoint was lately; null while that is not known.</summary>
    EndpointSpeed? Speed(ModelEndpoint endpoint);
}

/// <summary>Where sessions last succeeded. Bounded; in memory.</summary>
public interface IAffinity
{
    /// <summary>Endpoint id and credential id where the session last succeeded for the model; null when it did not, or long ago.</summary>
    (string Endpoint, string? Credential)? Find(string session, string model);

    /// <summary>Remembers a success.</summary>
    void Remember(string session, string model, string endpoint, string? credential);
}
