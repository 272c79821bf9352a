using Sluice.Core.Faults;

namespace Sluice.Upstreams.Credentials;

/// <summary>A token that expires, as a bearer.</summary>
internal sealed class TokenAuth(LeaseCache<string> tokens) : IRequestAuth
{
    public async ValueTask<UpstreamFault?> ApplyAsync(HttpRequestMessage request, UpstreamCall call, CancellationToken cancellationToken)
    {
        var issued = await tokens.GetAsync(cancellationToken);
        if (issued.Value is { } token)
        {
            request.Headers.TryAddWithoutValidation("Authorization", "Bearer " + token);
        }

        return issued.Fault;
    }

    public void Refused() => tokens.Refused();

    public void Dispose() => tokens.Dispose();
}
