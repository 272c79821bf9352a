using Sluice.Core.Configuration;
using Sluice.Protocols;
using Sluice.Upstreams.Kinds;

namespace Sluice.Upstreams;

/// <summary>The addresses of one provider's operations. Of what a client sends, only the model's name and the query get into them, never a host.</summary>
internal sealed class UpstreamAddress
{
    private readonly IProviderKind _kind;
    private readonly ProviderSettings _provider;

    // Agents send the same query to the same model for ever (?beta=true): the last address of each operation is kept as it was put together.
    private readonly Known?[] _last = new Known?[2 * Enum.GetValues<UpstreamOperation>().Length];

    public UpstreamAddress(ProviderSettings provider, Uri? simulator)
    {
        _provider = provider;
        _kind = ProviderKinds.Of(provider.Kind);
        Any = provider.Kind == ProviderKind.Simulator && simulator is not null ? simulator : provider.BaseUrl;
    }

    /// <summary>Scheme, host and port, the same for all operations.</summary>
    public Uri Any { get; }

    /// <summary>Where the operation is; the client's query behind it on native calls to kinds that take one.</summary>
    public Uri For(UpstreamCall call)
    {
        var query = call.Native && _kind.QueryNotSent is not null && !string.IsNullOrEmpty(call.Query) ? call.Query : null;
        var model = _kind.HasModelInPath ? call.Candidate.Endpoint.UpstreamModel : "";
        if (call.JobId is not null)
        {
            // Every job has an address of its own: nothing to keep.
            return Build(call, model, query);
        }

        ref var slot = ref _last[((int)call.Operation * 2) + (call.Stream ? 1 : 0)];
        var last = Volatile.Read(ref slot);
        if (last is null || last.Wire != call.Protocol || last.Model != model || last.Query != query)
        {
            last = new Known(call.Protocol, model, query, Build(call, model, query));
            Volatile.Write(ref slot, last);
        }

        return last.Address;
    }

    private Uri Build(UpstreamCall call, string model, string? query)
    {
        if (call.Operation == UpstreamOperation.Check)
        {
            return _kind.CheckAddress(_provider, Any) ?? Any;
        }

        var address = _kind.AddressFor(new CallTarget(_provider, Any, call.Protocol, call.Operation, model, call.Stream) { JobId = call.JobId });
        return query is null ? address : ClientQuery.Append(address, ClientQuery.Without(query, _kind.QueryNotSent!));
    }

    private sealed record Known(WireProtocol Wire, string Model, string? Query, Uri Address);
}
