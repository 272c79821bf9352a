using System.Globalization;
using Sluice.Core.Health;
using Sluice.Protocols.Errors;

namespace Sluice.Core.Routing;

/// <summary>What a client is told when everybody who could serve it failed too often lately.</summary>
public static class OpenCircuits
{
    /// <summary>503 with a pause of 1 to 55 seconds: unlike a 429 it is nobody's limit, and a probe may mend it at any time.</summary>
    /// <param name="model">As the client named it.</param>
    /// <param name="rest">Until the first of them may be asked again.</param>
    /// <param name="words">What the last of them to fail said.</param>
    public static GatewayError Refusal(string model, TimeSpan rest, LastWords? words)
    {
        var seconds = Math.Clamp((int)Math.Ceiling(rest.TotalSeconds), 1, 55);
        var shown = model.Length <= 200 ? model : model[..200] + "…";
        return ProviderWords.Quote(new GatewayError(ErrorKind.NoEndpoint, ErrorSource.Provider, 503,
            $"Every provider of '{shown}' failed too often lately and is left alone; the next probe is due in {Math.Max(1, Math.Ceiling(rest.TotalSeconds)).ToString("0", CultureInfo.InvariantCulture)} s.")
        {
            RetryAfter = TimeSpan.FromSeconds(seconds),
            Remedy = "Wait and try again; another provider or a fallback model would help. GET /status says what fails.",
        }, words);
    }
}
