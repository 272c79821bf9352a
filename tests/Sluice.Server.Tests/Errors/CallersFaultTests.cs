using System.Net.Http.Headers;
using System.Text;
using Sluice.Server.Tests.Kit;
using Sluice.Testing;

namespace Sluice.Server.Tests.Errors;

/// <summary>What the caller did wrong: its key in four ways, its body, its model; told as the client's own fault, and no provider is asked.</summary>
public sealed class CallersFaultTests
{
    private static readonly string Config = $$"""
        providers:
        {{UpstreamKinds.Provider(Upstream.Chat, "A", name: "a")}}
        models:
        {{GatewayUnderTest.Models("one", 1, "a")}}
        """;

    [Fact]
    public async Task ReqF22_MissingUnknownRevokedAndExpiredKeys_AreToldApart()
    {
        var time = new ManualTimeProvider();
        await using var gateway = await GatewayUnderTest.StartAsync(Config, time: time);
        var (_, expired) = await MakeKeyAsync(gateway, """{"user":"ada","expires":"1h"}""");
        var (id, revoked) = await MakeKeyAsync(gateway, """{"user":"ada"}""");
        using (var revoke = Admin(HttpMethod.Delete, "/admin/api/keys/" + id))
        {
            Assert.InRange((await gateway.SendAsync(revoke)).Status, 200, 299);
        }

        time.Advance(TimeSpan.FromHours(2));
        (string? Key, int Status, string Reason, string Said)[] table =
        [
            (null, 401, "key_missing", "No API key was sent."),
            ("sk-of-nobody-0123456789", 401, "key_unknown", "does not know this API key"),
            (revoked, 403, "key_revoked", "was revoked"),
            (expired, 401, "key_expired", "has expired"),
        ];
        foreach (var (key, status, reason, said) in table)
        {
            foreach (var client in new[] { Wire.Anthropic, Wire.Chat, Wire.Responses })
            {
                var answer = await AskAsync(gateway, client, key);
                var error = answer.Json.GetProperty("error");

                Assert.Equal((status, "client", "false"), (answer.Status, answer.Header("x-sluice-error-source"), answer.Header("x-should-retry")));
                Assert.Contains(said, answer.Error(client).Message, StringComparison.Ordinal);
                Assert.Equal(reason, (client == Wire.Anthropic ? error : error.GetProperty("metadata")).GetProperty("reason").GetString());
            }
        }

        Assert.Equal(0, gateway.A.Record.Count);
    }

    [Fact]
    public async Task ReqF27_BadKey_Is401OnEveryWire()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Config);
        foreach (var client in Enum.GetValues<Wire>())
        {
            var answer = await AskAsync(gateway, client, "sk-of-nobody-0123456789");

            Assert.Equal((401, "authentication"), (answer.Status, answer.Error(client).Kind));
        }

        Assert.Equal(0, gateway.A.Record.Count);
    }

    [Fact]
    public async Task ReqF26_MalformedBody_Is400()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Config);
        var cut = await gateway.PostAsync(Wire.Chat, """{"model":"one/0","messages":[{"role":""");
        var without = await gateway.PostAsync(Wire.Anthropic, """{"model":"one/0","max_tokens":9}""");

        Assert.Equal((400, 400), (cut.Status, without.Status));
        Assert.Equal("invalid_request", cut.Error(Wire.Chat).Kind);
        Assert.Contains("messages", without.Error(Wire.Anthropic).Message, StringComparison.Ordinal);
        Assert.Equal(0, gateway.A.Record.Count);
    }

    [Fact]
    public async Task ReqF13_BadKeyBadBodyUnknownModel_AreTheCallersOwn()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Config);
        var key = await AskAsync(gateway, Wire.Chat, "sk-of-nobody-0123456789");
        var body = await gateway.PostAsync(Wire.Chat, "{\"model\": ");
        var model = await gateway.PostAsync(Wire.Chat, Wires.Ask(Wire.Chat, "no/such", "hello", stream: false));

        Assert.Equal((401, 400, 404), (key.Status, body.Status, model.Status));
        Assert.All([key, body, model], answer => Assert.Equal("client", answer.Header("x-sluice-error-source")));
        Assert.Equal(0, gateway.A.Record.Count);
    }

    private static async Task<ClientAnswer> AskAsync(GatewayUnderTest gateway, Wire client, string? key)
    {
        using var request = gateway.Request(client, Wires.Ask(client, "one/0", "hello", stream: false));
        request.Headers.Remove("x-api-key");
        if (key is not null)
        {
            request.Headers.Add("x-api-key", key);
        }

        return await gateway.SendAsync(request);
    }

    private static async Task<(string Id, string Key)> MakeKeyAsync(GatewayUnderTest gateway, string body)
    {
        using var request = Admin(HttpMethod.Post, "/admin/api/keys");
        request.Content = new StringContent(body, Encoding.UTF8, "application/json");
        var answer = await gateway.SendAsync(request);
        Assert.True(answer.Status is 200 or 201, answer.Text);
        return (answer.Json.GetProperty("id").GetString()!, answer.Json.GetProperty("key").GetString()!);
    }

    private static HttpRequestMessage Admin(HttpMethod method, string path)
    {
        var request = new HttpRequestMessage(method, path);
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", GatewayUnderTest.AdminKey);
        return request;
    }
}
