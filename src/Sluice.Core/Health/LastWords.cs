using Sluice.Core.Faults;
using Sluice.Protocols.Errors;

namespace Sluice.Core.Health;

/// <summary>
/// What a provider said when it last failed, kept for those who are not sent there because of it: "whose fault was it" has the same answer for
/// the second request as for the first. Secrets were taken out when the fault was read.
/// </summary>
/// <param name="Provider">Slug.</param>
/// <param name="Kind">What went wrong.</param>
/// <param name="Status">HTTP status; null where none came.</param>
/// <param name="Message">The provider's own words, or what Sluice saw instead; at most 500 characters.</param>
/// <param name="RequestId">The provider's own id of the call; null where it gave none.</param>
/// <param name="At">UTC ticks.</param>
public sealed record LastWords(string Provider, ErrorKind Kind, int? Status, string Message, string? RequestId, long At)
{
    // One is kept for each endpoint and credential, and what matters stands at the beginning.
    private const int LongestMessage = 500;
    private const int LongestId = 128;

    internal static LastWords Of(string provider, UpstreamFault fault, long at) =>
        new(provider, fault.Kind, fault.Status, Bounded(fault.Error.Message, LongestMessage), fault.RequestId is { } id ? Bounded(id, LongestId) : null, at);

    /// <summary>The later of two; null where there is neither.</summary>
    internal static LastWords? Later(LastWords? one, LastWords? other) => one is null || other?.At > one.At ? other : one;

    private static string Bounded(string text, int longest) => text.Length <= longest ? text : text[..(longest - 1)] + "…";
}
