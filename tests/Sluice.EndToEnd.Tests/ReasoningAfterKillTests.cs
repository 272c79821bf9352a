using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Sluice.Simulator;
using Sluice.Testing;
using Xunit;

namespace Sluice.EndToEnd.Tests;

/// <summary>F06: a client that forgets thinking has its proof put back, also where the process was killed between two turns.</summary>
public sealed class ReasoningAfterKillTests
{
    private const string Tool = """[{"type":"function","function":{"name":"look","parameters":{"type":"object","properties":{"q":{"type":"string"}},"required":["q"]}}}]""";

    [Fact]
    public async Task F06_KilledBetweenTwoTurns_TheNextTurnStillHasItsProof()
    {
        using var data = new TemporaryFolder();
        await using var claude = await SimulatorHost.StartAsync(new SimulatorOptions { VerifySignatures = true });
        var options = new SluiceOptions
        {
            DataFolder = data.Path,
            Config = $$"""
                providers: [{ name: claude, kind: anthropic, base_url: "{{claude.Address}}", api_keys: [key-of-claude-0123456789] }]
                models: [{ id: claude-sonnet-4-5, endpoints: [{ provider: claude, model: sim/think, price: { input: 3, output: 15 } }] }]
                """,
        };
        var messages = new JsonArray(new JsonObject { ["role"] = "user", ["content"] = "look in parallel 2" });
        string key;
        await using (var first = await SluiceProcess.StartAsync(options))
        {
            key = first.ClientKey;
            var said = await AskAsync(first, key, messages);
            Forget(said, messages);

            // Waits for the store and for nothing else: what a killed process may forget is the last tenth of a second.
            await StoredAsync(data.Path);
            await first.KillAsync();
        }

        await using var second = await SluiceProcess.StartAsync(options);
        await AskAsync(second, key, messages);

        var blocks = JsonNode.Parse(claude.Record.Last.Body)!["messages"]![1]!["content"]!.AsArray();
        Assert.Equal(["thinking", "tool_use", "tool_use"], blocks.Select(b => b!["type"]!.GetValue<string>()));
        Assert.NotEmpty(blocks[0]!["signature"]!.GetValue<string>());
        Assert.Equal(200, claude.Record.Last.Status);
    }

    private static async Task<JsonElement> AskAsync(SluiceProcess sluice, string key, JsonArray messages)
    {
        var body = new JsonObject
        {
            ["model"] = "claude-sonnet-4-5", ["max_tokens"] = 4000, ["reasoning_effort"] = "high", ["messages"] = messages.DeepClone(), ["tools"] = JsonNode.Parse(Tool),
        };
        using var client = sluice.CreateClient(key);
        using var content = new StringContent(body.ToJsonString(), Encoding.UTF8, new MediaTypeHeaderValue("application/json"));
        using var answer = await client.PostAsync(new Uri("/v1/chat/completions", UriKind.Relative), content);
        var text = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.StatusCode == HttpStatusCode.OK, text + sluice.Transcript());
        using var document = JsonDocument.Parse(text);
        return document.RootElement.GetProperty("choices")[0].GetProperty("message").Clone();
    }

    // What OpenAI's first documents named, and nothing else.
    private static void Forget(JsonElement message, JsonArray messages)
    {
        var calls = JsonNode.Parse(message.GetProperty("tool_calls").GetRawText())!.AsArray();
        messages.Add(new JsonObject
        {
            ["role"] = "assistant",
            ["content"] = null,
            ["tool_calls"] = new JsonArray([.. calls.Select(c => new JsonObject { ["id"] = c!["id"]!.DeepClone(), ["type"] = "function", ["function"] = c["function"]!.DeepClone() })]),
        });
        foreach (var call in calls)
        {
            messages.Add(new JsonObject { ["role"] = "tool", ["tool_call_id"] = call!["id"]!.DeepClone(), ["content"] = "sunny" });
        }
    }

    private static async Task StoredAsync(string folder)
    {
        var thought = "Thinking about: look in parallel 2"u8.ToArray();
        for (var look = 0; !Directory.EnumerateFiles(folder, "sluice.db*").Any(path => Holds(path, thought)); look++)
        {
            Assert.True(look < 500, "The thinking was not stored within 10 s.");
            await Task.Delay(TimeSpan.FromMilliseconds(20)); // The files of another process are looked at again: nothing tells when it has written.
        }
    }

    private static bool Holds(string path, byte[] text)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        using var copy = new MemoryStream();
        file.CopyTo(copy);
        return copy.GetBuffer().AsSpan(0, (int)copy.Length).IndexOf(text) >= 0;
    }
}
