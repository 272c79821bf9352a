using System.Security.Cryptography;
using System.Text;
using Sluice.Upstreams.Credentials;

namespace Sluice.Upstreams.Tests;

public sealed class SigV4Tests
{
    // The keys, the clock and the cases of AWS's published test suite ("aws-sig-v4-test-suite").
    private static readonly AwsKeys Example = new("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", null);
    private static readonly KeyValuePair<string, string> Host = new("host", "example.amazonaws.com");
    private static readonly KeyValuePair<string, string> Date = new("x-amz-date", "20150830T123600Z");

    private const string Empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    [Theory]
    [InlineData("GET", "https://example.amazonaws.com/", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31")] // get-vanilla
    [InlineData("POST", "https://example.amazonaws.com/", "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b")] // post-vanilla
    [InlineData("GET", "https://example.amazonaws.com/?Param2=value2&Param1=value1", "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500")] // get-vanilla-query-order-key-case
    [InlineData("POST", "https://example.amazonaws.com/?Param1=value1", "28038455d6de14eafc1f9222cf5aa6f1a96197d7deb8263271d420d138af7f11")] // post-vanilla-query
    public void Authorization_OfAwssOwnCases_IsTheirs(string method, string address, string signature) =>
        Assert.Equal(
            $"AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, SignedHeaders=host;x-amz-date, Signature={signature}",
            SigV4.Authorization(Example, "us-east-1", "service", method, new Uri(address), [Host, Date], Empty, "20150830T123600Z"));

    [Fact]
    public void Authorization_ModelInThePath_IsEscapedOnceMore()
    {
        const string Body = """{"a":1}""";
        var bodyHash = Hex(SHA256.HashData(Encoding.UTF8.GetBytes(Body)));
        var canonical = "POST\n/model/amazon.nova-pro-v1%253A0/converse\n\nhost:bedrock-runtime.eu-west-1.amazonaws.com\nx-amz-content-sha256:" + bodyHash
            + "\nx-amz-date:20260102T030405Z\n\nhost;x-amz-content-sha256;x-amz-date\n" + bodyHash;
        var toSign = "AWS4-HMAC-SHA256\n20260102T030405Z\n20260102/eu-west-1/bedrock/aws4_request\n" + Hex(SHA256.HashData(Encoding.UTF8.GetBytes(canonical)));
        var key = Mac(Mac(Mac(Mac(Encoding.UTF8.GetBytes("AWS4" + Example.SecretAccessKey), "20260102"), "eu-west-1"), "bedrock"), "aws4_request");

        var signed = SigV4.Authorization(
            Example, "eu-west-1", "bedrock", "POST", new Uri("https://bedrock-runtime.eu-west-1.amazonaws.com/model/amazon.nova-pro-v1%3A0/converse"),
            [new("host", "bedrock-runtime.eu-west-1.amazonaws.com"), new("x-amz-content-sha256", bodyHash), new("x-amz-date", "20260102T030405Z")], bodyHash, "20260102T030405Z");

        Assert.EndsWith("Signature=" + Hex(Mac(key, toSign)), signed, StringComparison.Ordinal);
    }

    [Fact]
    public void BodyHash_OfPieces_IsThatOfTheWhole()
    {
        Assert.Equal(Empty, SigV4.BodyHash([]));
        Assert.Equal("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", SigV4.BodyHash(["a"u8.ToArray(), Array.Empty<byte>(), "bc"u8.ToArray()]));
    }

    private static byte[] Mac(byte[] key, string text) => HMACSHA256.HashData(key, Encoding.UTF8.GetBytes(text));

    private static string Hex(byte[] bytes) => Convert.ToHexStringLower(bytes);
}
