using System.Text.Json;
using Sluice.Server.Tests.Kit;

namespace Sluice.Server.Tests.Surfaces;

/// <summary>Lists of models as each client's own vendor writes them, page by page.</summary>
public sealed class ModelListTests
{
    private const string Config = """
        providers:
          - { name: a, kind: anthropic, base_url: "{A}" }
        models:
          - { id: "m/one", context: 1000, endpoints: [{ provider: a, model: m, price: { input: 3, output: 15 } }] }
          - { id: "m/two:free", endpoints: [{ provider: a, model: m, price: { input: 3, output: 15 } }] }
          - { id: "vendor/deep/three", endpoints: [{ provider: a, model: m }] }
        """;

    private static readonly string[] All = ["m/one", "m/two:free", "vendor/deep/three"];

    [Fact]
    public async Task Gemini_HasNamesAndLimits_AndGoesOnByToken()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Config);
        foreach (var (path, header) in new[] { ("/v1beta/models", ""), ("/v1/models", "x-goog-api-client"), ("/v1beta1/publishers/google/models", "x-goog-api-client") })
        {
            var names = new List<string>();
            var token = "";
            for (var page = 0; page < 3; page++)
            {
                var list = (await GetAsync(gateway, $"{path}?pageSize=1{(token.Length > 0 ? "&pageToken=" + token : "")}", header)).Json;
                var model = Assert.Single(list.GetProperty("models").EnumerateArray());
                names.Add(model.GetProperty("name").GetString()!["models/".Length..]);
                Assert.Contains("generateContent", model.GetProperty("supportedGenerationMethods").EnumerateArray().Select(m => m.GetString()));
                Assert.Equal(page < 2, list.TryGetProperty("nextPageToken", out var next));
                token = next.ValueKind == JsonValueKind.String ? next.GetString()! : "";
            }

            Assert.Equal(All, names.Order(StringComparer.Ordinal));
        }

        var one = (await GetAsync(gateway, "/v1beta/models/m/one", "")).Json;
        Assert.Equal(("models/m/one", 1000), (one.GetProperty("name").GetString(), one.GetProperty("inputTokenLimit").GetInt32()));
        var unknown = await GetAsync(gateway, "/v1beta/models/m/none", "");
        Assert.Equal((404, "NOT_FOUND"), (unknown.Status, unknown.Error(Wire.Gemini).Type));
    }

    [Fact]
    public async Task C13_OpenAI_HasObjectAndCreated_AndOpenRoutersPricesBesides()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Config);
        var ids = new List<string>();
        for (var offset = 0; offset < 3; offset++)
        {
            var list = (await GetAsync(gateway, $"/api/v1/models?limit=1&offset={offset}", "")).Json;
            Assert.Equal("list", list.GetProperty("object").GetString());
            Assert.Equal(3, list.GetProperty("total_count").GetInt32());
            var model = Assert.Single(list.GetProperty("data").EnumerateArray());
            Assert.Equal("model", model.GetProperty("object").GetString());
            Assert.True(model.GetProperty("created").TryGetInt64(out _));
            ids.Add(model.GetProperty("id").GetString()!);
            Assert.Equal(offset < 2, list.GetProperty("links").GetProperty("next").ValueKind == JsonValueKind.String);
        }

        Assert.Equal(All, ids.Order(StringComparer.Ordinal));
        var one = (await GetAsync(gateway, "/v1/models/m/one", "")).Json;
        Assert.Equal("text", one.GetProperty("architecture").GetProperty("input_modalities")[0].GetString());
        Assert.Equal(1000, one.GetProperty("context_length").GetInt32());

        // OpenRouter's SDK refuses a list with a model that lacks one of these.
        var bare = (await GetAsync(gateway, "/v1/models/vendor/deep/three", "")).Json;
        Assert.Equal(JsonValueKind.Null, bare.GetProperty("context_length").ValueKind);
        Assert.Equal(("-1", "-1"), (bare.GetProperty("pricing").GetProperty("prompt").GetString(), bare.GetProperty("pricing").GetProperty("completion").GetString()));
    }

    [Fact]
    public async Task Codex_FindsSlugsBesides()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Config);
        var list = (await GetAsync(gateway, "/v1/models?client_version=0.99.0", "", "codex_cli_rs/0.99.0 (Linux)")).Json;
        Assert.Equal(All, list.GetProperty("models").EnumerateArray().Select(m => m.GetProperty("slug").GetString()!).Order(StringComparer.Ordinal));
        Assert.Equal(3, list.GetProperty("data").GetArrayLength());
        Assert.False((await GetAsync(gateway, "/v1/models", "")).Json.TryGetProperty("models", out _));
    }

    [Fact]
    public async Task Anthropic_GoesOnBehindAnId()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Config);
        var ids = new List<string>();
        var after = "";
        for (var page = 0; page < 3; page++)
        {
            var list = (await GetAsync(gateway, "/v1/models?limit=1" + after, "anthropic-version")).Json;
            var model = Assert.Single(list.GetProperty("data").EnumerateArray());
            ids.Add(model.GetProperty("id").GetString()!);
            Assert.Equal((ids[^1], ids[^1]), (list.GetProperty("first_id").GetString(), list.GetProperty("last_id").GetString()));
            Assert.Equal(page < 2, list.GetProperty("has_more").GetBoolean());
            after = "&after_id=" + Uri.EscapeDataString(ids[^1]);
        }

        Assert.Equal(All, ids.Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("/v1/models", "anthropic-version", Wire.Anthropic)]
    [InlineData("/v1/models", "", Wire.Chat)]
    [InlineData("/v1beta/models", "", Wire.Gemini)]
    public async Task WithoutAKey_Is401InTheClientsShape(string path, string header, Wire shape)
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Config);
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        if (header.Length > 0)
        {
            request.Headers.Add(header, "2023-06-01");
        }

        var answer = await gateway.SendAsync(request);
        Assert.Equal(401, answer.Status);
        Assert.Equal("authentication", answer.Error(shape).Kind);
    }

    private static async Task<ClientAnswer> GetAsync(GatewayUnderTest gateway, string path, string header, string? agent = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.Add("x-api-key", gateway.Key);
        if (header.Length > 0)
        {
            request.Headers.Add(header, "2023-06-01");
        }

        if (agent is not null)
        {
            request.Headers.TryAddWithoutValidation("User-Agent", agent);
        }

        return await gateway.SendAsync(request);
    }
}
