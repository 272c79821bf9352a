using System.Text.Json;
using System.Text.Json.Nodes;
using Sluice.Server.Tests.Kit;
using Sluice.Simulator;

namespace Sluice.Server.Tests.Errors;

/// <summary>OpenRouter's <c>error.availability</c> under <c>/api</c>: why a model could not be had.</summary>
public sealed class AvailabilityTests
{
    private static readonly string Config = $$"""
        routing: { retries: 0 }
        providers:
        {{UpstreamKinds.Provider(Upstream.Chat, "A", name: "a")}}{{UpstreamKinds.Provider(Upstream.Chat, "B", name: "b")}}
        models:
        {{GatewayUnderTest.Models("two", 10, "a", "b")}}
        """;

    private static ClientRequest Ask(Wire client, string path, string model, string members)
    {
        var body = JsonNode.Parse(Wires.Ask(client, model, "hello", stream: false).Body)!.AsObject();
        foreach (var (name, value) in JsonNode.Parse(members)!.AsObject())
        {
            body[name] = value?.DeepClone();
        }

        return new ClientRequest(path, body.ToJsonString());
    }

    [Theory]
    [InlineData("two/0", """{"provider":{"only":["nobody"]}}""", null, """{"code":"no_endpoints","retryable":false,"requested_models":["two/0"],"excluded_by":["allowed_providers"]}""")]
    [InlineData("two/0", """{"provider":{"zdr":true}}""", null, """{"code":"privacy_restricted","retryable":false,"requested_models":["two/0"],"excluded_by":["data_policy:zdr"]}""")]
    [InlineData("two/0", """{"provider":{"only":["a"],"max_price":{"prompt":"0"}},"models":["two/1"]}""", null, """{"code":"constraint_filtered","retryable":false,"requested_models":["two/0","two/1"],"excluded_by":["allowed_providers","max_price"]}""")]
    [InlineData("two/10", "{}", null, """{"code":"model_not_found","retryable":false,"requested_models":["two/10"],"fallback_models":["two/0","two/1","two/2"]}""")]
    [InlineData("two/2", """{"provider":{"order":["a"]}}""", 429, """{"code":"capacity_exhausted","retryable":true,"retry_after":7,"requested_models":["two/2"],"affected_providers":["a","b"]}""")]
    [InlineData("two/3", """{"provider":{"order":["a"]}}""", 503, """{"code":"temporarily_unavailable","retryable":true,"requested_models":["two/3"],"affected_providers":["a","b"]}""")]
    [InlineData("two/4", """{"provider":{"order":["a"]}}""", 404, """{"code":"model_unavailable_upstream","retryable":false,"requested_models":["two/4"],"affected_providers":["a","b"]}""")]
    public async Task Error_ThatAModelCannotBeHad_SaysWhy(string model, string members, int? fault, string expected)
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Config);
        if (fault is { } status)
        {
            gateway.A.Script.Always(Fault.Of(status, retryAfter: status == 429 ? 9 : null));
            gateway.B.Script.Always(Fault.Of(status, retryAfter: status == 429 ? 7 : null));
        }

        var answer = await gateway.PostAsync(Wire.Chat, Ask(Wire.Chat, "/api/v1/chat/completions", model, members));

        var error = answer.Json.GetProperty("error");
        Assert.True(error.TryGetProperty("availability", out var availability), answer.Text);
        var told = JsonNode.Parse(availability.GetRawText())!.AsObject();
        if (told.Remove("constraint", out var constraint))
        {
            Assert.StartsWith("provider.", constraint!["field"]!.GetValue<string>(), StringComparison.Ordinal);
            Assert.Equal(error.GetProperty("message").GetString(), constraint["detail"]!.GetValue<string>());
        }

        Assert.Equal(expected, told.ToJsonString());
        Assert.Equal(answer.Status, error.GetProperty("http_status").GetInt32());
        Assert.Equal(error.GetProperty("metadata").GetProperty("error_type").GetString(), error.GetProperty("error_type").GetString());
    }

    [Fact]
    public async Task Error_OfAnotherKindOrPath_HasNone()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Config);

        var elsewhere = await gateway.PostAsync(Wire.Chat, Ask(Wire.Chat, "/v1/chat/completions", "two/10", "{}"));
        var misread = await gateway.PostAsync(Wire.Chat, Ask(Wire.Chat, "/api/v1/chat/completions", "two/0", """{"provider":7}"""));

        Assert.False(elsewhere.Json.GetProperty("error").TryGetProperty("availability", out _));
        Assert.False(misread.Json.GetProperty("error").TryGetProperty("availability", out _));
        Assert.Equal("invalid_request", misread.Json.GetProperty("error").GetProperty("error_type").GetString());
    }

    [Fact]
    public async Task Responses_UnderApi_HaveTheTypeBesideTheError()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Config);

        var under = await gateway.PostAsync(Wire.Responses, Ask(Wire.Responses, "/api/v1/responses", "two/10", "{}"));
        var elsewhere = await gateway.PostAsync(Wire.Responses, Ask(Wire.Responses, "/v1/responses", "two/10", "{}"));

        Assert.Equal("not_found", under.Json.GetProperty("error_type").GetString());
        Assert.Equal("model_not_found", under.Json.GetProperty("error").GetProperty("code").GetString());
        Assert.False(elsewhere.Json.TryGetProperty("error_type", out _));
    }
}
