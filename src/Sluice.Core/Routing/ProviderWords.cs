using System.Globalization;
using Sluice.Core.Health;
using Sluice.Protocols.Errors;

namespace Sluice.Core.Routing;

/// <summary>Adds to a refusal of Sluice's what the provider behind it said last: nobody was asked this time, and it is still the provider's doing.</summary>
internal static class ProviderWords
{
    /// <summary>The same error; with the provider's name, words, status and request id where they are known.</summary>
    public static GatewayError Quote(GatewayError error, LastWords? words)
    {
        if (words is null)
        {
            return error;
        }

        var status = words.Status is { } code ? code.ToString(CultureInfo.InvariantCulture) : "no answer";
        var id = words.RequestId is { } known ? $", its request id {known}" : "";
        return error with
        {
            // A sentence of its own: some formats put the remedy behind it.
            Message = $"{error.Message} {words.Provider} said last ({status}{id}): {words.Message}{(words.Message is [.., '.' or '!' or '?' or '…'] ? "" : ".")}",
            Provider = words.Provider,
            ProviderMessage = words.Message,
        };
    }
}
