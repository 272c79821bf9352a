namespace Sluice.Core.Affinity;

/// <summary>Where sessions last succeeded. Bounded; in memory.</summary>
public interface IAffinity
{
    /// <summary>Endpoint id and credential id where the session last succeeded for the model; null when it did not, or long ago.</summary>
    (string Endpoint, string? Credential)? Find(string session, string model);

    /// <summary>Remembers a success.</summary>
    void Remember(string session, string model, string endpoint, string? credential);
}
