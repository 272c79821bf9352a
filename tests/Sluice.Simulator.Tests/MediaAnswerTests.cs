using System.Buffers.Binary;
using System.IO.Compression;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;

namespace Sluice.Simulator.Tests;

/// <summary>Images, sound and video of the simulator: small, valid, and the same for the same request.</summary>
public sealed class MediaAnswerTests
{
    [Fact]
    public async Task Image_IsAPngOfOnePixel()
    {
        await using var simulator = await SimulatorHost.StartAsync(new SimulatorOptions());
        var first = await PostAsync(simulator, "/v1/images/generations", """{"model":"m","prompt":"a heron","n":2}""");

        var png = JsonDocument.Parse(first).RootElement.GetProperty("data")[1].GetProperty("b64_json").GetBytesFromBase64();

        Assert.Equal([0x89, (byte)'P', (byte)'N', (byte)'G', 13, 10, 26, 10], png[..8]);
        Assert.Equal("IHDR", Encoding.ASCII.GetString(png, 12, 4));
        Assert.Equal((1, 1), (BinaryPrimitives.ReadInt32BigEndian(png.AsSpan(16)), BinaryPrimitives.ReadInt32BigEndian(png.AsSpan(20))));

        // A row: no filter, then the shade of the second image. Head 8, IHDR 25, then length, name and content of IDAT.
        using var pixels = new ZLibStream(new MemoryStream(png, 41, BinaryPrimitives.ReadInt32BigEndian(png.AsSpan(33))), CompressionMode.Decompress);
        Assert.Equal((0, 1, -1), (pixels.ReadByte(), pixels.ReadByte(), pixels.ReadByte()));
        Assert.Equal(first, await PostAsync(simulator, "/v1/images/generations", """{"model":"m","prompt":"a heron","n":2}"""));
    }

    [Fact]
    public async Task Form_IsReadByItsFields()
    {
        await using var simulator = await SimulatorHost.StartAsync(new SimulatorOptions());
        using var client = new HttpClient { BaseAddress = simulator.Address };
        using var form = new MultipartFormDataContent { { new StringContent("m"), "model" }, { new ByteArrayContent(new byte[5]), "file", "a.wav" } };

        using var answer = await client.PostAsync(new Uri("/v1/audio/transcriptions", UriKind.Relative), form);

        Assert.Equal("heard a.wav of 5 bytes", JsonDocument.Parse(await answer.Content.ReadAsStringAsync()).RootElement.GetProperty("text").GetString());
        Assert.Equal("m", simulator.Record.Requests[0].Model);
    }

    [Fact]
    public async Task Job_OfAnotherKey_IsNotFound()
    {
        await using var simulator = await SimulatorHost.StartAsync(new SimulatorOptions());
        var id = JsonDocument.Parse(await PostAsync(simulator, "/v1/videos", """{"model":"m","prompt":"a heron","seconds":"8"}""")).RootElement.GetProperty("id").GetString();

        Assert.Equal(200, await GetAsync(simulator, $"/v1/videos/{id}", "key-1"));
        Assert.Equal(404, await GetAsync(simulator, $"/v1/videos/{id}", "key-2"));
        Assert.Equal(404, await GetAsync(simulator, "/v1/videos/video_unknown", "key-1"));
    }

    private static async Task<string> PostAsync(SimulatorHost simulator, string path, string json)
    {
        using var client = new HttpClient { BaseAddress = simulator.Address };
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", "key-1");
        using var answer = await client.PostAsync(new Uri(path, UriKind.Relative), new StringContent(json, Encoding.UTF8, "application/json"));
        Assert.Equal(200, (int)answer.StatusCode);
        return await answer.Content.ReadAsStringAsync();
    }

    private static async Task<int> GetAsync(SimulatorHost simulator, string path, string key)
    {
        using var client = new HttpClient { BaseAddress = simulator.Address };
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key);
        using var answer = await client.GetAsync(new Uri(path, UriKind.Relative));
        return (int)answer.StatusCode;
    }
}
