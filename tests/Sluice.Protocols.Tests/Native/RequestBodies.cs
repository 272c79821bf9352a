using System.Text;
using System.Text.Json;
using Sluice.Testing;

namespace Sluice.Protocols.Tests.Native;

/// <summary>Real request bodies: recorded ones and what real clients sent.</summary>
internal static class RequestBodies
{
    public static IEnumerable<(WireProtocol Protocol, string Name, byte[] Body)> All()
    {
        foreach (var (protocol, api, flavour) in new[] { (WireProtocol.AnthropicMessages, "anthropic-messages", "anthropic"), (WireProtocol.OpenAIChat, "openai-chat", "chat") })
        {
            foreach (var recording in SharedData.Recordings(api))
            {
                if (recording.Request() is { Length: > 0 } body && IsObject(body))
                {
                    yield return (protocol, recording.Folder, body);
                }
            }

            foreach (var client in new[] { "claude-code", "claude-interactive", "openclaw", "sdks", "codex", "gemini-cli" })
            {
                foreach (var path in SharedData.Captures(client))
                {
                    using var capture = JsonDocument.Parse(File.ReadAllBytes(path));
                    if (capture.RootElement.GetProperty("flavour").GetString() == flavour && capture.RootElement.TryGetProperty("body", out var body) && body.ValueKind == JsonValueKind.Object)
                    {
                        yield return (protocol, client + "/" + Path.GetFileNameWithoutExtension(path), Encoding.UTF8.GetBytes(body.GetRawText()));
                    }
                }
            }
        }
    }

    private static bool IsObject(byte[] body)
    {
        try
        {
            using var document = JsonDocument.Parse(body);
            return document.RootElement.ValueKind == JsonValueKind.Object;
        }
        catch (JsonException)
        {
            return false;
        }
    }
}
