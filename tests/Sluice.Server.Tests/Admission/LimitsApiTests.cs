using System.Net.Http.Headers;
using System.Text;
using Sluice.Server.Tests.Kit;

namespace Sluice.Server.Tests.Admission;

/// <summary>Limits set while Sluice runs: they count at once, outlive a restart, and bad ones are refused with what to change.</summary>
public sealed class LimitsApiTests
{
    [Fact]
    public async Task E17_ALimitThatIsSet_CountsAtOnce_IsListed_AndIsGoneWhenRemoved()
    {
        await using var gateway = await LimitedGateway.StartAsync("", more: "queue: { max_wait: off }");
        Assert.Equal(200, (await gateway.AskAsync("(before)")).Status);
        var set = await SendAsync(gateway, HttpMethod.Put, "/limits/user:admin", """{"rpm":1,"concurrency":3}""");
        Assert.Equal(("user:admin", 1, 3, 0), (set.Json.GetProperty("scope").GetString(), set.Json.GetProperty("rpm").GetInt32(), set.Json.GetProperty("concurrency").GetInt32(), set.Json.GetProperty("rpd").GetInt32()));
        Assert.Equal(200, (await gateway.AskAsync("(one)")).Status);
        Assert.Equal(429, (await gateway.AskAsync("(two)")).Status);

        // A larger limit counts at once too, and the one request that was made stays made.
        await SendAsync(gateway, HttpMethod.Put, "/limits/user:admin", """{"rpm":2}""");
        var second = await gateway.AskAsync("(two)");
        Assert.Equal((200, "2", "0"), (second.Status, second.Header("X-RateLimit-Limit"), second.Header("X-RateLimit-Remaining")));
        Assert.Equal(429, (await gateway.AskAsync("(three)")).Status);

        var listed = (await SendAsync(gateway, HttpMethod.Get, "/limits")).Json.GetProperty("limits");
        Assert.Equal("user:admin", Assert.Single(listed.EnumerateArray()).GetProperty("scope").GetString());
        Assert.Equal(200, (await SendAsync(gateway, HttpMethod.Delete, "/limits/user:admin")).Status);
        Assert.Equal(404, (await SendAsync(gateway, HttpMethod.Delete, "/limits/user:admin")).Status);
        Assert.Equal(200, (await gateway.AskAsync("(after)")).Status);
    }

    [Fact]
    public async Task Limits_OutliveARestart()
    {
        await using var gateway = await LimitedGateway.StartAsync("", more: "queue: { max_wait: off }");
        await SendAsync(gateway, HttpMethod.Put, "/limits/model:m%2Fone", """{"rpm":1}""");
        await gateway.RestartAsync();
        Assert.Equal("model:m/one", (await SendAsync(gateway, HttpMethod.Get, "/limits/model:m/one")).Json.GetProperty("scope").GetString());
        Assert.Equal(200, (await gateway.AskAsync("(one)")).Status);
        Assert.Contains("The limit that model m/one shares is 1 request a minute (rpm).", (await gateway.AskAsync("(two)")).Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/limits/dev1", """{"rpm":1}""", "'dev1' is no scope. Allowed: key:ID, user:NAME, team:NAME, project:NAME, model:ID or organization.")]
    [InlineData("/limits/user:dev1", """{"rpm":-1}""", "rpm is -1; allowed: a whole number from 0 (no limit) to 1000000000000.")]
    [InlineData("/limits/user:dev1", """{"burst":2}""", "burst is 2 without rpm: it says how many of a minute's requests may start at once; set rpm too.")]
    [InlineData("/limits/user:dev1", "{}", "No limit is named. Name one of rpm, input_tpm, output_tpm, rpd, burst, concurrency; to take all away, remove the scope's limits.")]
    public async Task BadLimits_AreRefused_WithWhatIsAllowed(string path, string body, string message)
    {
        await using var gateway = await LimitedGateway.StartAsync("");
        var answer = await SendAsync(gateway, HttpMethod.Put, path, body);
        Assert.Equal((400, message), (answer.Status, answer.Json.GetProperty("error").GetProperty("message").GetString()));
        Assert.False(gateway.Server.Admission.IsOn);
    }

    private static async Task<ClientAnswer> SendAsync(GatewayUnderTest gateway, HttpMethod method, string path, string? body = null)
    {
        using var request = new HttpRequestMessage(method, "/admin/api" + path);
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", GatewayUnderTest.AdminKey);
        request.Content = body is null ? null : new StringContent(body, Encoding.UTF8, "application/json");
        return await gateway.SendAsync(request);
    }
}
