using System.Text;
using Sluice.Server.Tests.Kit;
using Sluice.Simulator;

namespace Sluice.Server.Tests.Media;

/// <summary>Speech: bytes as they come, events, failover before the first byte and a cut after it.</summary>
public sealed class SpeechTests
{
    private const string Ask = """{"model":"acme/voice","input":"hello world","voice":"alloy","response_format":"wav"}""";

    [Fact]
    public async Task I15_Speech_ComesAsBytesAndIsChargedByTheCharacter()
    {
        await using var gateway = await MediaGateway.StartAsync();

        var answer = await gateway.PostAsync("/v1/audio/speech", Ask);

        Assert.True(answer.Status == 200, answer.Text);
        Assert.Equal("audio/wav", answer.Header("content-type"));

        // 11 characters of 50 ms: 550 ms of 8 kHz behind the head of 44 bytes.
        Assert.Equal(44 + 4400, answer.Body.Length);
        Assert.Equal("RIFF", Encoding.ASCII.GetString(answer.Body, 0, 4));
        Assert.Equal(("a", "acme/voice"), (answer.Header("x-sluice-provider"), answer.Header("x-sluice-model")));
        var attempt = await gateway.AttemptAsync(answer);
        Assert.Equal(11 * 15_000, attempt.GetProperty("cost_nano_usd").GetInt64());
        Assert.Equal((11, false, false), (attempt.GetProperty("media").GetProperty("characters").GetInt64(), attempt.GetProperty("unpriced").GetBoolean(), attempt.GetProperty("estimated").GetBoolean()));
    }

    [Fact]
    public async Task Speech_AsEvents_ComesWithItsTokens()
    {
        await using var gateway = await MediaGateway.StartAsync();

        var answer = await gateway.PostAsync("/v1/audio/speech", """{"model":"acme/actor","input":"hello world","voice":"alloy","stream_format":"sse"}""");

        Assert.True(answer.IsStream, answer.Text);
        Assert.Equal("speech.audio.done", answer.Frames[^1].GetProperty("type").GetString());
        var usage = answer.Frames[^1].GetProperty("usage");
        Assert.Equal(44, usage.GetProperty("output_tokens").GetInt64());
        Assert.Equal((usage.GetProperty("input_tokens").GetInt64() * 2_500) + (44 * 12_000), (await gateway.AttemptAsync(answer)).GetProperty("cost_nano_usd").GetInt64());
    }

    [Theory]
    [InlineData(FaultKind.Status)]
    [InlineData(FaultKind.HtmlBody)]
    [InlineData(FaultKind.EmptyBody)]
    [InlineData(FaultKind.ErrorInBody)]
    public async Task Speech_WhereTheFirstProviderFailsBeforeTheFirstByte_ComesFromTheNext(FaultKind kind)
    {
        await using var gateway = await MediaGateway.StartAsync();
        gateway.A.Script.Always(kind == FaultKind.Status ? Fault.Of(500) : new Fault(kind));

        var answer = await gateway.PostAsync("/v1/audio/speech", Ask);

        Assert.True(answer.Status == 200, answer.Text);
        Assert.Equal(("b", "audio/wav"), (answer.Header("x-sluice-provider"), answer.Header("content-type")));
        Assert.Equal(44 + 4400, answer.Body.Length);
    }

    [Fact]
    public async Task Speech_CutAfterTheFirstByte_IsCutForTheClientToo()
    {
        await using var gateway = await MediaGateway.StartAsync();
        gateway.A.Script.Always(Fault.Of(FaultKind.Reset, FaultPlace.AfterText, after: 2));

        try
        {
            var answer = await gateway.PostAsync("/v1/audio/speech", Ask);
            Assert.True(answer.IsCut);
            Assert.Equal(200, answer.Status);
        }
        catch (HttpRequestException)
        {
            // The reset may overtake the head of the answer on its way: a client that hears nothing but the cut is told the same.
        }

        Assert.Equal(0, gateway.B.Record.Count);
        var attempt = await gateway.NewestAttemptAsync();
        Assert.NotEqual("answered", attempt.GetProperty("outcome").GetString());
        Assert.Equal(11 * 15_000, attempt.GetProperty("cost_nano_usd").GetInt64());
    }

    [Fact]
    public async Task Speech_WhoseClientLeaves_EndsTheCallUpstreamAndIsCharged()
    {
        await using var gateway = await MediaGateway.StartAsync();
        gateway.A.Script.Always(Fault.Of(FaultKind.Stall, FaultPlace.AfterText, after: 1));
        using var leaving = new CancellationTokenSource();
        using var request = gateway.Request(Wire.Chat, Encoding.UTF8.GetBytes(Ask), "/v1/audio/speech");
        string id;
        using (var response = await gateway.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, leaving.Token))
        {
            id = response.Headers.GetValues("x-sluice-request-id").Single();
        }

        await GatewayUnderTest.UntilAsync(() => gateway.A.Record.Requests[^1].End == AnswerEnd.ClientGone, "the upstream call ends");
        var attempt = (await gateway.SettledTrailAsync(id)).GetProperty("attempts")[0];
        Assert.Equal(("client_gone", 11 * 15_000), (attempt.GetProperty("outcome").GetString(), attempt.GetProperty("cost_nano_usd").GetInt64()));
    }
}
