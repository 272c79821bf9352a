using System.Collections.Frozen;
using System.Net.Http.Headers;
using Sluice.Core.Configuration;
using Sluice.Core.Faults;

namespace Sluice.Upstreams;

/// <summary>
/// Which headers of an upstream's answer reach the client; the one place that decides it. <c>retry-after</c> and <c>x-should-retry</c> are not
/// among them: Sluice sets its own, bounded by what clients can bear.
/// </summary>
internal static class ResponseHeaders
{
    private static readonly FrozenSet<string> Passed = FrozenSet.Create(
        StringComparer.OrdinalIgnoreCase, "content-type", "request-id", "apim-request-id", "cf-ray", "ratelimit", "ratelimit-policy");

    // What a web server, a proxy or a browser rule says about itself, and what Sluice says under the same name.
    private static readonly FrozenSet<string> NotVendors = FrozenSet.Create(
        StringComparer.OrdinalIgnoreCase,
        "x-generation-id", "x-should-retry", "x-powered-by", "x-frame-options", "x-content-type-options", "x-xss-protection", "x-robots-tag",
        "x-permitted-cross-domain-policies", "x-dns-prefetch-control", "x-download-options", "x-ua-compatible", "x-api-key", "x-goog-api-key", "x-real-ip");

    private static readonly string[] NotVendorsPrefixes = ["x-sluice-", "x-forwarded-", "x-accel-", "x-envoy-", "x-amz-cf-", "x-openai-proxy-"];

    private static readonly string[] VendorPrefixes = ["anthropic-", "openai-", "ratelimit-", "x-"];

    /// <summary>Appends what the client may see, one entry for each value.</summary>
    /// <param name="response">The answer's headers.</param>
    /// <param name="content">Those of its body.</param>
    /// <param name="credential">A header that carries its secret is left out.</param>
    /// <param name="output">Appended to.</param>
    public static void Collect(HttpResponseHeaders response, HttpContentHeaders content, Credential? credential, ICollection<KeyValuePair<string, string>> output)
    {
        foreach (var (name, values) in response.NonValidated)
        {
            Add(name, values, credential, output);
        }

        foreach (var (name, values) in content.NonValidated)
        {
            Add(name, values, credential, output);
        }
    }

    /// <summary>The header is of the kinds that go back.</summary>
    internal static bool IsPassed(string name)
    {
        if (Passed.Contains(name))
        {
            return true;
        }

        return StartsWithAny(name, VendorPrefixes) && !NotVendors.Contains(name) && !StartsWithAny(name, NotVendorsPrefixes);
    }

    private static void Add(string name, HeaderStringValues values, Credential? credential, ICollection<KeyValuePair<string, string>> output)
    {
        if (!IsPassed(name))
        {
            return;
        }

        foreach (var value in values)
        {
            // What is not plain ASCII makes the server's own header writer throw.
            if (!value.AsSpan().ContainsAnyExceptInRange(' ', '~') && !SecretFilter.Contains(value, credential))
            {
                output.Add(new KeyValuePair<string, string>(name, value));
            }
        }
    }

    private static bool StartsWithAny(string name, string[] prefixes)
    {
        foreach (var prefix in prefixes)
        {
            if (name.StartsWith(prefix, StringComparison.OrdinalIgnoreCase))
            {
                return true;
            }
        }

        return false;
    }
}
