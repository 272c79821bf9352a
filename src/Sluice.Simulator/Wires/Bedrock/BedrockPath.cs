using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Sluice.Simulator.Wires.Bedrock;

/// <summary>What all of Bedrock's calls have in common: <c>/model/MODEL/verb</c> with the model escaped, and a signature or an API key.</summary>
internal static class BedrockPath
{
    private const string Start = "/model/";
    private const string Signed = "AWS4-HMAC-SHA256 ";

    /// <returns>Model and verb; null on other paths.</returns>
    public static (string Model, string Verb)? Of(HttpRequest request)
    {
        // The server decodes all but slashes, which model ARNs hold.
        var path = request.Path.Value!;
        var at = path.IndexOf(Start, StringComparison.Ordinal);
        var slash = path.LastIndexOf('/');
        return !HttpMethods.IsPost(request.Method) || at < 0 || slash <= at + Start.Length ? null
            : (Uri.UnescapeDataString(path[(at + Start.Length)..slash]), path[(slash + 1)..]);
    }

    /// <summary>The API key, or the access key's id.</summary>
    public static string? Credential(HttpRequest request)
    {
        var value = request.Headers.Authorization.ToString();
        return Bearer.Of(request.Headers) ?? (value.StartsWith(Signed, StringComparison.Ordinal) && Part(value, "Credential=") is { } credential ? credential.Split('/')[0] : null);
    }

    /// <summary>Signatures are looked at for their parts, and computed anew where the secret is known.</summary>
    public static WireRefusal? Door(HttpRequest request, ReadOnlyMemory<byte> body, IReadOnlyDictionary<string, string> secrets)
    {
        var value = request.Headers.Authorization.ToString();
        if (value.Length == 0)
        {
            return BadCredential(shown: false);
        }

        if (!value.StartsWith(Signed, StringComparison.Ordinal))
        {
            return Bearer.Of(request.Headers) is not null ? null : new(403, "signature", "Authorization header requires 'Credential' parameter. Authorization header requires 'Signature' parameter.");
        }

        var scope = Part(value, "Credential=")?.Split('/');
        var names = Part(value, "SignedHeaders=")?.Split(';') ?? [];
        var signature = Part(value, "Signature=");
        var whole = scope is [_, { Length: 8 }, _, "bedrock", "aws4_request"]
            && names.Contains("host", StringComparer.Ordinal) && names.Contains("x-amz-date", StringComparer.Ordinal)
            && signature is { Length: 64 } && signature.All(char.IsAsciiHexDigitLower)
            && request.Headers.ContainsKey("x-amz-date");
        var right = whole && (!secrets.TryGetValue(scope![0], out var secret) || SigV4.Of(Signable(request, body), secret, string.Join('/', scope[1..]), names) == signature);
        return right ? null : new(403, "signature", "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method.");
    }

    public static WireRefusal BadCredential(bool shown) => shown ? new(403, "token") : new(403, "missing");

    public static IEnumerable<KeyValuePair<string, string>> Headers(string id) =>
        [new("x-amzn-requestid", $"{id[..8]}-{id[8..12]}-4{id[13..16]}-8{id[17..20]}-{id[20..32]}")];

    private static SignedRequest Signable(HttpRequest request, ReadOnlyMemory<byte> body)
    {
        // The path as it travelled: the server's own is decoded already.
        var target = request.HttpContext.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget.Split('?', 2);
        return new(request.Method, target[0], target.Length > 1 ? target[1] : "", name => request.Headers.TryGetValue(name, out var value) ? value.ToString() : null, body);
    }

    private static string? Part(string authorization, string name)
    {
        var at = authorization.IndexOf(name, StringComparison.Ordinal);
        return at < 0 ? null : authorization[(at + name.Length)..].Split(',')[0].Trim();
    }
}
