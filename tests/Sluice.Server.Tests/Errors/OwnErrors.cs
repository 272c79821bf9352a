using System.Text;
using System.Text.Json;
using Sluice.Server.Hosting;
using Sluice.Server.Tests.Hosting;
using Sluice.Server.Tests.Kit;
using Sluice.Simulator;

namespace Sluice.Server.Tests.Errors;

/// <summary>Everything that Sluice itself refuses, provoked on a running one and answered in every format.</summary>
internal sealed class OwnErrors : IAsyncDisposable
{
    private const string Yaml = """
        server: { urls: ["http://127.0.0.1:0"], max_body: 64KiB, max_buffered: 16KiB }
        auth: { admin_key: admin-key-of-the-tests-0123456789 }
        breaker: { failures: 1, open: 5m }
        guardrails: [{ name: no card numbers, pattern: '4111' }]
        routing: { retries: 0 }
        providers:
          - { name: only, kind: anthropic, base_url: "{provider}", api_keys: [provider-key-1] }
        models:
          - { id: acme/coder, context: 1000, endpoints: [{ provider: only, model: coder }] }
          - { id: acme/paid, context: 1000, endpoints: [{ provider: only, model: paid, price: { input: 1, output: 1 } }] }
          - { id: acme/broken, context: 1000, endpoints: [{ provider: only, model: broken }] }
        """;

    private const string NoModel = "no model named";
    private const string Twice = "a member named twice";
    private const string Question = ""","max_tokens":9,"messages":[{"role":"user","content":"hi"}]}""";

    private readonly ServingFolder _folder;
    private readonly SluiceServer _server;
    private readonly HttpClient _client;

    private OwnErrors(ServingFolder folder, SluiceServer server)
    {
        _folder = folder;
        _server = server;
        _client = ServingFolder.Client(server);
    }

    public static async Task<OwnErrors> StartAsync()
    {
        var folder = await ServingFolder.CreateAsync(Yaml);
        return new OwnErrors(folder, await folder.ServeAsync());
    }

