using System.Net;
using System.Text.Json;
using Sluice.Testing;

namespace Sluice.Simulator.Tests;

/// <summary>What real clients send is good: a simulator that refused it would test nothing but itself.</summary>
public sealed class CapturedClientTests
{
    [Theory]
    [InlineData("claude-code")]
    [InlineData("claude-interactive")]
    [InlineData("openclaw")]
    [InlineData("sdks")]
    [InlineData("codex")]
    [InlineData("gemini-cli")]
    public async Task Captures_OfARealClient_AreAnswered(string client)
    {
        if (!SharedData.Exists || !Directory.Exists(SharedData.PathOf("captures", client)))
        {
            Assert.Skip(SharedData.MissingReason);
        }

        await using var host = await SimulatorHost.StartAsync(new SimulatorOptions { VerifySignatures = false });
        var sent = 0;
        foreach (var path in SharedData.Captures(client))
        {
            using var capture = JsonDocument.Parse(await File.ReadAllBytesAsync(path));
            var url = capture.RootElement.TryGetProperty("url", out var u) ? u.GetString()! : "";
            var isMessages = url.Contains("/v1/messages", StringComparison.Ordinal);
            var isResponses = url.Contains("/responses", StringComparison.Ordinal);
            var isGemini = url.Contains(":generateContent", StringComparison.Ordinal) || url.Contains(":streamGenerateContent", StringComparison.Ordinal);
            if ((!isMessages && !isResponses && !isGemini && !url.Contains("/chat/completions", StringComparison.Ordinal)) || !capture.RootElement.TryGetProperty("body", out var body) || body.ValueKind != JsonValueKind.Object)
            {
                continue;
            }

            using var answer = await Caller.PostAsync(host, url, body.GetRawText());
            var text = await answer.Content.ReadAsStringAsync();
            Assert.True(answer.StatusCode == HttpStatusCode.OK, Path.GetFileName(path) + ": " + text);
            var streams = body.TryGetProperty("stream", out var stream) && stream.ValueKind == JsonValueKind.True;
            if (streams && isMessages)
            {
                AnthropicStreamCheck.Run(SseEvent.Read(text));
            }
            else if (streams && isResponses)
            {
                Assert.Equal("response.completed", SseEvent.Read(text)[^1].Name);
            }
            else if (streams)
            {
                Assert.Equal("[DONE]", SseEvent.Read(text)[^1].Data);
            }

            sent++;
        }

        Assert.True(sent > 0, "no capture of " + client + " is in a format that the simulator speaks");
    }
}
