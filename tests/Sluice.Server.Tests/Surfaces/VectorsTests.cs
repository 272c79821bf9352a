using System.Text;
using System.Text.Json;
using Sluice.Server.Tests.Kit;

namespace Sluice.Server.Tests.Surfaces;

/// <summary>Vectors pass natively: to whoever makes them in the client's own format, with its counts in the ledger.</summary>
public sealed class VectorsTests
{
    private const string Providers = """
        routing: { retries: 0 }
        providers:
          - { name: chat, kind: openai, base_url: "{A}/v1", api_keys: [key-of-a-0123456789] }
          - { name: google, kind: gemini, base_url: "{A}", api_keys: [key-of-g-0123456789] }
          - { name: claude, kind: anthropic, base_url: "{B}", api_keys: [key-of-b-0123456789] }
        models:
          - { id: acme/vectors, endpoints: [{ provider: chat, model: text-vectors-1, price: { input: 0.02, output: 0 } }] }
          - { id: acme/gem-vectors, endpoints: [{ provider: google, model: gem-vectors-1 }] }
          - { id: acme/claude, endpoints: [{ provider: claude, model: c }] }
        """;

    [Fact]
    public async Task Embeddings_OfAnOpenAIClient_PassAndArePriced()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Providers);

        var answer = await PostAsync(gateway, "/v1/embeddings", """{"model":"acme/vectors","input":["one","two"],"encoding_format":"float"}""");

        Assert.True(answer.Status == 200, answer.Text);
        Assert.Equal(2, answer.Json.GetProperty("data").GetArrayLength());
        var sent = JsonDocument.Parse(gateway.A.Record.Requests[^1].Body!).RootElement;
        Assert.Equal("""{"model":"text-vectors-1","input":["one","two"],"encoding_format":"float"}""", sent.GetRawText());
        Assert.Equal("/v1/embeddings", gateway.A.Record.Requests[^1].Path);
        var tokens = answer.Json.GetProperty("usage").GetProperty("prompt_tokens").GetInt64();
        var attempt = (await gateway.SettledTrailAsync(answer.Id)).GetProperty("attempts")[0];
        Assert.Equal(tokens * 20, attempt.GetProperty("cost_nano_usd").GetInt64());
    }

    [Theory]
    [InlineData("embedContent", """{"model":"models/acme/gem-vectors","content":{"parts":[{"text":"one"}]}}""", """{"model":"models/gem-vectors-1","content":{"parts":[{"text":"one"}]}}""")]
    [InlineData("batchEmbedContents", """{"requests":[{"model":"models/gem-vectors-1","content":{"parts":[{"text":"one"}]}}]}""", null)]
    [InlineData("batchEmbedContents",
        """{"requests":[{ "model" : "models/acme/gem-vectors","content":{"parts":[{"text":"one"}]}},{"content":{"parts":[{"text":"\u0032"}]},"model":"models/acme/gem-vectors"}]}""",
        """{"requests":[{ "model" : "models/gem-vectors-1","content":{"parts":[{"text":"one"}]}},{"content":{"parts":[{"text":"\u0032"}]},"model":"models/gem-vectors-1"}]}""")]
    public async Task EmbedContent_OfAGeminiClient_Passes(string method, string body, string? sent)
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Providers);

        var answer = await PostAsync(gateway, $"/v1beta/models/acme/gem-vectors:{method}", body);

        Assert.True(answer.Status == 200, answer.Text);
        Assert.StartsWith("{\"embedding", answer.Text.Replace("\n", "", StringComparison.Ordinal).Replace(" ", "", StringComparison.Ordinal), StringComparison.Ordinal);
        var received = gateway.A.Record.Requests[^1];
        Assert.Equal($"/v1beta/models/gem-vectors-1:{method}", received.Path);
        Assert.Equal(sent ?? body, Encoding.UTF8.GetString(received.Body!));
    }

    [Fact]
    public async Task Embeddings_OfAModelWithoutAny_AreRefusedClearly()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Providers);

        var answer = await PostAsync(gateway, "/v1/embeddings", """{"model":"acme/claude","input":"one"}""");

        Assert.Equal(404, answer.Status);
        Assert.Contains("makes no vectors", answer.Json.GetProperty("error").GetProperty("message").GetString(), StringComparison.Ordinal);
        Assert.Equal(0, gateway.B.Record.Count);
    }

    private static async Task<ClientAnswer> PostAsync(GatewayUnderTest gateway, string path, string body)
    {
        using var request = gateway.Request(Wire.Chat, Encoding.UTF8.GetBytes(body), path);
        return await gateway.SendAsync(request);
    }
}
