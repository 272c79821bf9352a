using System.Buffers;
using System.Collections.Frozen;
using System.Net.Http.Headers;
using Sluice.Protocols.Formats;
using Sluice.Upstreams.Kinds;

namespace Sluice.Upstreams;

/// <summary>
/// Which request headers reach an upstream; the one place that decides it. Native calls forward everything but what is named here, since agents
/// send betas and options that nobody can list; translated calls forward only what the upstream's wire names. Each kind has its own exceptions.
/// </summary>
internal static class ForwardedHeaders
{
    private static readonly FrozenSet<string> NeverForwarded = FrozenSet.Create(
        StringComparer.OrdinalIgnoreCase,

        // Hop by hop (RFC 9110 section 7.6.1), and the waiting for a body that is already here.
        "connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade", "http2-settings", "expect",

        // Of the message, which is written anew.
        "host", "content-length", "content-type", "content-encoding", "content-md5", "content-digest", "digest", "accept-encoding",

        // Keys, and what names the client to others.
        "authorization", "x-api-key", "x-goog-api-key", "api-key", "ocp-apim-subscription-key", "x-amz-security-token", "x-goog-iam-authorization-token", "cookie", "cookie2", "forwarded");

    private static readonly SearchValues<char> TokenCharacters =
        SearchValues.Create("!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");

    /// <summary>Writes the upstream request's headers, but for what signs it in.</summary>
    public static void Apply(HttpRequestHeaders headers, UpstreamCall call)
    {
        var client = call.ClientHeaders;
        var kind = ProviderKinds.Of(call.Candidate.Provider.Kind);
        var connection = Connection(client);
        for (var i = 0; i < client.Count; i++)
        {
            var (name, value) = client[i];
            if (!(call.Native ? IsForwarded(name) && kind.SendsHeader(call.Protocol, name) : kind.NamesHeader(call.Protocol, name)) || !IsClean(name, value) || (connection is not null && IsListed(connection, name)))
            {
                continue;
            }

            headers.TryAddWithoutValidation(name, value);
        }

        headers.TryAddWithoutValidation("Accept-Encoding", "identity");
        foreach (var (name, value) in WireFormats.Upstream(call.Protocol).RequiredHeaders)
        {
            // Hosts of Claude have its version in the body.
            if (kind.ClaudeHostFor(call.Protocol) is null && !headers.NonValidated.Contains(name))
            {
                headers.TryAddWithoutValidation(name, value);
            }
        }
    }

    /// <summary>The body's content type: the client's own on native calls.</summary>
    public static string ContentType(UpstreamCall call)
    {
        if (call.Native)
        {
            for (var i = 0; i < call.ClientHeaders.Count; i++)
            {
                var (name, value) = call.ClientHeaders[i];
                if (name.Equals("content-type", StringComparison.OrdinalIgnoreCase) && IsPassed(value) && IsClean(name, value))
                {
                    return value;
                }
            }
        }

        return "application/json";
    }

    // A form's boundary stands in its type.
    private static bool IsPassed(string contentType) =>
        contentType.StartsWith("application/json", StringComparison.OrdinalIgnoreCase) || contentType.StartsWith("multipart/form-data", StringComparison.OrdinalIgnoreCase);

    /// <summary>A native call sends this client header on.</summary>
    internal static bool IsForwarded(string name) =>
        !NeverForwarded.Contains(name)
        && !name.StartsWith("x-sluice-", StringComparison.OrdinalIgnoreCase)
        && !name.StartsWith("x-forwarded-", StringComparison.OrdinalIgnoreCase)
        && !name.StartsWith(':');

    /// <summary>A line break or a NUL in a value would let a client write headers of its own choosing into the upstream's request.</summary>
    private static bool IsClean(string name, string value) =>
        name.Length > 0
        && !name.AsSpan().ContainsAnyExcept(TokenCharacters)
        && !value.AsSpan().ContainsAny('\r', '\n', '\0');

    private static string? Connection(IReadOnlyList<KeyValuePair<string, string>> client)
    {
        for (var i = 0; i < client.Count; i++)
        {
            if (client[i].Key.Equals("connection", StringComparison.OrdinalIgnoreCase)
                && !client[i].Value.Equals("keep-alive", StringComparison.OrdinalIgnoreCase))
            {
                return client[i].Value;
            }
        }

        return null;
    }

    private static bool IsListed(string connection, string name)
    {
        foreach (var part in connection.AsSpan().Split(','))
        {
            if (connection.AsSpan(part).Trim().Equals(name, StringComparison.OrdinalIgnoreCase))
            {
                return true;
            }
        }

        return false;
    }
}
