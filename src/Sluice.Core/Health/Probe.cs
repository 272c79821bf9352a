namespace Sluice.Core.Health;

/// <summary>
/// The one attempt that an open circuit lets through. Who holds it reports what came of it, by <see cref="Answered"/> as soon as content flows or
/// by <see cref="IHealth.Succeeded"/> and <see cref="IHealth.Failed"/>; disposing it without either gives it back, so that a client's leaving
/// does not keep the circuit shut. Thread-safe.
/// </summary>
public sealed class Probe : IDisposable
{
    private readonly EndpointHealth _endpoint;
    private readonly string _credential;

    internal Probe(EndpointHealth endpoint, string credential)
    {
        _endpoint = endpoint;
        _credential = credential;
    }

    /// <summary>Content arrived: the circuit closes now and not when a long answer has ended, for others wait.</summary>
    public void Answered() => _endpoint.ProbeAnswered(_credential, this);

    /// <summary>Gives it back where nothing was reported.</summary>
    public void Dispose() => _endpoint.GiveBack(_credential, this);
}
