using Sluice.Core.Faults;

namespace Sluice.Upstreams.Credentials;

/// <summary>Signs every request with AWS keys, body included.</summary>
internal sealed class SigV4Auth(LeaseCache<AwsKeys> keys, string region, TimeProvider time) : IRequestAuth
{
    // What Bedrock's runtime signs as, whatever its host is called.
    private const string SigningName = "bedrock";

    public async ValueTask<UpstreamFault?> ApplyAsync(HttpRequestMessage request, UpstreamCall call, CancellationToken cancellationToken)
    {
        var issued = await keys.GetAsync(cancellationToken);
        if (issued.Value is not { } found)
        {
            return issued.Fault;
        }

        var timestamp = SigV4.Timestamp(time.GetUtcNow());
        var bodyHash = SigV4.BodyHash(call.Body);
        request.Headers.TryAddWithoutValidation("x-amz-date", timestamp);
        request.Headers.TryAddWithoutValidation("x-amz-content-sha256", bodyHash);
        if (found.SessionToken is { } session)
        {
            request.Headers.TryAddWithoutValidation("x-amz-security-token", session);
        }

        var signature = SigV4.Authorization(found, region, SigningName, request.Method.Method, request.RequestUri!, ToSign(request), bodyHash, timestamp);
        request.Headers.TryAddWithoutValidation("Authorization", signature);
        return null;
    }

    public void Refused() => keys.Refused();

    public void Dispose() => keys.Dispose();

    // AWS demands host and every x-amz header; others may be changed by proxies and are better left out.
    private static List<KeyValuePair<string, string>> ToSign(HttpRequestMessage request)
    {
        var headers = new List<KeyValuePair<string, string>>
        {
            new("host", request.RequestUri!.IsDefaultPort ? request.RequestUri.IdnHost : $"{request.RequestUri.IdnHost}:{request.RequestUri.Port}"),
        };
        foreach (var (name, values) in request.Headers.NonValidated)
        {
            if (name.StartsWith("x-amz", StringComparison.OrdinalIgnoreCase))
            {
                headers.Add(new(name.ToLowerInvariant(), string.Join(',', values)));
            }
        }

        headers.Sort((a, b) => string.CompareOrdinal(a.Key, b.Key));
        return headers;
    }
}
