using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Sluice.Core.Configuration;
using Sluice.Protocols;
using Sluice.Testing;

namespace Sluice.Upstreams.Tests;

/// <summary>Each kind's call as it arrives.</summary>
public sealed class KindCallTests
{
    // What a client of any format may bring along; none of it may choose a host, an account or a key.
    private static readonly (string Name, string Value)[] Brought =
    [
        ("Host", "evil.example"), ("Authorization", "Bearer sk-client"), ("x-api-key", "sk-client"), ("api-key", "sk-client"), ("x-goog-api-key", "sk-client"),
        ("anthropic-version", "2023-06-01"), ("anthropic-beta", "interleaved-thinking-2025-05-14"), ("openai-beta", "responses=v1"), ("x-goog-api-client", "gl-node/24"),
        ("x-goog-user-project", "others-money"), ("x-goog-iam-authorization-token", "sk-client"), ("x-amz-security-token", "sk-client"), ("X-Amz-Date", "19700101T000000Z"),
        ("x-custom", "kept"),
    ];

    private static readonly string[] Always = ["accept-encoding", "content-length", "content-type", "host"];

    [Theory]
    [InlineData(ProviderKind.OpenAIResponses, WireProtocol.OpenAIResponses, "/responses", "authorization: Bearer K",
        "anthropic-beta,anthropic-version,openai-beta,x-amz-date,x-custom,x-goog-api-client,x-goog-user-project")]
    [InlineData(ProviderKind.Gemini, WireProtocol.Gemini, "/v1beta/models/m%3A1:streamGenerateContent?alt=sse", "x-goog-api-key: K",
        "anthropic-beta,anthropic-version,openai-beta,x-amz-date,x-custom,x-goog-api-client")]
    [InlineData(ProviderKind.Vertex, WireProtocol.Gemini, "/v1/publishers/google/models/m%3A1:streamGenerateContent?alt=sse", "x-goog-api-key: K", "openai-beta,x-amz-date,x-custom,x-goog-api-client")]
    [InlineData(ProviderKind.Vertex, WireProtocol.AnthropicMessages, "/v1/publishers/anthropic/models/m%3A1:streamRawPredict", "x-goog-api-key: K", "openai-beta,x-amz-date,x-custom,x-goog-api-client")]
    [InlineData(ProviderKind.Azure, WireProtocol.OpenAIResponses, "/openai/v1/responses", "api-key: K",
        "openai-beta,x-amz-date,x-custom,x-goog-api-client,x-goog-user-project")]
    [InlineData(ProviderKind.Azure, WireProtocol.AnthropicMessages, "/anthropic/v1/messages", "api-key: K",
        "anthropic-beta,anthropic-version,openai-beta,x-amz-date,x-custom,x-goog-api-client,x-goog-user-project")]
    [InlineData(ProviderKind.Bedrock, WireProtocol.AnthropicMessages, "/model/m%3A1/invoke-with-response-stream", "authorization: Bearer K",
        "openai-beta,x-custom,x-goog-api-client,x-goog-user-project")]
    [InlineData(ProviderKind.Simulator, WireProtocol.OpenAIResponses, "/v1/responses", "authorization: Bearer K",
        "anthropic-beta,anthropic-version,openai-beta,x-amz-date,x-custom,x-goog-api-client,x-goog-user-project")]
    public async Task F34_NativeCall_HasTheKindsAddressKeyAndHeaders(ProviderKind kind, WireProtocol wire, string path, string key, string others)
    {
        var seen = await SeeAsync(url => Calls.Of(Calls.Provider(kind, url), "m:1", wire, "{}", Brought) with { Stream = true, Query = "?key=sk-client" });

        Assert.Equal($"POST {path} HTTP/1.1", seen.RequestLine);
        var keyName = key.Split(':')[0];
        Assert.Equal([key.Replace("K", Calls.Canary, StringComparison.Ordinal)], seen.Header(keyName).Select(value => $"{keyName}: {value}"));
        Assert.Equal(others.Split(','), Names(seen).Except([keyName, .. Always]));
        Assert.StartsWith("127.0.0.1:", Assert.Single(seen.Header("host")), StringComparison.Ordinal);
        Assert.DoesNotContain("sk-client", seen.Head, StringComparison.Ordinal);
        Assert.DoesNotContain("evil.example", seen.Head, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(ProviderKind.OpenAIResponses, WireProtocol.OpenAIResponses, "authorization,openai-beta")]
    [InlineData(ProviderKind.Gemini, WireProtocol.Gemini, "x-goog-api-key")]
    [InlineData(ProviderKind.Vertex, WireProtocol.AnthropicMessages, "x-goog-api-key")]
    [InlineData(ProviderKind.Azure, WireProtocol.OpenAIChat, "api-key")]
    [InlineData(ProviderKind.Azure, WireProtocol.AnthropicMessages, "anthropic-beta,anthropic-version,api-key")]
    [InlineData(ProviderKind.Bedrock, WireProtocol.BedrockConverse, "authorization")]
    public async Task TranslatedCall_HasOnlyWhatItsWireNames(ProviderKind kind, WireProtocol wire, string expected)
    {
        var seen = await SeeAsync(url => Calls.Of(Calls.Provider(kind, url), "m", wire, "{}", Brought) with { Native = false });

        Assert.Equal(expected.Split(','), Names(seen).Except(Always));
    }

    [Fact]
    public async Task Bedrock_WithKeys_SignsWhatArrives()
    {
        var time = new ManualTimeProvider(new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero));
        var settings = new BedrockSettings { Region = "eu-west-1", AccessKeyId = "AKIDEXAMPLE", SecretAccessKey = "hunter2-hunter2", SessionToken = "session-1" };
        var pieces = new ReadOnlyMemory<byte>[] { "{\"a\":"u8.ToArray(), "1}"u8.ToArray() };

        var seen = await SeeAsync(
            url => Calls.Of(Calls.Provider(ProviderKind.Bedrock, url) with { Credentials = [], Cloud = settings }, "amazon.nova-pro-v1:0", WireProtocol.BedrockConverse, "", Brought) with { Body = pieces },
            new UpstreamClientOptions { Proxy = new EnvironmentProxy(_ => null), Time = time });

        Assert.Equal("POST /model/amazon.nova-pro-v1%3A0/converse HTTP/1.1", seen.RequestLine);
        var bodyHash = Hex(SHA256.HashData(seen.Body));
        var canonical = $"POST\n/model/amazon.nova-pro-v1%253A0/converse\n\nhost:{seen.Header("host")[0]}\nx-amz-content-sha256:{bodyHash}\nx-amz-date:20260102T030405Z\n"
            + $"x-amz-security-token:session-1\n\nhost;x-amz-content-sha256;x-amz-date;x-amz-security-token\n{bodyHash}";
        var toSign = $"AWS4-HMAC-SHA256\n20260102T030405Z\n20260102/eu-west-1/bedrock/aws4_request\n{Hex(SHA256.HashData(Encoding.UTF8.GetBytes(canonical)))}";
        var key = Encoding.UTF8.GetBytes("AWS4hunter2-hunter2");
        foreach (var part in (string[])["20260102", "eu-west-1", "bedrock", "aws4_request"])
        {
            key = HMACSHA256.HashData(key, Encoding.UTF8.GetBytes(part));
        }

        Assert.Equal(
            ["AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260102/eu-west-1/bedrock/aws4_request, SignedHeaders=host;x-amz-content-sha256;x-amz-date;x-amz-security-token, "
                + $"Signature={Hex(HMACSHA256.HashData(key, Encoding.UTF8.GetBytes(toSign)))}"],
            seen.Header("authorization"));
        Assert.Equal(["20260102T030405Z"], seen.Header("x-amz-date"));
        Assert.Equal(["session-1"], seen.Header("x-amz-security-token"));
        Assert.DoesNotContain("hunter2", seen.Head, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Bedrock_RefusalThatQuotesTheSessionToken_IsKeptWithoutIt()
    {
        const string Session = "FwoGZXIvYXdzEXAMPLE-session";
        const string Body = """{"message":"The Canonical String should have been x-amz-security-token:FwoGZXIvYXdzEXAMPLE-session"}""";
        await using var server = RawServer.Answering($"HTTP/1.1 403 Forbidden\r\ncontent-type: application/json\r\nx-echo: {Session}\r\ncontent-length: {Body.Length}\r\n\r\n{Body}");
        await using var client = Calls.Client();
        var settings = new BedrockSettings { Region = "eu-west-1", AccessKeyId = "AKIDEXAMPLE", SecretAccessKey = "hunter2-hunter2", SessionToken = Session };
        var call = Calls.Of(Calls.Provider(ProviderKind.Bedrock, server.Url) with { Credentials = [], Cloud = settings }, "m", WireProtocol.BedrockConverse);

        await using var answer = (await client.SendAsync(call, TestContext.Current.CancellationToken)).Answer!;
        var back = new List<KeyValuePair<string, string>>();
        answer.CollectHeaders(back);
        var fault = await answer.ReadFaultAsync(Protocols.Formats.WireFormats.Upstream(WireProtocol.OpenAIChat), DateTimeOffset.UnixEpoch, TestContext.Current.CancellationToken);

        Assert.DoesNotContain(Session, fault.Error.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain(Session, Encoding.UTF8.GetString(fault.Error.Body.Utf8.Span), StringComparison.Ordinal);
        Assert.Contains("[secret]", Encoding.UTF8.GetString(fault.Error.Body.Utf8.Span), StringComparison.Ordinal);
        Assert.DoesNotContain(back, header => header.Value.Contains(Session, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Bedrock_ProfileThatIsNotThere_IsAFaultThatSaysWhatToSet()
    {
        await using var client = Calls.Client();
        var provider = Calls.Provider(ProviderKind.Bedrock, new Uri("http://127.0.0.1:9")) with { Credentials = [], Cloud = new BedrockSettings { Region = "eu-west-1", Profile = "no-such-profile-4711" } };

        var fault = (await client.SendAsync(Calls.Of(provider, "m", WireProtocol.BedrockConverse), TestContext.Current.CancellationToken)).Fault!;

        Assert.Equal(Protocols.Errors.ErrorKind.Authentication, fault.Kind);
        Assert.Equal(
            "Provider p: the AWS profile no-such-profile-4711 is not there or holds no keys. Set access_key_id and secret_access_key, another profile, or auth: machine.",
            fault.Error.Message);
        Assert.True(fault.CanFailOver);
    }

    [Theory]
    [InlineData("application/json; charset=utf-8", WireProtocol.Gemini, AnswerFraming.Json)]
    [InlineData("text/event-stream", WireProtocol.Gemini, AnswerFraming.ServerSentEvents)]
    [InlineData("text/event-stream;charset=utf-8", WireProtocol.AnthropicMessages, AnswerFraming.ServerSentEvents)]
    [InlineData("application/vnd.amazon.eventstream", WireProtocol.BedrockConverse, AnswerFraming.ConverseEvents)]
    [InlineData("application/vnd.amazon.eventstream", WireProtocol.AnthropicMessages, AnswerFraming.InvokeEvents)]
    [InlineData("text/html", WireProtocol.BedrockConverse, AnswerFraming.Other)]
    public async Task Framing_FollowsContentTypeAndWire(string contentType, WireProtocol wire, AnswerFraming expected)
    {
        await using var server = RawServer.Answering(RawServer.Ok("{}", $"content-type: {contentType}\r\n"));
        await using var client = Calls.Client();
        await using var answer = (await client.SendAsync(Calls.Of(Calls.Provider(ProviderKind.Bedrock, server.Url), "m", wire), TestContext.Current.CancellationToken)).Answer!;

        Assert.Equal(expected, answer.Framing);
    }

    [Theory]
    [InlineData("x-amzn-RequestId: aws-1", "aws-1")]
    [InlineData("apim-request-id: az-1", "az-1")]
    [InlineData("x-request-id: r-1\r\napim-request-id: az-1", "r-1")]
    public async Task RequestId_OfEachVendor_IsFoundAndGoesBack(string headers, string expected)
    {
        await using var server = RawServer.Answering(RawServer.Ok("{}", $"content-type: application/json\r\n{headers}\r\n"));
        await using var client = Calls.Client();
        await using var answer = (await client.SendAsync(Calls.Native(ProviderKind.OpenAI, server.Url), TestContext.Current.CancellationToken)).Answer!;
        var back = new List<KeyValuePair<string, string>>();
        answer.CollectHeaders(back);

        Assert.Equal(expected, answer.RequestId);
        Assert.Contains(back, header => header.Value == expected);
    }

    private static async Task<SeenRequest> SeeAsync(Func<Uri, UpstreamCall> make, UpstreamClientOptions? options = null)
    {
        await using var server = RawServer.Answering(RawServer.Ok("{}"));
        await using var client = options is null ? Calls.Client() : new UpstreamClient(options);
        var reply = await client.SendAsync(make(server.Url), TestContext.Current.CancellationToken);
        Assert.Null(reply.Fault);
        await reply.Answer!.DisposeAsync();
        return Assert.Single(server.Seen);
    }

    private static IEnumerable<string> Names(SeenRequest seen) =>
        seen.Head.Split("\r\n").Skip(1).Select(line => line.Split(':')[0].ToLower(CultureInfo.InvariantCulture)).Distinct().Order(StringComparer.Ordinal);

    private static string Hex(byte[] bytes) => Convert.ToHexStringLower(bytes);
}
