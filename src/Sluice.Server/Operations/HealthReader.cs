using Sluice.Core.Catalogue;
using Sluice.Core.Configuration;
using Sluice.Core.Health;

namespace Sluice.Server.Operations;

/// <summary>How one model at one provider stands.</summary>
/// <param name="Endpoint">Which.</param>
/// <param name="State"><c>ok</c>, <c>failing</c> (asked, after others), or, where nobody asks it: <c>open</c>, <c>cooling</c>, <c>dead</c>.</param>
/// <param name="Circuit">Of the endpoint, whatever the credential.</param>
/// <param name="OpenUntil">When an open circuit lets a probe through; null where none is open.</param>
/// <param name="CoolingUntil">When the first credential may be asked again; null unless cooling.</param>
/// <param name="Place">Its windows and its speed.</param>
internal sealed record EndpointStanding(ModelEndpoint Endpoint, string State, CircuitState Circuit, DateTimeOffset? OpenUntil, DateTimeOffset? CoolingUntil, EndpointHealth Place)
{
    /// <summary>Requests reach it.</summary>
    public bool IsUsed => State is "ok" or "failing";
}

/// <summary>How one provider stands.</summary>
/// <param name="Provider">Which.</param>
/// <param name="Endpoints">In the catalogue's order.</param>
internal sealed record ProviderStanding(ProviderSettings Provider, IReadOnlyList<EndpointStanding> Endpoints)
{
    /// <summary><c>ok</c>; <c>failing</c> where some model is not; where no model is asked, why.</summary>
    public string State =>
        Endpoints.All(e => e.State == "ok") ? "ok"
        : Endpoints.Any(e => e.IsUsed) ? "failing"
        : Endpoints.All(e => e.State == "dead") ? "dead"
        : Endpoints.All(e => e.State == "cooling") ? "cooling"
        : "open";

    /// <summary>Outcomes of all its models together.</summary>
    public OutcomeCounts Count(HealthWindow window)
    {
        var sum = default(OutcomeCounts);
        foreach (var endpoint in Endpoints)
        {
            var one = endpoint.Place.Count(window);
            sum = new OutcomeCounts(sum.Succeeded + one.Succeeded, sum.Failed + one.Failed, sum.Limited + one.Limited);
        }

        return sum;
    }
}

/// <summary>Reads from the board how everything that the configuration lists stands now.</summary>
internal sealed class HealthReader(Func<ConfigSnapshot> snapshot, HealthBoard board)
{
    // Nobody reads more, and a page of more would be megabytes.
    private const int MostOfAProvider = 2_000;

    public IReadOnlyList<ProviderStanding> Read()
    {
        var current = snapshot();
        var found = current.Providers.ToDictionary(p => p.Name, _ => new List<EndpointStanding>(), StringComparer.Ordinal);
        foreach (var endpoint in current.Catalogue.Servable.SelectMany(model => model.Endpoints))
        {
            if (current.Provider(endpoint.Provider) is { } provider && found[provider.Name] is { Count: < MostOfAProvider } list)
            {
                list.Add(Read(endpoint, provider));
            }
        }

        return [.. current.Providers.Select(p => new ProviderStanding(p, found[p.Name]))];
    }

    public CredentialStanding Read(ProviderSettings provider, Credential credential) => board.Standing(provider.Name, credential);

    private EndpointStanding Read(ModelEndpoint endpoint, ProviderSettings provider)
    {
        var place = board.Of(endpoint);
        var (used, dead, cooling) = (0, 0, 0);
        DateTimeOffset? free = null;
        var count = Math.Max(1, provider.Credentials.Count);
        for (var i = 0; i < count; i++)
        {
            var exclusion = place.Excluded(i < provider.Credentials.Count ? provider.Credentials[i] : null);
            switch (exclusion?.Cause)
            {
                case null:
                    used++;
                    break;
                case ExclusionCause.Dead:
                    dead++;
                    break;
                case ExclusionCause.Cooldown:
                    cooling++;
                    free = free is { } first && first < exclusion.Value.Until ? first : exclusion.Value.Until;
                    break;
            }
        }

        // Half-open is open still: a probe may go there, requests are not sent there with confidence.
        var state = place.Circuit != CircuitState.Closed ? "open"
            : used > 0 ? (place.FailedRecently() ? "failing" : "ok")
            : dead == count ? "dead"
            : cooling > 0 ? "cooling"
            : "open";
        return new EndpointStanding(endpoint, state, place.Circuit, place.OpenUntilTime, used == 0 ? free : null, place);
    }
}
