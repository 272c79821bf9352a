using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using Sluice.Server.Hosting;

namespace Sluice.Server.Tests.Hosting;

/// <summary>What Sluice listens on and whom it lets in as its administrator.</summary>
public sealed class AddressAndAdminKeyTests
{
    private static string Yaml(string server, string auth = "") => $$"""
        server: { urls: ["{{server}}"] }
        {{auth}}
        providers:
          - { name: only, kind: anthropic, base_url: "{provider}", api_keys: [provider-key-1] }
        models:
          - { id: m, endpoints: [{ provider: only, model: m, price: { input: 1, output: 1 } }] }
        """;

    [Fact]
    public async Task Serve_AddressInUse_IsRefusedWithTheAddressAndTheWayOut()
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        var address = $"http://127.0.0.1:{((IPEndPoint)taken.LocalEndpoint).Port}";
        await using var folder = await ServingFolder.CreateAsync(Yaml(address));

        var refused = await Assert.ThrowsAsync<StartRefusedException>(() => folder.ServeAsync());

        // Not a fault of usage: the same command works once the address is free.
        Assert.False(refused.IsUsage);
        Assert.Contains(address, refused.Message, StringComparison.Ordinal);
        Assert.Contains("--urls", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Serve_ConfiguredAdminKey_OpensTheAdminApiAndNothingElse()
    {
        const string Configured = "configured-admin-key-0123456789";
        await using var folder = await ServingFolder.CreateAsync(Yaml("http://127.0.0.1:0", "auth: { admin_key: " + Configured + " }"));
        await using var server = await folder.ServeAsync(TimeSpan.FromMilliseconds(100));
        using var client = ServingFolder.Client(server);

        Assert.Equal(HttpStatusCode.OK, await StatusAsync(client, HttpMethod.Get, "/admin/api/status", Configured));
        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(client, HttpMethod.Get, "/admin/api/status", folder.Key));
        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(client, HttpMethod.Get, "/admin/api/status", Configured[..^1]));
        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(client, HttpMethod.Get, "/admin/api/status", key: null));
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(client, HttpMethod.Get, "/v1/models", folder.Key));
        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(client, HttpMethod.Post, "/v1/messages", Configured));
        Assert.Equal(0, folder.Provider.Record.Count);
    }

    private static async Task<HttpStatusCode> StatusAsync(HttpClient client, HttpMethod method, string path, string? key)
    {
        using var request = new HttpRequestMessage(method, path);
        if (method == HttpMethod.Post)
        {
            request.Content = new StringContent("""{"model":"m","max_tokens":9,"messages":[{"role":"user","content":"x"}]}""", System.Text.Encoding.UTF8, "application/json");
        }

        if (key is not null)
        {
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key);
        }

        using var response = await client.SendAsync(request);
        return response.StatusCode;
    }
}
