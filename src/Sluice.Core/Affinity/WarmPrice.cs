using Sluice.Core.Catalogue;

namespace Sluice.Core.Affinity;

/// <summary>What leaving a warm cache costs, where endpoints are chosen by price.</summary>
/// <remarks>
/// One request is compared. At home the cached part of its input is read, elsewhere it is written anew; the rest is plain input at both, and so
/// is the output that is to be expected, at each one's own rate. A session leaves only for an endpoint where all that together costs less.
/// </remarks>
public static class WarmPrice
{
    // A turn of an agent is a tool call or some sentences; what a client allows (32,000 and more) says what would be cut, not what comes.
    private const long UsualOutput = 500;

    /// <summary>Both prices of one request; null where either has no known price: then nobody is cheaper, and the session stays.</summary>
    /// <param name="home">Where the session's cache is warm.</param>
    /// <param name="cachedTokens">Tokens of it.</param>
    /// <param name="other">Where it would go.</param>
    /// <param name="inputTokens">Of the request, estimated.</param>
    /// <param name="outputLimit">What the request allows; null is no limit.</param>
    public static WarmComparison? Compare(ModelEndpoint home, long cachedTokens, ModelEndpoint other, long inputTokens, long? outputLimit)
    {
        if (home.Price is not { Input: { } homeInput, Output: { } homeOutput } here || other.Price is not { Input: { } otherInput, Output: { } otherOutput } there)
        {
            return null;
        }

        var (cached, input, output) = Split(cachedTokens, inputTokens, outputLimit);
        var atHome = (cached * (here.CacheRead ?? homeInput)) + (input * homeInput) + (output * homeOutput);
        var elsewhere = (cached * (there.CacheWrite5m ?? otherInput)) + (input * otherInput) + (output * otherOutput);
        return new WarmComparison(home.Id, other.Id, atHome / 1_000_000m, elsewhere / 1_000_000m, cached, output);
    }

    /// <summary>The tokens that are compared: those cached at home, the rest of the input, and the output that is to be expected.</summary>
    /// <inheritdoc cref="Compare"/>
    internal static (long Cached, long Input, long Output) Split(long cachedTokens, long inputTokens, long? outputLimit)
    {
        var input = Math.Max(0, inputTokens);
        var cached = Math.Clamp(cachedTokens, 0, input);
        return (cached, input - cached, Math.Clamp(outputLimit ?? UsualOutput, 0, UsualOutput));
    }
}
