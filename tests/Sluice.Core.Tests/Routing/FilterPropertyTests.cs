using Sluice.Core.Catalogue;
using Sluice.Core.Configuration;
using Sluice.Core.Routing;
using Sluice.Protocols.Native;
using Xunit;

namespace Sluice.Core.Tests.Routing;

/// <summary>Random configurations and preferences; what is allowed is worked out here once more, from the endpoint and the preferences alone.</summary>
public sealed class FilterPropertyTests
{
    private const int Rounds = 3000;

    // An OpenAI-compatible server of which nobody lists the parameters.
    private const RequestParameters NotOfCompatibleServers = RequestParameters.TopA | RequestParameters.Verbosity | RequestParameters.WebSearch | RequestParameters.Prediction;

    [Fact]
    public void Filters_AnyConfigurationAndPreferences_LetNoForbiddenEndpointThroughAndNameEveryOther()
    {
        var random = new Random(1789);
        var (allowed, refused) = (0, 0);
        for (var round = 0; round < Rounds; round++)
        {
            var ships = RandomFleet.Ships(random, measured: false);
            var (fleet, preferences, needs) = (new Fleet(ships), RandomFleet.Preferences(random), RandomFleet.Needs(random));

            var plan = fleet.Plan(preferences, needs);

            foreach (var candidate in plan.Candidates)
            {
                allowed++;
                Assert.True(IsAllowed(candidate.Endpoint, candidate.Provider.DataPolicy, preferences, needs), $"round {round}: {candidate.Endpoint.Id} is forbidden by {preferences}");
            }

            if (plan.Candidates.Count == 0)
            {
                refused++;
                Assert.DoesNotContain(ships, ship => IsAllowed(fleet, ship, preferences, needs));
                Assert.Equal((404, 0), (plan.Refusal!.Status, plan.Funnel[^1].Endpoints));
                Assert.StartsWith("provider.", plan.Refusal.Param, StringComparison.Ordinal);
            }

            Assert.Equal(
                fleet.Snapshot.Catalogue.Resolve("x/one")!.Endpoints.Select(endpoint => endpoint.Id).Order(StringComparer.Ordinal),
                plan.Candidates.Select(candidate => candidate.Endpoint.Id).Concat(NamedLeftOut(fleet, plan)).Order(StringComparer.Ordinal));
        }

        Assert.True(allowed > 1000 && refused > 300, $"{allowed} candidates, {refused} refusals: the test says little");
    }

    // Of more than sixteen behind the last candidate only a number is told.
    private static IEnumerable<string> NamedLeftOut(Fleet fleet, Plan plan) => plan.LeftOut.Any(left => left.Endpoint == "…")
        ? fleet.Snapshot.Catalogue.Resolve("x/one")!.Endpoints.Select(endpoint => endpoint.Id).Except(plan.Candidates.Select(candidate => candidate.Endpoint.Id))
        : plan.LeftOut.Select(left => left.Endpoint);

    private static bool IsAllowed(Fleet fleet, Ship ship, ProviderPreferences preferences, RequestNeeds needs)
    {
        var endpoint = fleet.Snapshot.Catalogue.Resolve("x/one")!.Endpoints.First(endpoint => endpoint.Provider == ship.Provider && endpoint.Tag == ship.Tag);
        return IsAllowed(endpoint, fleet.Snapshot.Provider(ship.Provider)!.DataPolicy, preferences, needs);
    }

    private static bool IsAllowed(ModelEndpoint endpoint, DataPolicy policy, ProviderPreferences preferences, RequestNeeds needs)
    {
        bool Named(IReadOnlyList<string> list) => list.Any(name => name == endpoint.Provider || name == $"{endpoint.Provider}/{endpoint.Tag}");
        bool Within(decimal? price, decimal? limit) => limit is null || (price is { } known && known <= limit);

        return (preferences.Only.Count == 0 || Named(preferences.Only))
            && !Named(preferences.Ignore)
            && (preferences.Order.Count == 0 || preferences.AllowFallbacks || Named(preferences.Order))
            && (!preferences.DenyDataCollection || (!policy.Trains && (!policy.Retains || policy.ZeroRetention)))
            && (!preferences.ZeroDataRetention || policy.ZeroRetention)
            && (preferences.Quantizations.Count == 0 || preferences.Quantizations.Contains(endpoint.Quantization ?? "unknown"))
            && (preferences.MaxPrice is not { } limit || (Within(endpoint.Price?.Input, limit.Prompt) && Within(endpoint.Price?.Output, limit.Completion)))
            && (!preferences.RequireParameters || (needs.Parameters & ~(endpoint.Parameters ?? ~NotOfCompatibleServers)) == RequestParameters.None);
    }
}
