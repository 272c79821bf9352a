using System.Globalization;
using Sluice.Core.Configuration;

namespace Sluice.Core.Resilience;

/// <summary>What happens to a request whose provider is slow and not broken (<c>routing.hedge</c>). Off is a choice: a hedge pays for the input twice.</summary>
internal static class HedgingCheck
{
    private const string Layer = "hedging";

    // The first token of a long prompt takes seconds where everything is well.
    private static readonly TimeSpan Usual = TimeSpan.FromSeconds(5);

    public static ResilienceFinding Of(ConfigSnapshot snapshot)
    {
        var hedge = snapshot.Routing.Hedge;
        var longest = snapshot.Providers.Select(provider => provider.Timeouts.FirstTokenFor(stream: true)).DefaultIfEmpty().Max();
        if (hedge <= TimeSpan.Zero)
        {
            return new(Layer, ResilienceLevel.Good, $"Off (routing.hedge): a provider that shows nothing keeps its request until its own timeout, {Seconds(longest)} s at most, and only then the next one is asked.");
        }

        var what = $"After {Seconds(hedge)} s without a sign the next candidate of the plan is asked as well, that one alone, within routing.retry_budget; both are charged";
        return hedge >= longest && longest > TimeSpan.Zero
                ? new(Layer, ResilienceLevel.Weak, what + $", but every provider is given up after {Seconds(longest)} s before that.", "Set routing.hedge well below timeouts.first_token.")
            : !snapshot.Catalogue.Servable.Any(model => FallbackPaths.ProvidersOf(snapshot, model).Count > 1 || model.Endpoints.Any(endpoint => snapshot.Provider(endpoint.Provider)?.Credentials.Count > 1))
                ? new(Layer, ResilienceLevel.Weak, what + ", but no model has a second candidate.", "Add a second provider or key for the models that matter.")
            : hedge < Usual
                ? new(Layer, ResilienceLevel.Weak, what + ", and many models take longer than that where nothing is wrong.", "Set routing.hedge to 20s: only what is really slow is then paid for twice.")
                : new(Layer, ResilienceLevel.Good, what + ".");
    }

    private static string Seconds(TimeSpan span) => span.TotalSeconds.ToString("0.##", CultureInfo.InvariantCulture);
}
