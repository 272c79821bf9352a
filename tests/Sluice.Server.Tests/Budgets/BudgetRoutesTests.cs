using Sluice.Protocols.Formats;
using Sluice.Server.Tests.Kit;
using Sluice.Server.Tests.Media;

namespace Sluice.Server.Tests.Budgets;

/// <summary>No way past a budget: everything that clients can ask of a provider is refused when there is no money, but for counts of tokens.</summary>
public sealed class BudgetRoutesTests
{
    private const string Chat = """{"model":"acme/writer","messages":[{"role":"user","content":"hi"}],"max_tokens":100}""";
    private const string Gemini = """{"contents":[{"parts":[{"text":"hi"}]}],"generationConfig":{"maxOutputTokens":100}}""";

    // In a form, the members that JSON has otherwise.
    private static readonly (SurfaceOperation Operation, string Path, string Body)[] Asks =
    [
        (SurfaceOperation.Generate, "/v1/messages", Chat),
        (SurfaceOperation.Generate, "/v1/chat/completions", Chat),
        (SurfaceOperation.Generate, "/api/v1/chat/completions", Chat),
        (SurfaceOperation.Generate, "/v1/responses", """{"model":"acme/writer","input":"hi","max_output_tokens":100}"""),
        (SurfaceOperation.Generate, "/v1/completions", """{"model":"acme/writer","prompt":"hi","max_tokens":100}"""),
        (SurfaceOperation.Generate, "/v1beta/models/acme%2Fwriter:generateContent", Gemini),
        (SurfaceOperation.Generate, "/v1beta/models/acme%2Fwriter:streamGenerateContent", Gemini),
        (SurfaceOperation.CountTokens, "/v1/messages/count_tokens", Chat),
        (SurfaceOperation.CountTokens, "/v1beta/models/acme%2Fgem:countTokens", """{"contents":[{"parts":[{"text":"hi"}]}]}"""),
        (SurfaceOperation.Embed, "/v1/embeddings", """{"model":"acme/vectors","input":"hi"}"""),
        (SurfaceOperation.Embed, "/v1beta/models/acme%2Fgem:embedContent", """{"content":{"parts":[{"text":"hi"}]}}"""),
        (SurfaceOperation.EmbedBatch, "/v1beta/models/acme%2Fgem:batchEmbedContents", """{"requests":[{"model":"models/acme/gem","content":{"parts":[{"text":"hi"}]}}]}"""),
        (SurfaceOperation.MakeImage, "/v1/images/generations", """{"model":"acme/dalle","prompt":"a heron"}"""),
        (SurfaceOperation.MakeImage, "/v1/images/generations", """{"model":"acme/painter","prompt":"a heron"}"""),
        (SurfaceOperation.EditImage, "/v1/images/edits", "acme/painter"),
        (SurfaceOperation.Speak, "/v1/audio/speech", """{"model":"acme/voice","input":"hello there","voice":"alloy"}"""),
        (SurfaceOperation.Speak, "/v1/audio/speech", """{"model":"acme/actor","input":"hello there","voice":"alloy"}"""),
        (SurfaceOperation.Transcribe, "/v1/audio/transcriptions", "acme/whisper"),
        (SurfaceOperation.Transcribe, "/v1/audio/transcriptions", "acme/scribe"),
        (SurfaceOperation.TranslateSpeech, "/v1/audio/translations", "acme/whisper"),
        (SurfaceOperation.MakeVideo, "/v1/videos", """{"model":"acme/film","prompt":"a heron"}"""),
    ];

    public static TheoryData<int> Cases => [.. Enumerable.Range(0, Asks.Length)];

    [Fact]
    public void EveryOperation_IsAmongTheCases() => Assert.Equal(Enum.GetValues<SurfaceOperation>(), Asks.Select(ask => ask.Operation).Distinct().Order());

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task F23_NoRoute_LeadsPastABudget(int which)
    {
        await using var gateway = await GatewayUnderTest.StartAsync(MediaGateway.Yaml.Replace(
            "models:\n",
            """
              - { name: g, kind: gemini, base_url: "{B}", api_keys: [key-of-g-0123456789] }
            models:
              - { id: acme/gem, endpoints: [{ provider: g, model: gem, price: { input: 1, output: 1 } }] }
              - { id: acme/vectors, makes: [vectors], endpoints: [{ provider: a, model: vectors, price: { input: 1 } }] }

            """,
            StringComparison.Ordinal));
        await gateway.SetBudgetAsync("user:admin", "0");
        var (operation, path, body) = Asks[which];
        var answer = body[0] == '{'
            ? await gateway.PostAsync(path, body)
            : await gateway.PostFormAsync(path, ("model", body), ("prompt", "make it blue"), (operation == SurfaceOperation.EditImage ? "image" : "file", MediaGateway.Wav(2_000)));
        var isFree = operation == SurfaceOperation.CountTokens;
        Assert.True(answer.Status == (isFree ? 200 : 402), $"{path}: {answer.Status} {answer.Text}");
        Assert.True(isFree || (gateway.A.Record.Requests.Count == 0 && gateway.B.Record.Requests.Count == 0), path);
    }
}
