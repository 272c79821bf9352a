using System.Text;
using Sluice.Server.Tests.Kit;

namespace Sluice.Server.Tests.Surfaces;

/// <summary>Base URLs, small requests that agents make beside their turns, and where a key may stand.</summary>
public sealed class PathTests
{
    private const string Config = """
        providers:
          - { name: a-anthropic, kind: anthropic, base_url: "{A}" }
          - { name: a-chat, kind: openai, base_url: "{A}/v1" }
        models:
          - { id: "m/anthropic", context: 1000, endpoints: [{ provider: a-anthropic, model: m, price: { input: 3, output: 15 } }] }
          - { id: "vendor/deep/chat", endpoints: [{ provider: a-chat, model: m, price: { input: 3, output: 15 } }] }
        """;

    [Fact]
    public async Task EveryBaseUrl_WithEverySdksOwnPath_Serves()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Config);
        string[] bases = ["", "/", "/v1", "/v1/", "/api", "/api/", "/api/v1", "/api/v1/", "//v1", "/v1/v1"];
        foreach (var start in bases)
        {
            // Anthropic's SDK appends /v1/messages; OpenAI's appends /chat/completions to a base that ends in /v1, or not.
            foreach (var (client, path) in new[] { (Wire.Anthropic, "/v1/messages"), (Wire.Anthropic, "/messages"), (Wire.Chat, "/chat/completions"), (Wire.Chat, "/v1/chat/completions") })
            {
                using var raw = await RawClient.ConnectAsync(gateway.Url);
                var body = Wires.Ask(client, "m/anthropic", "x", stream: false).Body;
                await raw.SendAsync($"POST {start}{path}?beta=true HTTP/1.1\r\nHost: x\r\nx-api-key: {gateway.Key}\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: {body.Length}\r\n\r\n{body}");
                var answer = await raw.ReadToEndAsync();
                Assert.True(answer.StartsWith("HTTP/1.1 200", StringComparison.Ordinal), $"{start}{path}: {answer}");
                Assert.Contains(client == Wire.Anthropic ? "\"type\":\"message\"" : "\"object\":\"chat.completion\"", answer, StringComparison.Ordinal);
            }
        }
    }

    [Fact]
    public async Task OpenRouterPath_SendsUsageUnasked_OthersDoNot()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Config);
        foreach (var (path, expected) in new[] { ("/api/v1/chat/completions", true), ("/v1/chat/completions", false) })
        {
            foreach (var model in new[] { "m/anthropic", "vendor/deep/chat" })
            {
                using var request = gateway.Request(Wire.Chat, Wires.Ask(Wire.Chat, model, "x", stream: true, usage: false), path);
                var answer = await gateway.SendAsync(request);
                Assert.Null(answer.Violation(Wire.Chat));
                Assert.Equal(expected, answer.Usage(Wire.Chat) is not null);
            }
        }
    }

    [Fact]
    public async Task HeadRequests_OfClaudeCode_AreAnsweredWithoutAKey()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Config);
        foreach (var path in new[] { "/", "/api/hello", "/hello", "/api/", "/api" })
        {
            using var request = new HttpRequestMessage(HttpMethod.Head, path);
            Assert.True((await gateway.SendAsync(request)).Status == 200, path);
        }
    }

    [Fact]
    public async Task Models_HaveTheShapeOfTheAskingClient()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Config);
        foreach (var start in new[] { "/v1", "/api/v1", "//v1", "/v1/v1" })
        {
            var openAI = await GetAsync(gateway, start + "/models?limit=1000", anthropic: false);
            Assert.Equal("list", openAI.Json.GetProperty("object").GetString());
            Assert.Equal(["m/anthropic", "vendor/deep/chat"], openAI.Json.GetProperty("data").EnumerateArray().Select(m => m.GetProperty("id").GetString()!).Order(StringComparer.Ordinal));
            Assert.All(openAI.Json.GetProperty("data").EnumerateArray(), m => Assert.Equal("model", m.GetProperty("object").GetString()));

            var anthropic = await GetAsync(gateway, start + "/models?limit=1000", anthropic: true);
            Assert.False(anthropic.Json.GetProperty("has_more").GetBoolean());
            Assert.Equal(2, anthropic.Json.GetProperty("data").GetArrayLength());
            foreach (var model in anthropic.Json.GetProperty("data").EnumerateArray())
            {
                Assert.Equal("model", model.GetProperty("type").GetString());
                Assert.NotEqual("", model.GetProperty("display_name").GetString());
                Assert.True(model.TryGetProperty("created_at", out _));
            }
        }

        foreach (var id in new[] { "vendor/deep/chat", "vendor%2Fdeep%2Fchat" })
        {
            Assert.Equal("vendor/deep/chat", (await GetAsync(gateway, "/v1/models/" + id, anthropic: true)).Json.GetProperty("id").GetString());
        }

        var unknown = await GetAsync(gateway, "/v1/models/vendor/deep/chatt", anthropic: true);
        Assert.Equal(404, unknown.Status);
        Assert.Equal("not_found_error", unknown.Json.GetProperty("error").GetProperty("type").GetString());
        Assert.Contains("vendor/deep/chat", unknown.Text, StringComparison.Ordinal);
        Assert.Equal(404, (await GetAsync(gateway, "/v1/models/nothing-like-it", anthropic: false)).Status);
    }

    [Fact]
    public async Task Models_Paged_SayWhetherThereAreMore()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Config);
        var first = (await GetAsync(gateway, "/v1/models?limit=1", anthropic: true)).Json;
        Assert.Equal(1, first.GetProperty("data").GetArrayLength());
        Assert.True(first.GetProperty("has_more").GetBoolean());
        var second = (await GetAsync(gateway, "/v1/models?limit=1&after_id=" + first.GetProperty("last_id").GetString(), anthropic: true)).Json;
        Assert.Equal(1, second.GetProperty("data").GetArrayLength());
        Assert.False(second.GetProperty("has_more").GetBoolean());
        Assert.NotEqual(first.GetProperty("last_id").GetString(), second.GetProperty("last_id").GetString());
    }

    [Fact]
    public async Task UnknownPathsAndMethods_AreToldInTheClientsShape()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Config);
        foreach (var (method, path, status) in new[]
        {
            (HttpMethod.Get, "/v1/messages", 405), (HttpMethod.Put, "/v1/chat/completions", 405), (HttpMethod.Delete, "/v1/messages/count_tokens", 405),
            (HttpMethod.Post, "/v1/nothing", 404), (HttpMethod.Get, "/nothing", 404), (HttpMethod.Post, "/v1/messages/batches", 404), (HttpMethod.Delete, "/", 404),
            (HttpMethod.Post, "/v1/messagesx", 404), (HttpMethod.Post, "/apix/v1/messages", 404), (HttpMethod.Options, "/v1/messages", 405),
        })
        {
            foreach (var anthropic in new[] { true, false })
            {
                using var request = new HttpRequestMessage(method, path);
                request.Headers.Add("x-api-key", gateway.Key);
                if (anthropic)
                {
                    request.Headers.Add("anthropic-version", "2023-06-01");
                }

                var answer = await gateway.SendAsync(request);
                Assert.True(answer.Status == status, $"{method} {path}: {answer.Status}");
                Assert.NotEqual("", answer.Json.GetProperty("error").GetProperty("message").GetString());
                if (status == 404)
                {
                    Assert.Equal(anthropic, answer.Json.TryGetProperty("type", out _));
                }
                else
                {
                    Assert.Equal("POST", answer.Header("allow"));
                }
            }
        }
    }

    [Fact]
    public async Task Keys_InEveryCombinationOfRealClients_AreFound()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Config);
        const string Other = "sk-not-known-here-0123456789abcdef";
        var key = gateway.Key;
        ((string, string)[] Headers, string Query, int Status)[] table =
        [
            ([("authorization", "Bearer " + key)], "", 200),
            ([("authorization", "bearer " + key)], "", 200),
            ([("x-api-key", key)], "", 200),
            ([("x-goog-api-key", key)], "", 200),
            ([], "?key=" + key, 200),
            ([], "?beta=true&key=" + key, 200),
            ([("authorization", "Bearer " + Other), ("x-api-key", key)], "", 200),
            ([("authorization", "Bearer " + key), ("x-api-key", Other)], "", 200),
            ([("authorization", "Bearer " + key), ("x-api-key", key)], "", 200),
            ([("authorization", "Bearer "), ("x-api-key", key)], "", 200),
            ([("authorization", "Bearer " + key), ("x-api-key", "")], "", 200),
            ([("authorization", "Bearer " + Other), ("x-goog-api-key", key)], "", 200),
            ([("cookie", ""), ("x-api-key", key)], "", 200),
            ([], "", 401),
            ([("x-api-key", Other)], "", 401),
            ([("authorization", "Bearer " + Other), ("x-api-key", Other)], "?key=" + Other, 401),
            ([("authorization", "Basic " + Convert.ToBase64String(Encoding.ASCII.GetBytes("a:" + key)))], "", 401),
            ([("x-api-key", GatewayUnderTest.AdminKey)], "", 401),
        ];
        foreach (var client in Enum.GetValues<Wire>())
        {
            foreach (var (headers, query, status) in table)
            {
                using var request = gateway.Request(client, Wires.Ask(client, "m/anthropic", "x", stream: false), Wires.PathOf(client) + query);
                request.Headers.Remove("x-api-key");
                foreach (var (name, value) in headers)
                {
                    request.Headers.TryAddWithoutValidation(name, value);
                }

                var answer = await gateway.SendAsync(request);
                Assert.True(answer.Status == status, $"{client} {string.Join(';', headers.Select(h => h.Item1))} {query.Split('=')[0]}: {answer.Status} {answer.Text}");
                Assert.DoesNotContain(Other, answer.Text, StringComparison.Ordinal);
            }
        }

        Assert.DoesNotContain(gateway.A.Record.Requests, r => r.Query.Contains("key", StringComparison.Ordinal) || r.Headers.Any(h => h.Value.Contains(key, StringComparison.Ordinal)));
    }

    [Fact]
    public async Task RevokedKey_Is403AndNothingIsCalled()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Config);
        using var list = new HttpRequestMessage(HttpMethod.Get, "/admin/api/keys");
        list.Headers.Add("x-api-key", GatewayUnderTest.AdminKey);
        var id = (await gateway.SendAsync(list)).Json.GetProperty("keys")[0].GetProperty("id").GetString();
        using var revoke = new HttpRequestMessage(HttpMethod.Delete, "/admin/api/keys/" + id);
        revoke.Headers.Add("x-api-key", GatewayUnderTest.AdminKey);
        Assert.InRange((await gateway.SendAsync(revoke)).Status, 200, 204);

        foreach (var client in Enum.GetValues<Wire>())
        {
            var answer = await gateway.PostAsync(client, Wires.Ask(client, "m/anthropic", "x", stream: true));
            Assert.Equal(403, answer.Status);
            Assert.Equal("false", answer.Header("x-should-retry"));
            Assert.Equal("client", answer.Header("x-sluice-error-source"));
        }

        Assert.Equal(0, gateway.A.Record.Count);
    }

    private static async Task<ClientAnswer> GetAsync(GatewayUnderTest gateway, string path, bool anthropic)
    {
        // A path with two slashes would be read as a host, so the address is put together by hand.
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(gateway.Url.ToString().TrimEnd('/') + path));
        request.Headers.Add("x-api-key", gateway.Key);
        if (anthropic)
        {
            request.Headers.Add("anthropic-version", "2023-06-01");
        }

        return await gateway.SendAsync(request);
    }
}
