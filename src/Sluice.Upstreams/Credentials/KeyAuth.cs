using Sluice.Core.Faults;

namespace Sluice.Upstreams.Credentials;

/// <summary>The candidate's own key in a header; nothing where it has none.</summary>
internal sealed class KeyAuth : IRequestAuth
{
    public static readonly KeyAuth ApiKey = new("x-api-key", "");
    public static readonly KeyAuth Bearer = new("Authorization", "Bearer ");
    public static readonly KeyAuth GoogleKey = new("x-goog-api-key", "");
    public static readonly KeyAuth Azure = new("api-key", "");

    private readonly string _header;
    private readonly string _prefix;

    private KeyAuth(string header, string prefix)
    {
        _header = header;
        _prefix = prefix;
    }

    public ValueTask<UpstreamFault?> ApplyAsync(HttpRequestMessage request, UpstreamCall call, CancellationToken cancellationToken)
    {
        if (call.Candidate.Credential is { Secret.Length: > 0 } credential)
        {
            request.Headers.TryAddWithoutValidation(_header, _prefix + credential.Secret);
        }

        return default;
    }

    public void Refused()
    {
        // A key does not change by being asked for again.
    }

    public void Dispose()
    {
        // Shared by all providers; holds nothing.
    }
}
