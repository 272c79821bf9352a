namespace Sluice.Core.Health;

/// <summary>One credential at one endpoint. Guarded by the endpoint's lock.</summary>
internal sealed class CredentialHealth
{
    public Mark Mark { get; } = new();

    public Circuit Circuit { get; } = new();

    /// <summary>What the provider said when it last refused or limited it there.</summary>
    public LastWords? Words { get; set; }
}
