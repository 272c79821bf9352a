using Sluice.Protocols.Formats;
using Sluice.Protocols.Native;

namespace Sluice.Core.Routing;

/// <summary>What an endpoint must be able to do to serve a request, as far as the request's bytes say.</summary>
/// <param name="InputTokens">Estimated, biased upwards.</param>
/// <param name="OutputTokens">The output limit asked for; null without one.</param>
/// <param name="Images">It has images.</param>
/// <param name="Documents">It has documents.</param>
/// <param name="Tools">It has tools.</param>
/// <param name="Parameters">The parameters that it sets.</param>
public readonly record struct RequestNeeds(long InputTokens, long? OutputTokens, bool Images, bool Documents, bool Tools, RequestParameters Parameters)
{
    private readonly Products _makes;

    /// <summary>What a model must make; text where nothing else is said.</summary>
    public Products Makes
    {
        get => _makes == Products.None ? Products.Text : _makes;
        init => _makes = value;
    }

    /// <summary>A stream is asked for.</summary>
    public bool Stream { get; init; }
}
