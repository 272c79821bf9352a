using System.Text;
using Sluice.Server.Tests.Kit;
using Sluice.Simulator;

namespace Sluice.Server.Tests.Media;

/// <summary>Images: whole, streamed, edited, priced by image or by token, and failing over.</summary>
public sealed class ImageTests
{
    private static readonly byte[] PngHead = [0x89, 0x50, 0x4E, 0x47];

    [Fact]
    public async Task I15_Images_OfAnOpenAIClient_PassAndAreChargedBySizeAndQuality()
    {
        await using var gateway = await MediaGateway.StartAsync();

        var answer = await gateway.PostAsync("/v1/images/generations", """{"model":"acme/dalle","prompt":"a heron","n":2,"size":"1792x1024","quality":"hd"}""");

        Assert.True(answer.Status == 200, answer.Text);
        Assert.Equal(2, answer.Json.GetProperty("data").GetArrayLength());
        Assert.Equal(PngHead, answer.Json.GetProperty("data")[0].GetProperty("b64_json").GetBytesFromBase64()[..4]);
        Assert.Equal("""{"model":"dall-e-9","prompt":"a heron","n":2,"size":"1792x1024","quality":"hd"}""", Encoding.UTF8.GetString(gateway.A.Record.Requests[^1].Body!));
        Assert.Equal("/v1/images/generations", gateway.A.Record.Requests[^1].Path);
        Assert.Equal("0.24", answer.Header("x-sluice-cost"));
        var attempt = await gateway.AttemptAsync(answer);
        Assert.Equal(240_000_000, attempt.GetProperty("cost_nano_usd").GetInt64());
        Assert.Equal(2, attempt.GetProperty("media").GetProperty("images").GetInt64());
        Assert.False(attempt.GetProperty("unpriced").GetBoolean());
    }

    [Fact]
    public async Task Images_ByTokens_AreChargedByTheirOwnRates()
    {
        await using var gateway = await MediaGateway.StartAsync();

        var answer = await gateway.PostFormAsync("/v1/images/edits", ("model", "acme/painter"), ("prompt", "make it blue"), ("image", MediaGateway.Wav(10)));

        Assert.True(answer.Status == 200, answer.Text);
        var usage = answer.Json.GetProperty("usage");
        var text = usage.GetProperty("input_tokens_details").GetProperty("text_tokens").GetInt64();
        Assert.Equal((text + 50, 100), (usage.GetProperty("input_tokens").GetInt64(), usage.GetProperty("output_tokens").GetInt64()));

        // USD 5, 10 and 40 a million tokens.
        Assert.Equal((text * 5_000) + (50 * 10_000) + (100 * 40_000), (await gateway.AttemptAsync(answer)).GetProperty("cost_nano_usd").GetInt64());
    }

    [Fact]
    public async Task Images_SortedByPrice_ComeFromTheCheaper()
    {
        await using var gateway = await MediaGateway.StartAsync();

        Assert.Equal("a", (await gateway.PostAsync("/v1/images/generations", """{"model":"acme/pair","prompt":"a heron"}""")).Header("x-sluice-provider"));
        Assert.Equal("b", (await gateway.PostAsync("/v1/images/generations", """{"model":"acme/pair","prompt":"a heron","provider":{"sort":"price"}}""")).Header("x-sluice-provider"));
        Assert.Equal("b", (await gateway.PostAsync("/v1/images/generations", """{"model":"acme/pair","prompt":"a heron","provider":{"max_price":{"image":0.05}}}""")).Header("x-sluice-provider"));
    }

    [Fact]
    public async Task Images_OfNoKnownPrice_AreAnAlarmNotFree()
    {
        await using var gateway = await MediaGateway.StartAsync();

        var answer = await gateway.PostAsync("/v1/images/generations", """{"model":"acme/free","prompt":"a heron"}""");

        Assert.Equal(200, answer.Status);
        Assert.Null(answer.Header("x-sluice-cost"));
        Assert.True((await gateway.AttemptAsync(answer)).GetProperty("unpriced").GetBoolean());
    }

