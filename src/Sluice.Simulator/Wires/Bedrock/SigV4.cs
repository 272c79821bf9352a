using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Sluice.Simulator.Wires.Bedrock;

/// <summary>A request as its signature sees it.</summary>
/// <param name="Method">HTTP method.</param>
/// <param name="Path">As on the wire, escapes included.</param>
/// <param name="Query">As on the wire, without the question mark.</param>
/// <param name="Headers">Value of a header by its name in lower case; null where the request has none of it.</param>
/// <param name="Payload">The body.</param>
internal sealed record SignedRequest(string Method, string Path, string Query, Func<string, string?> Headers, ReadOnlyMemory<byte> Payload);

/// <summary>Computes Amazon's signature of a request: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html</summary>
internal static class SigV4
{
    /// <param name="request">The request.</param>
    /// <param name="secret">The secret access key.</param>
    /// <param name="scope"><c>DATE/REGION/SERVICE/aws4_request</c></param>
    /// <param name="names">Names of the signed headers, in lower case and order.</param>
    /// <returns>64 hexadecimal digits; null where a signed header is missing.</returns>
    public static string? Of(SignedRequest request, string secret, string scope, IReadOnlyList<string> names)
    {
        var canonical = new StringBuilder();
        canonical.Append(CultureInfo.InvariantCulture, $"{request.Method}\n{Path(request.Path)}\n{Query(request.Query)}\n");
        foreach (var name in names)
        {
            if (request.Headers(name) is not { } value)
            {
                return null;
            }

            canonical.Append(CultureInfo.InvariantCulture, $"{name}:{string.Join(' ', value.Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))}\n");
        }

        canonical.Append(CultureInfo.InvariantCulture, $"\n{string.Join(';', names)}\n{Hex(SHA256.HashData(request.Payload.Span))}");
        var text = $"AWS4-HMAC-SHA256\n{request.Headers("x-amz-date")}\n{scope}\n{Hex(SHA256.HashData(Encoding.UTF8.GetBytes(canonical.ToString())))}";
        var key = Encoding.UTF8.GetBytes("AWS4" + secret);
        foreach (var part in scope.Split('/'))
        {
            key = HMACSHA256.HashData(key, Encoding.UTF8.GetBytes(part));
        }

        return Hex(HMACSHA256.HashData(key, Encoding.UTF8.GetBytes(text)));
    }

    /// <summary>All services but S3 sign the path escaped once more than it travels.</summary>
    private static string Path(string path) => path.Length == 0 ? "/" : string.Join('/', path.Split('/').Select(Uri.EscapeDataString));

    private static string Query(string query) => string.Join('&', query.Split('&', StringSplitOptions.RemoveEmptyEntries)
        .Select(static p => p.Contains('=', StringComparison.Ordinal) ? p : p + "=").Order(StringComparer.Ordinal));

    private static string Hex(byte[] bytes) => Convert.ToHexStringLower(bytes);
}
