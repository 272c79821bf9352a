using System.Buffers.Binary;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Sluice.Server.Tests.Kit;

namespace Sluice.Server.Tests.Media;

/// <summary>A Sluice before two providers that make images, sound and video, and one that only writes.</summary>
internal static class MediaGateway
{
    public const string KeyOfA = "key-of-a-0123456789";
    public const string KeyOfB = "key-of-b-0123456789";

    public const string Yaml = $$"""
        routing: { retries: 0 }
        providers:
          - { name: a, kind: openai, base_url: "{A}/v1", api_keys: [{{KeyOfA}}] }
          - { name: b, kind: openai, base_url: "{B}/v1", api_keys: [{{KeyOfB}}] }
          - { name: claude, kind: anthropic, base_url: "{B}", api_keys: [key-of-c-0123456789] }
        models:
          - id: acme/dalle
            makes: [images]
            endpoints:
              - { provider: a, model: dall-e-9, price: { image: 0.04, images: [{ usd: 0.12, size: 1792x1024, quality: hd }] } }
              - { provider: b, model: dall-e-b, price: { image: 0.05 } }
          - { id: acme/painter, makes: [images, text], endpoints: [{ provider: a, model: painter-1, price: { input: 5, image_input: 10, image_output: 40 } }] }
          - { id: acme/drawer, makes: [images], endpoints: [{ provider: a, model: drawer-a, price: { image: 0.01 } }, { provider: b, model: drawer-b, price: { image: 0.02 } }] }
          - id: acme/voice
            makes: [speech]
            endpoints: [{ provider: a, model: voice-1, price: { characters: 15 } }, { provider: b, model: voice-b, price: { characters: 20 } }]
          - { id: acme/actor, makes: [speech], endpoints: [{ provider: a, model: actor-1, price: { input: 2.5, audio_output: 12 } }] }
          - id: acme/whisper
            makes: [transcripts]
            endpoints: [{ provider: a, model: whisper-9, price: { audio_second: 0.0001 } }, { provider: b, model: whisper-b, price: { audio_second: 0.0001 } }]
          - { id: acme/scribe, makes: [transcripts], endpoints: [{ provider: a, model: scribe-1, price: { input: 2.5, audio_input: 6, output: 10 } }] }
          - id: acme/film
            makes: [videos]
            endpoints: [{ provider: a, model: film-1, price: { video_second: 0.1, video_seconds: [{ usd: 0.5, size: 1792x1024 }] } }, { provider: b, model: film-b, price: { video_second: 0.2 } }]
          - { id: acme/pair, makes: [images], endpoints: [{ provider: a, model: pair-a, price: { image: 0.09 } }, { provider: b, model: pair-b, price: { image: 0.02 } }] }
          - { id: acme/free, makes: [images], endpoints: [{ provider: a, model: painter-9 }] }
          - { id: acme/writer, capabilities: [tools], endpoints: [{ provider: a, model: writer-1, price: { input: 1, output: 1 } }] }
          - { id: acme/claude-painter, makes: [images], endpoints: [{ provider: claude, model: c }] }
        """;

    public static Task<GatewayUnderTest> StartAsync(string server = "", TimeProvider? time = null) => GatewayUnderTest.StartAsync(Yaml, server: server, time: time);

    public static async Task<ClientAnswer> PostAsync(this GatewayUnderTest gateway, string path, string json)
    {
        using var request = gateway.Request(Wire.Chat, Encoding.UTF8.GetBytes(json), path);
        return await gateway.SendAsync(request);
    }

    /// <summary>Sends a form; values that are bytes are files.</summary>
    public static async Task<ClientAnswer> PostFormAsync(this GatewayUnderTest gateway, string path, params (string Name, object Value)[] fields)
    {
        using var form = new MultipartFormDataContent("form-boundary-0123456789");
        foreach (var (name, value) in fields)
        {
            if (value is byte[] bytes)
            {
                var file = new ByteArrayContent(bytes);
                file.Headers.ContentType = new MediaTypeHeaderValue("application/octet-stream");
                form.Add(file, name, "sound.wav");
            }
            else
            {
                form.Add(new StringContent((string)value), name);
            }
        }

        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = form };
        request.Headers.Add("x-api-key", gateway.Key);
        return await gateway.SendAsync(request);
    }

    /// <summary>Asks for a job.</summary>
    public static async Task<ClientAnswer> JobAsync(this GatewayUnderTest gateway, HttpMethod method, string path, string? key = null)
    {
        using var request = new HttpRequestMessage(method, path);
        request.Headers.Add("x-api-key", key ?? gateway.Key);
        return await gateway.SendAsync(request);
    }

    /// <summary>The first attempt's row.</summary>
    public static async Task<JsonElement> AttemptAsync(this GatewayUnderTest gateway, ClientAnswer answer) =>
        (await gateway.SettledTrailAsync(answer.Id)).GetProperty("attempts")[0];

    /// <summary>The first attempt's row of the newest request, once it is settled.</summary>
    public static async Task<JsonElement> NewestAttemptAsync(this GatewayUnderTest gateway)
    {
        JsonElement requests = default;
        await GatewayUnderTest.UntilAsync(async () => (requests = (await gateway.AskAdminAsync("/admin/api/requests?limit=1")).GetProperty("requests")).GetArrayLength() == 1, "a settled request");
        return (await gateway.SettledTrailAsync(requests[0].GetProperty("id").GetString()!)).GetProperty("attempts")[0];
    }

    /// <summary>A WAV file of one channel, 8 bit, 8 kHz.</summary>
    public static byte[] Wav(int milliseconds)
    {
        var file = new byte[44 + (8 * milliseconds)];
        Encoding.ASCII.GetBytes("RIFF").CopyTo(file, 0);
        Encoding.ASCII.GetBytes("WAVEfmt ").CopyTo(file, 8);
        file[16] = 16;
        file[20] = file[22] = 1;
        BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(24), 8000);
        BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(28), 8000);
        file[32] = 1;
        file[34] = 8;
        Encoding.ASCII.GetBytes("data").CopyTo(file, 36);
        BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(40), 8 * milliseconds);
        return file;
    }
}
