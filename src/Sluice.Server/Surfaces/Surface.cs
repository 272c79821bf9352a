using Sluice.Protocols.Formats;

namespace Sluice.Server.Surfaces;

/// <summary>What a client asks of an inference path.</summary>
internal enum SurfaceOperation
{
    /// <summary>An answer.</summary>
    Generate,

    /// <summary>How many tokens the prompt has.</summary>
    CountTokens,
}

/// <summary>One inference path: the format spoken on it and what is asked.</summary>
/// <param name="Format">The client's wire format.</param>
/// <param name="Operation">An answer, or a count.</param>
/// <param name="AlwaysSendUsage">Came by <c>/api</c>, where OpenRouter sends usage unasked.</param>
internal sealed record Surface(IClientFormat Format, SurfaceOperation Operation, bool AlwaysSendUsage);
