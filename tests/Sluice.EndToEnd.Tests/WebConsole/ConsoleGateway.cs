using System.Text;
using System.Text.Json;
using Sluice.EndToEnd.Tests.RealClients;
using Sluice.Testing;
using Xunit;

namespace Sluice.EndToEnd.Tests.WebConsole;

/// <summary>A Sluice with something to show: two requests that the simulator answered, one to a provider where nobody listens, and one for a model that an attacker named.</summary>
public sealed class ConsoleGateway : IAsyncLifetime
{
    private const string Config = """
        routing: { retries: 0 }
        providers:
          - { name: sim, kind: simulator, limits: { concurrency: 3 } }
          - { name: gone, kind: openai, base_url: "http://127.0.0.1:9/v1", api_keys: [provider-key-of-the-console] }
        models:
          - { id: acme/gone, endpoints: [{ provider: gone, model: gone-1, price: { input: 1.5, output: 2 } }] }
        """;

    /// <summary>A name of a model as an attacker may send it, to be shown as what it is.</summary>
    public const string HostileName = "<img src=x onerror=alert(1)>";

    private SluiceProcess? _sluice;

    /// <summary>Of the request that failed.</summary>
    public string FailedId { get; private set; } = "";

    public async ValueTask InitializeAsync()
    {
        if (ChromiumBrowser.Program is null || ClientsCache.WhyMissing is not null)
        {
            return;
        }

        _sluice = await SluiceProcess.StartAsync(new SluiceOptions { Config = Config });
        Assert.Equal(200, (await AskAsync("sim/echo")).Status);
        Assert.Equal(200, (await AskAsync("sim/echo")).Status);
        (var status, FailedId) = await AskAsync("acme/gone");
        Assert.Equal(502, status);
        Assert.Equal(404, (await AskAsync(HostileName)).Status);
    }

    public async ValueTask DisposeAsync()
    {
        if (_sluice is not null)
        {
            await _sluice.DisposeAsync();
        }
    }

    /// <summary>Runs one call of <c>tests/clients/console.mjs</c>. Nothing that the browser complained of is accepted from any.</summary>
    public async Task<JsonElement> BrowseAsync(string call)
    {
        if (ChromiumBrowser.Program is null)
        {
            Assert.SkipWhen(ChromiumBrowser.WhyNotInstalled is not null, ChromiumBrowser.WhyNotInstalled ?? "");
            Assert.Fail("There is no Chromium; ./test installs it.");
        }

        Installed.OrSkip();
        var result = await NodeScript.RunAsync("console.mjs", call, new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["BASE_URL"] = _sluice!.Url.ToString().TrimEnd('/'),
            ["ADMIN_KEY"] = _sluice.AdminKey,
            ["CHROMIUM"] = ChromiumBrowser.Program,
            ["REQUEST_ID"] = FailedId,
        });
        Assert.True(result.Ok, result.ToString());
        Assert.Equal([], result.Value.GetProperty("faults").EnumerateArray().Select(fault => fault.GetString()!));
        return result.Value;
    }

    private async Task<(int Status, string Id)> AskAsync(string model)
    {
        using var client = _sluice!.CreateClient();
        client.DefaultRequestHeaders.UserAgent.ParseAdd("claude-cli/2.1.328");
        using var body = new StringContent(
            $$"""{"model":"{{model}}","max_tokens":50,"messages":[{"role":"user","content":"Say hello."}]}""", Encoding.UTF8, "application/json");
        using var response = await client.PostAsync(new Uri("/v1/messages", UriKind.Relative), body);
        return ((int)response.StatusCode, response.Headers.GetValues("x-sluice-request-id").Single());
    }
}
