using System.Text;
using Sluice.Server.Tests.Kit;

namespace Sluice.Server.Tests.Surfaces;

/// <summary>Google's clients name the model in the path, in every way that their SDKs and hosts have.</summary>
public sealed class GeminiPathTests
{
    private const string Config = """
        providers:
          - { name: a-gemini, kind: gemini, base_url: "{A}", api_keys: [key-of-a-0123456789] }
          - { name: a-anthropic, kind: anthropic, base_url: "{A}" }
        models:
          - { id: "google/gemini-x", endpoints: [{ provider: a-gemini, model: gemini-x, price: { input: 3, output: 15 } }] }
          - { id: "vendor/deep/er:thinking", endpoints: [{ provider: a-anthropic, model: deeper, price: { input: 3, output: 15 } }] }
          - { id: "plain", endpoints: [{ provider: a-anthropic, model: plain, price: { input: 3, output: 15 } }] }
        """;

    private const string Body = """{"contents":[{"role":"user","parts":[{"text":"hello"}]}]}""";

    [Theory]
    [InlineData("/v1beta/models/google/gemini-x:generateContent")]
    [InlineData("/v1beta/models/google%2Fgemini-x:generateContent")]
    [InlineData("/v1beta/models/google%2fgemini-x%3AgenerateContent")]
    [InlineData("/v1/models/google/gemini-x:generateContent")]
    [InlineData("/models/google/gemini-x:generateContent")]
    [InlineData("/api/v1beta/models/google/gemini-x:generateContent")]
    [InlineData("//v1beta/models/google/gemini-x:generateContent")]
    [InlineData("/v1/v1beta/models/google/gemini-x:generateContent")]
    [InlineData("/v1beta1/publishers/google/models/google/gemini-x:generateContent")]
    [InlineData("/v1/projects/p-1/locations/us-east5/publishers/google/models/google%2Fgemini-x:generateContent")]
    [InlineData("/v1beta1/projects/p-1/locations/global/publishers/google/models/google/gemini-x:generateContent")]
    [InlineData("/v1beta/models/vendor/deep/er:thinking:generateContent")]
    [InlineData("/v1beta/models/vendor%2Fdeep%2Fer%3Athinking:generateContent")]
    [InlineData("/v1beta/models/plain:generateContent")]
    public async Task Model_InEverySpelling_IsServed(string path)
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Config);
        foreach (var (sent, streams) in new[] { (path, false), (path.Replace("generateContent", "streamGenerateContent", StringComparison.Ordinal) + "?alt=sse", true) })
        {
            using var raw = await RawClient.ConnectAsync(gateway.Url);
            await raw.SendAsync($"POST {sent} HTTP/1.1\r\nHost: x\r\nx-goog-api-key: {gateway.Key}\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: {Body.Length}\r\n\r\n{Body}");
            var answer = await raw.ReadToEndAsync();
            Assert.True(answer.StartsWith("HTTP/1.1 200", StringComparison.Ordinal), answer);
            Assert.Contains("\"finishReason\":\"STOP\"", answer, StringComparison.Ordinal);
            Assert.Equal(streams, answer.Contains("text/event-stream", StringComparison.Ordinal));
        }
    }

    [Fact]
    public async Task Key_InTheQuery_IsFound_AndGoesNowhere()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Config);
        using var request = gateway.Request(Wire.Gemini, Body, "/v1beta/models/google/gemini-x:streamGenerateContent?key=" + gateway.Key + "&alt=sse");
        request.Headers.Remove("x-api-key");
        var answer = await gateway.SendAsync(request);

        Assert.Equal(200, answer.Status);
        Assert.Equal("Simulated answer to: hello", answer.AnswerText(Wire.Gemini));
        Assert.Equal("?alt=sse", gateway.A.Record.Last.Query);
        Assert.DoesNotContain(gateway.A.Record.Last.Headers, h => h.Value.Contains(gateway.Key, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("/v1beta/models/google/gemini-x:nothing", 404)]
    [InlineData("/v1beta/models/:generateContent", 404)]
    [InlineData("/v1beta/models/google/gemini-y:generateContent", 404)]
    [InlineData("/v1beta/models/..%2f..%2fadmin:generateContent", 404)]
    [InlineData("/v1beta/nothing", 404)]
    [InlineData("/v1beta/models/%ff%fe:generateContent", 404)]
    public async Task Path_ThatNamesNothing_IsToldInGooglesShape(string path, int status)
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Config);
        using var raw = await RawClient.ConnectAsync(gateway.Url);
        await raw.SendAsync($"POST {path} HTTP/1.1\r\nHost: x\r\nx-goog-api-key: {gateway.Key}\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: {Body.Length}\r\n\r\n{Body}");
        var answer = await raw.ReadToEndAsync();

        Assert.True(answer.StartsWith($"HTTP/1.1 {status}", StringComparison.Ordinal), answer);
        Assert.Contains("\"status\":\"NOT_FOUND\"", answer, StringComparison.Ordinal);
        Assert.Equal(0, gateway.A.Record.Count);
    }

    [Fact]
    public async Task OtherMethods_AreRefusedWithTheRightOne()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Config);
        using var request = new HttpRequestMessage(HttpMethod.Put, "/v1beta/models/plain:generateContent") { Content = new StringContent(Body, Encoding.UTF8, "application/json") };
        var answer = await gateway.SendAsync(request);

        Assert.Equal(405, answer.Status);
        Assert.Equal("POST", answer.Header("allow"));
        Assert.NotEqual("", answer.Error(Wire.Gemini).Message);
    }
}