    /// <summary>When, and how each format is told; a format that cannot be asked so is left out.</summary>
    public async Task<IReadOnlyList<(string When, IReadOnlyDictionary<Wire, OwnError> Told)>> CollectAsync()
    {
        var revoked = await MakeKeyAsync("{\"user\":\"ada\"}");
        await AdminAsync(HttpMethod.Delete, $"/keys/{revoked.Id}", body: null);
        await BreakAsync();
        var narrow = await MakeKeyAsync("{\"user\":\"bob\",\"models\":[\"acme/other\"]}");
        var minute = await UseUpAsync("carol", "{\"rpm\":1}");
        var day = await UseUpAsync("dave", "{\"rpd\":1}");
        var poor = await WithBudgetAsync("erin", project: null, "user:erin");
        var shared = await WithBudgetAsync("frank", "web", "project:web");
        (string When, Func<Wire, HttpRequestMessage> Request)[] cases =
        [
            ("no key", wire => Request(wire, Good(wire), key: null)),
            ("an unknown key", wire => Request(wire, Good(wire), "sk-unknown-0123456789abcdef")),
            ("a revoked key", wire => Request(wire, Good(wire), revoked.Key)),
            ("a model that the key may not use", wire => Request(wire, Good(wire), narrow.Key)),
            ("a guardrail", wire => Request(wire, Wires.Ask(wire, "acme/coder", "4111", stream: false))),
            ("an unknown model", wire => Request(wire, Good(wire, "acme/codr"))),
            ("a model that no provider serves", wire => Request(wire, Good(wire, "openai/gpt-4o"))),
            ("every circuit open", wire => Request(wire, Good(wire, "acme/broken"))),
            ("a limit of the caller, by the minute", wire => Request(wire, Good(wire), minute)),
            ("a limit of the caller, by the day", wire => Request(wire, Good(wire), day)),
            ("a hard budget of the caller or his key that cannot pay", wire => Request(wire, Good(wire, "acme/paid"), poor)),
            ("a hard budget that several share and that cannot pay", wire => Request(wire, Good(wire, "acme/paid"), shared)),
            ("a hard budget, and a model without a price", wire => Request(wire, Good(wire), poor)),
            (NoModel, wire => Request(wire, "{\"max_tokens\":9,\"messages\":[]}")),
            ("a body that is not JSON", wire => Request(wire, "{\"model\": ")),
            (Twice, wire => Request(wire, "{\"model\":\"a\",\"model\":\"b\"" + Question)),
            ("a body larger than server.max_body", wire => Request(wire, new string(' ', 70_000))),
            ("no room for the body (server.max_buffered)", wire => Request(wire, new string(' ', 20_000))),
            ("a compressed body", wire => Compressed(Request(wire, Good(wire)))),
            ("another method", wire => Get(Request(wire, Good(wire)))),
            ("another path", wire => Elsewhere(Request(wire, Good(wire)), wire)),
        ];
        var rows = new List<(string, IReadOnlyDictionary<Wire, OwnError>)>();
        foreach (var (when, request) in cases)
        {
            var told = new Dictionary<Wire, OwnError>();
            foreach (var wire in Enum.GetValues<Wire>())
            {
                // Gemini's model is in the path, and what its body says of one is nobody's business.
                if (wire != Wire.Gemini || when is not (NoModel or Twice))
                {
                    told[wire] = await AskAsync(request(wire), wire);
                }
            }

            rows.Add((when, told));
        }

        return rows;
    }

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await _server.DisposeAsync();
        await _folder.DisposeAsync();
    }

    private static ClientRequest Good(Wire wire, string model = "acme/coder") => Wires.Ask(wire, model, "hi", stream: false);

    private HttpRequestMessage Request(Wire wire, string body) => Request(wire, new ClientRequest(Wires.PathOf(wire, "acme/coder"), body), _folder.Key);

    private HttpRequestMessage Request(Wire wire, ClientRequest ask) => Request(wire, ask, _folder.Key);

    private static HttpRequestMessage Request(Wire wire, ClientRequest ask, string? key)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, ask.Path) { Content = new StringContent(ask.Body, Encoding.UTF8, "application/json") };
        if (key is not null)
        {
            request.Headers.Add("x-api-key", key);
        }

        if (wire == Wire.Anthropic)
        {
            request.Headers.Add("anthropic-version", "2023-06-01");
        }

        return request;
    }

    // One failure opens the circuit here, and nobody probes for five minutes.
    private async Task BreakAsync()
    {
        _folder.Provider.Script.Always(Fault.Of(500), "broken");
        using var request = Request(Wire.Anthropic, Good(Wire.Anthropic, "acme/broken"));
        using var failed = await _client.SendAsync(request);
    }

    // The only request that the user's limit allows is made here.
    private async Task<string> UseUpAsync(string user, string limits)
    {
        var key = (await MakeKeyAsync($"{{\"user\":\"{user}\"}}")).Key;
        await AdminAsync(HttpMethod.Put, "/limits/user:" + user, limits);
        using var request = Request(Wire.Anthropic, Good(Wire.Anthropic), key);
        using var answer = await _client.SendAsync(request);
        answer.EnsureSuccessStatusCode();
        return key;
    }

    private async Task<string> WithBudgetAsync(string user, string? project, string scope)
    {
        var key = (await MakeKeyAsync(project is null ? $"{{\"user\":\"{user}\"}}" : $"{{\"user\":\"{user}\",\"project\":\"{project}\"}}")).Key;
        await AdminAsync(HttpMethod.Put, "/budgets", $"{{\"scope\":\"{scope}\",\"per\":\"month\",\"usd\":0,\"hard\":true}}");
        return key;
    }

    private static HttpRequestMessage Elsewhere(HttpRequestMessage request, Wire wire)
    {
        request.RequestUri = new Uri(wire == Wire.Gemini ? "/v1beta/nothing" : "/v1/nothing", UriKind.Relative);
        return request;
    }

    private static HttpRequestMessage Compressed(HttpRequestMessage request)
    {
        request.Content!.Headers.ContentEncoding.Add("gzip");
        return request;
    }

    private static HttpRequestMessage Get(HttpRequestMessage request)
    {
        request.Method = HttpMethod.Get;
        request.Content = null;
        return request;
    }

    private async Task<OwnError> AskAsync(HttpRequestMessage request, Wire wire)
    {
        using var response = await _client.SendAsync(request);
        using var json = JsonDocument.Parse(await response.Content.ReadAsStringAsync());
        if (Wires.Of(wire).ErrorOf(json.RootElement) is null)
        {
            throw new InvalidOperationException($"{request.Method} {request.RequestUri} was not refused in {wire}'s shape: {json.RootElement.GetRawText()}");
        }

        return new OwnError(
            (int)response.StatusCode,
            response.Headers.GetValues("x-sluice-error-source").Single(),
            response.Headers.RetryAfter is { Delta: { } wait } ? $"{wait.TotalSeconds:0}" : "",
            response.Headers.TryGetValues("x-should-retry", out var retry) ? retry.Single() : "",
            json.RootElement.Clone());
    }

    private async Task<(string Id, string Key)> MakeKeyAsync(string body)
    {
        var answer = await AdminAsync(HttpMethod.Post, "/keys", body);
        return (answer.GetProperty("id").GetString()!, answer.GetProperty("key").GetString()!);
    }

    private async Task<JsonElement> AdminAsync(HttpMethod method, string path, string? body)
    {
        using var request = new HttpRequestMessage(method, "/admin/api" + path);
        request.Headers.Add("Authorization", "Bearer " + ServingFolder.AdminKey);
        request.Content = body is null ? null : new StringContent(body, Encoding.UTF8, "application/json");
        using var response = await _client.SendAsync(request);
        response.EnsureSuccessStatusCode();
        var text = await response.Content.ReadAsStringAsync();
        using var json = JsonDocument.Parse(text.Length == 0 ? "{}" : text);
        return json.RootElement.Clone();
    }
}

/// <summary>One refusal as it arrived.</summary>
internal sealed record OwnError(int Status, string Source, string RetryAfter, string ShouldRetry, JsonElement Body)
{
    public JsonElement Error => Body.GetProperty("error");
}
