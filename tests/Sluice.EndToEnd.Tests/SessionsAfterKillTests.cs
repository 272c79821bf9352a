using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using Sluice.Simulator;
using Sluice.Testing;
using Xunit;

namespace Sluice.EndToEnd.Tests;

/// <summary>F20: where a session moved is known also where the process was killed between two turns, from a tenth of a second after the move on.</summary>
public sealed class SessionsAfterKillTests
{
    private const string MovedTo = "second/the-model-that-it-moved-to";

    [Fact]
    public async Task F20_KilledBetweenTwoTurns_TheSessionStaysWhereItMoved()
    {
        using var data = new TemporaryFolder();
        await using var first = await SimulatorHost.StartAsync(new SimulatorOptions());
        await using var second = await SimulatorHost.StartAsync(new SimulatorOptions());
        var options = new SluiceOptions
        {
            DataFolder = data.Path,
            Config = $$"""
                routing: { retries: 0 }
                providers:
                  - { name: first, kind: anthropic, base_url: "{{first.Address}}", api_keys: [key-of-first-0123456789] }
                  - { name: second, kind: anthropic, base_url: "{{second.Address}}", api_keys: [key-of-second-0123456789] }
                models:
                  - id: m
                    endpoints:
                      - { provider: first, model: at-first, price: { input: 3, output: 15 } }
                      - { provider: second, model: the-model-that-it-moved-to, price: { input: 3, output: 15 } }
                """,
        };
        string key;
        await using (var killed = await SluiceProcess.StartAsync(options))
        {
            key = killed.ClientKey;
            Assert.Equal("first", await AskAsync(killed, key, "turn one"));
            first.Script.Enqueue(Fault.Of(529));
            Assert.Equal("second", await AskAsync(killed, key, "turn two"));

            // Waits for the store and for nothing else.
            await StoredAsync(data.Path);
            await killed.KillAsync();
        }

        // The first provider is well again, first in order and without a mark: only the session's move speaks for the second.
        await using var after = await SluiceProcess.StartAsync(options);
        Assert.Equal("second", await AskAsync(after, key, "turn three"));
        Assert.Equal("first", await AskAsync(after, key, "turn one of another", session: "another"));
    }

    /// <summary>Killed in the very moment of the answer: whatever is forgotten, the next turn is answered, at the new home or at the old one.</summary>
    [Fact]
    public async Task F20_KilledAtOnce_TheNextTurnIsAnswered()
    {
        using var data = new TemporaryFolder();
        await using var provider = await SimulatorHost.StartAsync(new SimulatorOptions());
        var options = new SluiceOptions
        {
            DataFolder = data.Path,
            Config = $$"""
                providers: [{ name: first, kind: anthropic, base_url: "{{provider.Address}}", api_keys: [one-key-0123456789, another-key-0123456789] }]
                models: [{ id: m, endpoints: [{ provider: first, model: at-first, price: { input: 3, output: 15 } }] }]
                """,
        };
        string key;
        await using (var killed = await SluiceProcess.StartAsync(options))
        {
            key = killed.ClientKey;
            Assert.Equal("first", await AskAsync(killed, key, "turn one"));
            await killed.KillAsync();
        }

        await using var after = await SluiceProcess.StartAsync(options);
        Assert.Equal("first", await AskAsync(after, key, "turn two"));
    }

    /// <summary>Returns who answered.</summary>
    private static async Task<string> AskAsync(SluiceProcess sluice, string key, string turn, string session = "the-session")
    {
        var body = new JsonObject { ["model"] = "m", ["max_tokens"] = 100, ["messages"] = new JsonArray(new JsonObject { ["role"] = "user", ["content"] = turn }) };
        using var client = sluice.CreateClient(key);
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri("/v1/messages", UriKind.Relative))
        {
            Content = new StringContent(body.ToJsonString(), Encoding.UTF8, new MediaTypeHeaderValue("application/json")),
        };
        request.Headers.Add("x-sluice-session", session);
        using var answer = await client.SendAsync(request);
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync() + sluice.Transcript());
        return answer.Headers.GetValues("x-sluice-provider").Single();
    }

    private static async Task StoredAsync(string folder)
    {
        var place = Encoding.UTF8.GetBytes(MovedTo);
        for (var look = 0; !Directory.EnumerateFiles(folder, "sluice.db*").Any(path => Holds(path, place)); look++)
        {
            Assert.True(look < 500, "The move was not stored within 10 s.");
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
