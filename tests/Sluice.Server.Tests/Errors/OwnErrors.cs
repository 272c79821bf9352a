using System.Text;
using System.Text.Json;
using Sluice.Server.Hosting;
using Sluice.Server.Tests.Hosting;

namespace Sluice.Server.Tests.Errors;

/// <summary>Everything that Sluice itself refuses, provoked on a running one and answered in both formats.</summary>
internal sealed class OwnErrors : IAsyncDisposable
{
    private const string Yaml = """
        server: { urls: ["http://127.0.0.1:0"], max_body: 64KiB, max_buffered: 16KiB }
        auth: { admin_key: admin-key-of-the-tests-0123456789 }
        providers:
          - { name: only, kind: anthropic, base_url: "{provider}", api_keys: [provider-key-1] }
        models:
          - { id: acme/coder, context: 1000, endpoints: [{ provider: only, model: coder }] }
        """;

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

    /// <summary>When, and how each format is told.</summary>
    public async Task<IReadOnlyList<(string When, OwnError Anthropic, OwnError OpenAI)>> CollectAsync()
    {
        var revoked = await MakeKeyAsync("{\"user\":\"ada\"}");
        await AdminAsync(HttpMethod.Delete, $"/keys/{revoked.Id}", body: null);
        var narrow = await MakeKeyAsync("{\"user\":\"bob\",\"models\":[\"acme/other\"]}");
        var good = "{\"model\":\"acme/coder\"" + Question;
        (string When, Func<string, HttpRequestMessage> Request)[] cases =
        [
            ("no key", path => Request(path, good, key: null)),
            ("an unknown key", path => Request(path, good, "sk-unknown-0123456789abcdef")),
            ("a revoked key", path => Request(path, good, revoked.Key)),
            ("a model that the key may not use", path => Request(path, good, narrow.Key)),
            ("an unknown model", path => Request(path, "{\"model\":\"acme/codr\"" + Question)),
            ("a model that no provider serves", path => Request(path, "{\"model\":\"openai/gpt-4o\"" + Question)),
            ("no model named", path => Request(path, "{\"max_tokens\":9,\"messages\":[]}")),
            ("a body that is not JSON", path => Request(path, "{\"model\": ")),
            ("a member named twice", path => Request(path, "{\"model\":\"a\",\"model\":\"b\"" + Question)),
            ("a body larger than server.max_body", path => Request(path, new string(' ', 70_000))),
            ("no room for the body (server.max_buffered)", path => Request(path, new string(' ', 20_000))),
            ("a compressed body", path => Compressed(Request(path, good))),
            ("another method", path => Get(Request(path, good))),
            ("another path", path => Request("/v1/nothing" + (path == "/v1/messages" ? "?anthropic" : ""), good)),
        ];
        var rows = new List<(string, OwnError, OwnError)>();
        foreach (var (when, request) in cases)
        {
            rows.Add((when, await AskAsync(request("/v1/messages")), await AskAsync(request("/v1/chat/completions"))));
        }

        return rows;
    }

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await _server.DisposeAsync();
        await _folder.DisposeAsync();
    }

    private HttpRequestMessage Request(string path, string body) => Request(path, body, _folder.Key);

    private static HttpRequestMessage Request(string path, string body, string? key)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new StringContent(body, Encoding.UTF8, "application/json") };
        if (key is not null)
        {
            request.Headers.Add("x-api-key", key);
        }

        if (path.Contains("messages", StringComparison.Ordinal) || path.Contains("anthropic", StringComparison.Ordinal))
        {
            request.Headers.Add("anthropic-version", "2023-06-01");
        }

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

    private async Task<OwnError> AskAsync(HttpRequestMessage request)
    {
        using var response = await _client.SendAsync(request);
        using var json = JsonDocument.Parse(await response.Content.ReadAsStringAsync());
        if (!json.RootElement.TryGetProperty("error", out var error))
        {
            throw new InvalidOperationException($"{request.Method} {request.RequestUri} was not refused: {json.RootElement.GetRawText()}");
        }

        return new OwnError(
            (int)response.StatusCode,
            response.Headers.GetValues("x-sluice-error-source").Single(),
            response.Headers.RetryAfter is { Delta: { } wait } ? $"{wait.TotalSeconds:0}" : "",
            response.Headers.TryGetValues("x-should-retry", out var retry) ? retry.Single() : "",
            error.Clone());
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
internal sealed record OwnError(int Status, string Source, string RetryAfter, string ShouldRetry, JsonElement Error);
