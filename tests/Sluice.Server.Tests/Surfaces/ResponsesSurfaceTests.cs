using System.Text;
using Sluice.Server.Tests.Kit;

namespace Sluice.Server.Tests.Surfaces;

/// <summary>What is particular to <c>/v1/responses</c>.</summary>
public sealed class ResponsesSurfaceTests
{
    private static readonly string Config = $$"""
        routing: { retries: 0 }
        providers:
        {{string.Concat(UpstreamKinds.Plain.Select(u => UpstreamKinds.Provider(u, "A")))}}
        models:
        {{string.Concat(UpstreamKinds.Plain.Select(u => UpstreamKinds.Model("m/" + UpstreamKinds.NameOf(u), "m", (u, UpstreamKinds.ProviderName(u, "A")))))}}
        """;

    [Theory]
    [InlineData("/v1/responses")]
    [InlineData("/responses")]
    [InlineData("//v1/responses")]
    [InlineData("/api/v1/responses")]
    public async Task WebSocket_Is426_AndTheNextPostIsServed(string path)
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Config);
        using var raw = await RawClient.ConnectAsync(gateway.Url);
        await raw.SendAsync($"GET {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {gateway.Key}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");
        var answer = await raw.ReadToEndAsync();
        Assert.StartsWith("HTTP/1.1 426", answer, StringComparison.Ordinal);
        Assert.Contains("WebSocket", answer, StringComparison.Ordinal);
        Assert.DoesNotContain("(still open)", answer, StringComparison.Ordinal);

        var next = await gateway.PostAsync(Wire.Responses, Wires.Ask(Wire.Responses, "m/anthropic", "now by POST", stream: true));
        Assert.Equal("Simulated answer to: now by POST", next.AnswerText(Wire.Responses));
    }

    [Theory]
    [InlineData("\"previous_response_id\":\"resp_1\"", "previous_response_id")]
    [InlineData("\"conversation\":\"conv_1\"", "conversation")]
    [InlineData("\"background\":true", "background")]
    public async Task MemoryOfAServer_TranslatedCannotBeHad_AndIsRefusedInClearWords(string member, string named)
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Config);
        foreach (var model in new[] { "m/anthropic", "m/chat", "m/gemini" })
        {
            foreach (var stream in new[] { "true", "false" })
            {
                var answer = await gateway.PostAsync(Wire.Responses, $"{{\"model\":\"{model}\",\"stream\":{stream},\"input\":\"go on\",{member}}}");
                Assert.Equal(400, answer.Status);
                var error = answer.Error(Wire.Responses);
                Assert.Equal("invalid_request", error.Kind);
                Assert.Contains(named, error.Message, StringComparison.Ordinal);
                Assert.StartsWith("Sluice keeps no responses", error.Message, StringComparison.Ordinal);
            }
        }

        Assert.Equal(0, gateway.A.Record.Count);
    }

    [Fact]
    public async Task UnknownPreviousResponse_Native_HasTheProvidersOwnWords()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Config);
        var answer = await gateway.PostAsync(Wire.Responses, """{"model":"m/responses","input":"go on","previous_response_id":"resp_nobody"}""");

        Assert.Equal(400, answer.Status);
        Assert.Contains("resp_nobody", answer.Error(Wire.Responses).Message, StringComparison.Ordinal);
        Assert.Equal("client", answer.Header("x-sluice-error-source"));
    }

    // The second provider would say that the answer does not exist, and the client would throw its conversation away.
    [Theory]
    [InlineData("\"previous_response_id\":\"resp_1\"")]
    [InlineData("\"conversation\":{\"id\":\"conv_1\"}")]
    public async Task MemoryOfAServer_ThatFails_IsNotLookedForElsewhere_AndTheErrorSaysWhatHelps(string member)
    {
        await using var gateway = await GatewayUnderTest.StartAsync("routing: { retries: 0 }\nproviders:\n" + UpstreamKinds.Provider(Upstream.Responses, "A") + UpstreamKinds.Provider(Upstream.Responses, "B")
            + "models:\n" + UpstreamKinds.Model("m/both", "m", (Upstream.Responses, "a-responses"), (Upstream.Responses, "b-responses")));
        gateway.A.Script.Enqueue(Sluice.Simulator.Fault.Of(503));
        var answer = await gateway.PostAsync(Wire.Responses, $"{{\"model\":\"m/both\",\"input\":\"go on\",{member}}}");

        Assert.Equal(503, answer.Status);
        Assert.Contains("kept at 'a-responses'", answer.Text, StringComparison.Ordinal);
        Assert.Contains("send it whole", answer.Text, StringComparison.Ordinal);
        Assert.Equal(0, gateway.B.Record.Count);

        gateway.A.Script.Always(Sluice.Simulator.Fault.Of(503));
        var whole = await gateway.PostAsync(Wire.Responses, """{"model":"m/both","input":"go on","previous_response_id":null}""");
        Assert.True(whole.Status == 200, whole.Text);
        Assert.Equal(1, gateway.B.Record.Count);
    }
}
