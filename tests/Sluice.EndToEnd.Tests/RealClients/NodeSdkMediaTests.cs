using Sluice.Testing;
using Xunit;

namespace Sluice.EndToEnd.Tests.RealClients;

/// <summary>OpenAI's Node SDK asks a real Sluice for images, sound and video: it must find what OpenAI would give.</summary>
[Trait("Category", Installed.Category)]
public sealed class NodeSdkMediaTests(SimulatorGateway gateway) : IClassFixture<SimulatorGateway>
{
    [Theory]
    [InlineData("image", """{"count":2,"head":"PNG"}""")]
    [InlineData("imageStream", """{"types":["image_generation.partial_image","image_generation.completed"]}""")]
    [InlineData("imageEdit", """{"count":1}""")]
    [InlineData("speech", """{"type":"audio/wav","head":"RIFF","bytes":4044}""")]
    [InlineData("transcript", """{"text":"heard a.wav of 800 bytes"}""")]
    [InlineData("transcriptStream", """{"text":"heard a.wav of 800 bytes ","last":"transcript.text.done"}""")]
    [InlineData("video", """{"begun":"queued","done":"completed","same":true,"head":"ftyp","deleted":true}""")]
    public async Task I15_NodeSdk_OfOpenAI_GetsImagesSoundAndVideo(string call, string expected)
    {
        Installed.OrSkip();

        var result = await NodeSdkClient.RunAsync("openai-sdk.mjs", call, gateway.Url, gateway.Key, SimulatedModels.Echo);

        Assert.True(result.Ok, result.ToString());
        Assert.Equal(expected, result.Value.GetRawText());
    }
}