    [Fact]
    public async Task Images_Streamed_ComeEventByEventWithTheirUsage()
    {
        await using var gateway = await MediaGateway.StartAsync();

        var answer = await gateway.PostAsync("/v1/images/generations", """{"model":"acme/painter","prompt":"a heron","stream":true,"partial_images":2}""");

        Assert.True(answer.IsStream, answer.Text);
        Assert.Equal(["image_generation.partial_image", "image_generation.partial_image", "image_generation.completed"], answer.Frames.Select(f => f.GetProperty("type").GetString()));
        var text = answer.Frames[^1].GetProperty("usage").GetProperty("input_tokens").GetInt64();
        var attempt = await gateway.AttemptAsync(answer);
        Assert.Equal((text * 5_000) + (100 * 40_000), attempt.GetProperty("cost_nano_usd").GetInt64());
        Assert.DoesNotContain("stream_options", Encoding.UTF8.GetString(gateway.A.Record.Requests[^1].Body!), StringComparison.Ordinal);
    }

    private const string Streamed = """{"model":"acme/drawer","prompt":"a heron","stream":true,"partial_images":2}""";

    [Fact]
    public async Task Images_WhoseStreamFailsBeforeAnyImage_ComeFromTheNext()
    {
        await using var gateway = await MediaGateway.StartAsync();
        gateway.A.Script.Always(Fault.Of(FaultKind.ErrorEvent, FaultPlace.AfterHeaders));

        var answer = await gateway.PostAsync("/v1/images/generations", Streamed);

        Assert.Equal(("b", 3), (answer.Header("x-sluice-provider"), answer.Frames.Count));
        Assert.Equal("image_generation.completed", answer.Frames[^1].GetProperty("type").GetString());
    }

    [Theory]
    [InlineData(FaultKind.Reset)]
    [InlineData(FaultKind.CleanEnd)]
    public async Task Images_WhoseStreamBreaksAfterAnImage_EndWithAnError(FaultKind kind)
    {
        await using var gateway = await MediaGateway.StartAsync();
        gateway.A.Script.Always(Fault.Of(kind, FaultPlace.AfterText, after: 1));

        var answer = await gateway.PostAsync("/v1/images/generations", Streamed);

        Assert.Equal("image_generation.partial_image", answer.Frames[0].GetProperty("type").GetString());
        Assert.True(answer.Frames[^1].TryGetProperty("error", out _), answer.Text);
        Assert.Equal(0, gateway.B.Record.Count);

        // Nobody knows what the provider charges for it: what was asked for, marked as an estimate.
        var attempt = await gateway.AttemptAsync(answer);
        Assert.Equal((10_000_000, true), (attempt.GetProperty("cost_nano_usd").GetInt64(), attempt.GetProperty("estimated").GetBoolean()));
    }

    [Theory]
    [InlineData(FaultKind.Status)]
    [InlineData(FaultKind.HtmlBody)]
    [InlineData(FaultKind.EmptyCompletion)]
    [InlineData(FaultKind.Reset)]
    [InlineData(FaultKind.ErrorInBody)]
    public async Task Images_WhereTheFirstProviderFails_ComeFromTheNext(FaultKind kind)
    {
        await using var gateway = await MediaGateway.StartAsync();
        gateway.A.Script.Always(kind == FaultKind.Status ? Fault.Of(503) : new Fault(kind));

        var answer = await gateway.PostAsync("/v1/images/generations", """{"model":"acme/dalle","prompt":"a heron"}""");

        Assert.True(answer.Status == 200, answer.Text);
        Assert.Equal(("b", "2"), (answer.Header("x-sluice-provider"), answer.Header("x-sluice-attempts")));
        Assert.Equal("0.05", answer.Header("x-sluice-cost"));
    }

    [Fact]
    public async Task Images_ThatTheProviderRefuses_AreToldInItsOwnWords()
    {
        await using var gateway = await MediaGateway.StartAsync();
        gateway.A.Script.Always(Fault.Of(400) with { Message = "Your request was rejected by the safety system." });

        var answer = await gateway.PostAsync("/v1/images/generations", """{"model":"acme/dalle","prompt":"a heron"}""");

        Assert.Equal(400, answer.Status);
        Assert.Equal("Your request was rejected by the safety system.", answer.Json.GetProperty("error").GetProperty("message").GetString());
        Assert.Equal(0, gateway.B.Record.Count);
    }
}
