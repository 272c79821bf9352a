using System.Text;
using Sluice.Server.Tests.Kit;
using Sluice.Simulator;

namespace Sluice.Server.Tests.Media;

/// <summary>Transcripts: a form goes on with nothing changed but the model, and comes back in whichever shape was asked for.</summary>
public sealed class TranscriptTests
{
    [Fact]
    public async Task I15_Transcript_OfAForm_PassesWithTheModelAloneChanged()
    {
        await using var gateway = await MediaGateway.StartAsync();
        var sound = MediaGateway.Wav(2000);

        var answer = await gateway.PostFormAsync("/v1/audio/transcriptions", ("file", sound), ("model", "acme/whisper"), ("language", "en"));

        Assert.True(answer.Status == 200, answer.Text);
        Assert.Equal("heard sound.wav of 16044 bytes", answer.Json.GetProperty("text").GetString());
        var received = gateway.A.Record.Requests[^1];
        Assert.Equal("/v1/audio/transcriptions", received.Path);
        Assert.Equal("multipart/form-data; boundary=\"form-boundary-0123456789\"", received.Header("content-type"));
        Assert.True(received.Body.AsSpan().IndexOf(sound) > 0);
        Assert.Contains("name=model\r\n\r\nwhisper-9\r\n--form-boundary-0123456789\r\n", Encoding.Latin1.GetString(received.Body!), StringComparison.Ordinal);

        // "usage":{"type":"duration","seconds":3}: 2.0055 s, rounded up by the provider, at USD 0.0001 a second.
        Assert.Equal(300_000, (await gateway.AttemptAsync(answer)).GetProperty("cost_nano_usd").GetInt64());
    }

    [Theory]
    [InlineData("text", "text/plain; charset=utf-8", "heard sound.wav of 16044 bytes\n")]
    [InlineData("vtt", "text/vtt; charset=utf-8", "WEBVTT\n\n00:00:00.000 --> 00:00:01.000\nheard sound.wav of 16044 bytes\n\n")]
    public async Task Transcript_AsText_PassesAndIsChargedByTheSoundItself(string format, string type, string text)
    {
        await using var gateway = await MediaGateway.StartAsync();

        var answer = await gateway.PostFormAsync("/v1/audio/transcriptions", ("model", "acme/whisper"), ("response_format", format), ("file", MediaGateway.Wav(2000)));

        Assert.Equal((200, type, text), (answer.Status, answer.Header("content-type"), answer.Text));
        var attempt = await gateway.AttemptAsync(answer);
        Assert.Equal((200_000, false), (attempt.GetProperty("cost_nano_usd").GetInt64(), attempt.GetProperty("estimated").GetBoolean()));
    }

    [Fact]
    public async Task Transcript_Streamed_ComesWordByWordWithItsTokens()
    {
        await using var gateway = await MediaGateway.StartAsync();

        var answer = await gateway.PostFormAsync("/v1/audio/transcriptions", ("model", "acme/scribe"), ("stream", "true"), ("file", MediaGateway.Wav(1000)));

        Assert.True(answer.IsStream, answer.Text);
        Assert.Equal("heard sound.wav of 8044 bytes ", string.Concat(answer.Frames.Where(f => f.GetProperty("type").GetString() == "transcript.text.delta").Select(f => f.GetProperty("delta").GetString())));
        var usage = answer.Frames[^1].GetProperty("usage").GetProperty("input_token_details");

        // 8044 bytes are 1.0055 s, eleven audio tokens at USD 6; five output tokens at USD 10.
        Assert.Equal(11, usage.GetProperty("audio_tokens").GetInt64());
        Assert.Equal((usage.GetProperty("text_tokens").GetInt64() * 2_500) + (11 * 6_000) + (5 * 10_000), (await gateway.AttemptAsync(answer)).GetProperty("cost_nano_usd").GetInt64());
    }

    [Fact]
    public async Task Transcript_OfAModelThatDoesNotStream_ComesWhole()
    {
        await using var gateway = await MediaGateway.StartAsync();

        var answer = await gateway.PostFormAsync("/v1/audio/transcriptions", ("model", "acme/whisper"), ("stream", "true"), ("file", MediaGateway.Wav(1000)));

        Assert.Equal((200, "application/json"), (answer.Status, answer.Header("content-type")));
        Assert.Equal("heard sound.wav of 8044 bytes", answer.Json.GetProperty("text").GetString());
    }

    [Fact]
    public async Task Translation_WhereTheFirstProviderFails_GoesToTheNextWithTheSameFile()
    {
        await using var gateway = await MediaGateway.StartAsync();
        gateway.A.Script.Always(Fault.Of(500));
        var sound = MediaGateway.Wav(500);

        var answer = await gateway.PostFormAsync("/v1/audio/translations", ("model", "acme/whisper"), ("file", sound));

        Assert.True(answer.Status == 200, answer.Text);
        Assert.Equal(("b", "/v1/audio/translations"), (answer.Header("x-sluice-provider"), gateway.B.Record.Requests[^1].Path));
        Assert.True(gateway.B.Record.Requests[^1].Body.AsSpan().IndexOf(sound) > 0);
        Assert.Contains("\r\n\r\nwhisper-b\r\n", Encoding.Latin1.GetString(gateway.B.Record.Requests[^1].Body!), StringComparison.Ordinal);
    }
}
