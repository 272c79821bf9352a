using Sluice.Server.Tests.Kit;

namespace Sluice.Server.Tests.Media;

/// <summary>Requests that the model, or its provider, cannot serve: a clear refusal that says who could, before anybody is asked.</summary>
public sealed class WrongModelTests
{
    [Theory]
    [InlineData("/v1/images/generations", """{"model":"acme/writer","prompt":"x"}""", "'acme/writer' makes text, no images. Models that make images here: acme/dalle, acme/painter")]
    [InlineData("/v1/audio/speech", """{"model":"acme/dalle","input":"x","voice":"alloy"}""", "'acme/dalle' makes images, no speech. Models that make speech here: acme/voice, acme/actor")]
    [InlineData("/v1/videos", """{"model":"acme/painter","prompt":"x"}""", "'acme/painter' makes text and images, no videos. Models that make videos here: acme/film")]
    [InlineData("/v1/chat/completions", """{"model":"acme/dalle","messages":[{"role":"user","content":"x"}]}""", "'acme/dalle' makes images, no text. Ask 'acme/dalle' at the path of what it makes")]
    [InlineData("/v1/embeddings", """{"model":"acme/writer","input":"x"}""", "'acme/writer' makes text, no vectors.")]
    [InlineData("/v1/images/generations", """{"model":"acme/claude-painter","prompt":"x"}""", "claude/c makes no images in this format. Configured providers that have an address for images: a, b")]
    public async Task Request_ForWhatTheModelDoesNotMake_IsRefusedWithTheNamesOfThoseThatDo(string path, string body, string says)
    {
        await using var gateway = await MediaGateway.StartAsync();

        var answer = await gateway.PostAsync(path, body);

        Assert.Equal(404, answer.Status);
        Assert.Contains(says, answer.Json.GetProperty("error").GetProperty("message").GetString(), StringComparison.Ordinal);
        Assert.Equal("client", answer.Header("x-sluice-error-source"));
        Assert.Equal((0, 0), (gateway.A.Record.Count, gateway.B.Record.Count));
    }

    [Fact]
    public async Task TextAndImages_OfOneModel_AreBothServed()
    {
        await using var gateway = await MediaGateway.StartAsync();

        Assert.Equal(200, (await gateway.PostAsync("/v1/chat/completions", """{"model":"acme/painter","messages":[{"role":"user","content":"x"}]}""")).Status);
        Assert.Equal(200, (await gateway.PostAsync("/v1/images/generations", """{"model":"acme/painter","prompt":"x"}""")).Status);
    }

    [Fact]
    public async Task Form_LargerThanAllowed_Is413()
    {
        await using var gateway = await MediaGateway.StartAsync(", max_body: 64KiB");

        var answer = await gateway.PostFormAsync("/v1/audio/transcriptions", ("model", "acme/whisper"), ("file", new byte[70_000]));

        Assert.Equal(413, answer.Status);
        Assert.Equal("invalid_request_error", answer.Json.GetProperty("error").GetProperty("type").GetString());
        Assert.Equal(0, gateway.HeldBytes);
    }

    [Theory]
    [InlineData("/v1/images/generations", 400, "Content-Type must be application/json; it was multipart/form-data")]
    [InlineData("/v1/audio/transcriptions", 400, "`model` is given twice.")]
    public async Task Form_ThatCannotBeTaken_IsRefused(string path, int status, string says)
    {
        await using var gateway = await MediaGateway.StartAsync();

        var answer = await gateway.PostFormAsync(path, ("model", "acme/whisper"), ("model", "acme/scribe"), ("file", MediaGateway.Wav(10)));

        Assert.Equal(status, answer.Status);
        Assert.Contains(says, answer.Json.GetProperty("error").GetProperty("message").GetString(), StringComparison.Ordinal);
        Assert.Equal(0, gateway.A.Record.Count);
    }
}
