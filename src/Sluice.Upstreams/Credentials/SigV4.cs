using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Sluice.Upstreams.Credentials;

/// <summary>Keys of AWS.</summary>
/// <param name="AccessKeyId">Names the keys; no secret.</param>
/// <param name="SecretAccessKey">Signs.</param>
/// <param name="SessionToken">Of temporary keys; null for others.</param>
internal sealed record AwsKeys(string AccessKeyId, string SecretAccessKey, string? SessionToken)
{
    /// <summary>The id alone.</summary>
    public override string ToString() => AccessKeyId;
}

/// <summary>
/// AWS Signature Version 4 (docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html). The SDK's signer wants its own request
/// type and the body in one stream; here the body is pieces of memory that are hashed where they lie.
/// </summary>
internal static class SigV4
{
    private const string Algorithm = "AWS4-HMAC-SHA256";

    /// <summary>The value of <c>Authorization</c>.</summary>
    /// <param name="keys">Signs with.</param>
    /// <param name="region">For example <c>us-east-1</c>.</param>
    /// <param name="service">For example <c>bedrock</c>.</param>
    /// <param name="method">HTTP method.</param>
    /// <param name="address">As sent.</param>
    /// <param name="headers">Those to sign, names in small letters, sorted; <c>host</c> and <c>x-amz-date</c> among them.</param>
    /// <param name="bodyHash">Of the body, in small hexadecimal digits.</param>
    /// <param name="timestamp">By <see cref="Timestamp"/>, as <c>x-amz-date</c> has it.</param>
    public static string Authorization(
        AwsKeys keys, string region, string service, string method, Uri address, IReadOnlyList<KeyValuePair<string, string>> headers, string bodyHash, string timestamp)
    {
        var names = string.Join(';', headers.Select(header => header.Key));
        var request = new StringBuilder()
            .Append(method).Append('\n')
            .Append(CanonicalPath(address.AbsolutePath)).Append('\n')
            .Append(CanonicalQuery(address.Query)).Append('\n');
        foreach (var (name, value) in headers)
        {
            request.Append(name).Append(':').Append(OneSpaced(value)).Append('\n');
        }

        request.Append('\n').Append(names).Append('\n').Append(bodyHash);

        var scope = $"{timestamp[..8]}/{region}/{service}/aws4_request";
        var toSign = $"{Algorithm}\n{timestamp}\n{scope}\n{Hash(Encoding.UTF8.GetBytes(request.ToString()))}";
        var key = HMACSHA256.HashData(Encoding.UTF8.GetBytes("AWS4" + keys.SecretAccessKey), Encoding.UTF8.GetBytes(timestamp[..8]));
        foreach (var part in (ReadOnlySpan<string>)[region, service, "aws4_request"])
        {
            key = HMACSHA256.HashData(key, Encoding.UTF8.GetBytes(part));
        }

        var signature = Convert.ToHexStringLower(HMACSHA256.HashData(key, Encoding.UTF8.GetBytes(toSign)));
        return $"{Algorithm} Credential={keys.AccessKeyId}/{scope}, SignedHeaders={names}, Signature={signature}";
    }

    /// <summary>The hash of a body in pieces; none of them is copied.</summary>
    public static string BodyHash(IReadOnlyList<ReadOnlyMemory<byte>> pieces)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        for (var i = 0; i < pieces.Count; i++)
        {
            hash.AppendData(pieces[i].Span);
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    /// <summary>As <c>x-amz-date</c> wants it: <c>20150830T123600Z</c>.</summary>
    public static string Timestamp(DateTimeOffset now) => now.UtcDateTime.ToString("yyyyMMdd'T'HHmmss'Z'", CultureInfo.InvariantCulture);

    // Every segment is escaped once more than it is on the wire: a model's %3A is signed as %253A. (S3 alone differs.)
    private static string CanonicalPath(string path) =>
        path.Length == 0 ? "/" : string.Join('/', path.Split('/').Select(Uri.EscapeDataString));

    private static string CanonicalQuery(string query)
    {
        if (query.Length < 2)
        {
            return "";
        }

        var pairs = query[1..].Split('&', StringSplitOptions.RemoveEmptyEntries)
            .Select(pair => pair.Split('=', 2))
            .Select(pair => (Name: Escaped(pair[0]), Value: pair.Length > 1 ? Escaped(pair[1]) : ""))
            .OrderBy(pair => pair.Name, StringComparer.Ordinal)
            .ThenBy(pair => pair.Value, StringComparer.Ordinal);
        return string.Join('&', pairs.Select(pair => $"{pair.Name}={pair.Value}"));

        static string Escaped(string text) => Uri.EscapeDataString(Uri.UnescapeDataString(text));
    }

    private static string OneSpaced(string value) => string.Join(' ', value.Split(' ', StringSplitOptions.RemoveEmptyEntries));

    private static string Hash(ReadOnlySpan<byte> bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes));
}
