using System.ClientModel;
using System.ClientModel.Primitives;
using System.Text;
using OpenAI;
using OpenAI.Audio;
using OpenAI.Images;
using Xunit;

namespace Sluice.EndToEnd.Tests.OfficialSdks;

/// <summary>OpenAI's own .NET client asks a real Sluice for images and sound.</summary>
public sealed class OpenAISdkMediaTests(SimulatorGateway gateway) : IClassFixture<SimulatorGateway>
{
    [Fact]
    public async Task I15_OpenAI_Image_Comes()
    {
        GeneratedImage image = await Client().GetImageClient(SimulatedModels.Echo).GenerateImageAsync("A heron.");

        Assert.Equal("PNG", Encoding.ASCII.GetString(image.ImageBytes.ToArray(), 1, 3));
    }

    [Fact]
    public async Task I15_OpenAI_Speech_Comes()
    {
        BinaryData sound = await Client().GetAudioClient(SimulatedModels.Echo).GenerateSpeechAsync("Say hello.", GeneratedSpeechVoice.Alloy, new SpeechGenerationOptions { ResponseFormat = GeneratedSpeechFormat.Wav });

        // Ten characters of 50 ms at 8 kHz behind the head.
        Assert.Equal(("RIFF", 44 + 4000), (Encoding.ASCII.GetString(sound.ToArray(), 0, 4), sound.ToArray().Length));
    }

    [Fact]
    public async Task I15_OpenAI_Transcript_Comes()
    {
        using var sound = new MemoryStream(new byte[800]);

        AudioTranscription transcript = await Client().GetAudioClient(SimulatedModels.Echo).TranscribeAudioAsync(sound, "a.wav");

        Assert.Equal("heard a.wav of 800 bytes", transcript.Text);
    }

    private OpenAIClient Client() => new(
        new ApiKeyCredential(gateway.Key),
        new OpenAIClientOptions { Endpoint = new Uri(gateway.Url, "v1"), RetryPolicy = new ClientRetryPolicy(maxRetries: 0), NetworkTimeout = TimeSpan.FromSeconds(30) });
}
