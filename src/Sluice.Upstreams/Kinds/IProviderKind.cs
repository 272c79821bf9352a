using Sluice.Core.Catalogue;
using Sluice.Core.Configuration;
using Sluice.Protocols;
using Sluice.Protocols.Anthropic;
using Sluice.Protocols.Formats;
using Sluice.Upstreams.Credentials;

namespace Sluice.Upstreams.Kinds;

/// <summary>Where one call goes, as far as its address depends on it.</summary>
/// <param name="Provider">Whose.</param>
/// <param name="BaseUrl">Its base URL, or where the simulator is.</param>
/// <param name="Wire">The wire spoken.</param>
/// <param name="Operation">What is asked.</param>
/// <param name="Model">The provider's own name of the model, as configured or as a client wrote it.</param>
/// <param name="Stream">The answer is to come as a stream.</param>
internal readonly record struct CallTarget(ProviderSettings Provider, Uri BaseUrl, WireProtocol Wire, UpstreamOperation Operation, string Model, bool Stream)
{
    /// <summary>The upstream's own id of a job; null for operations that are about none.</summary>
    public string? JobId { get; init; }
}

/// <summary>All that differs between kinds of providers on the way out. Stateless; one instance for each kind, in <see cref="ProviderKinds"/>.</summary>
internal interface IProviderKind
{
    /// <summary>Which one.</summary>
    ProviderKind Kind { get; }

    /// <summary>The wire that an endpoint is asked in: the client's own where the endpoint speaks it, so that its bytes can go out as they came.</summary>
    WireProtocol WireFor(ProviderSettings provider, ModelEndpoint endpoint, WireProtocol client);

    /// <summary>Whether an endpoint spoken to in this wire counts a prompt's tokens.</summary>
    bool Counts(ModelEndpoint endpoint, WireProtocol wire) => false;

    /// <summary>What can be asked of an endpoint in this wire beside text, each at an address of its own; whether a model makes it is for the model to say.</summary>
    Products Makes(ProviderSettings provider, WireProtocol wire) => Products.None;

    /// <summary>Where a call goes, the client's query not yet behind it. Nothing in <paramref name="target"/> may change scheme, host or port.</summary>
    Uri AddressFor(in CallTarget target);

    /// <summary>
    /// Where a GET costs nothing and needs the key, to find out whether the provider can be reached and takes it. Null where the kind has no such
    /// address: its base URL is asked then, and the answer says nothing of the key.
    /// </summary>
    Uri? CheckAddress(ProviderSettings provider, Uri baseUrl) => null;

    /// <summary>The model, and whether a stream is wanted, are in the path.</summary>
    bool HasModelInPath => false;

    /// <summary>Names that a native call's query loses; null where no query of a client goes on.</summary>
    IReadOnlyList<string>? QueryNotSent => ClientQuery.KeyOnly;

    /// <summary>A native call sends this client header on, of those that <see cref="ForwardedHeaders"/> lets through at all.</summary>
    bool SendsHeader(WireProtocol wire, string name) => true;

    /// <summary>A translated call sends this client header on.</summary>
    bool NamesHeader(WireProtocol wire, string name) => false;

    /// <summary>The host of Claude whose body differs from Anthropic's own (its version and its betas are members of it); null where it is the same, or in another wire.</summary>
    ClaudeHost? ClaudeHostFor(WireProtocol wire) => null;

    /// <summary>What the host's own operation for counting Claude's tokens wants in a body.</summary>
    HostedClaudeCount ClaudeCountFor(ClaudeHost host, ModelEndpoint endpoint) => new(host, Model: null);

    /// <summary>It is a gateway itself: it reads the members that steer one, and says what it charged.</summary>
    bool IsGateway => false;

    /// <summary>A request that counts tokens holds the conversation's members at its top (<see cref="Protocols.Formats.UpstreamTarget.CountsAtTop"/>).</summary>
    bool CountsAtTop => false;

    /// <summary>How calls are signed in. Asked once for a provider's connections.</summary>
    IRequestAuth CreateAuth(ProviderSettings provider, AuthContext context);
}
