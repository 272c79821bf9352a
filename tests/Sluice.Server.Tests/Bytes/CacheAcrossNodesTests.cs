using System.Text;
using Sluice.Server.Tests.Hosting;

namespace Sluice.Server.Tests.Bytes;

/// <summary>F18: nothing of a process may show in the bytes that it sends, or a restart and a second node each cost a whole prompt.</summary>
public sealed class CacheAcrossNodesTests
{
    private const int SendsOfOneProcess = 25;

    private const string Yaml = $$"""
        server: { urls: ["http://127.0.0.1:0"] }
        auth: { admin_key: {{ServingFolder.AdminKey}} }
        routing: { retries: 0 }
        providers:
          - { name: a-anthropic, kind: anthropic, base_url: "{provider}", api_keys: [key-of-a-0123456789] }
          - { name: a-chat, kind: openai, base_url: "{provider}/v1", api_keys: [key-of-a-0123456789] }
          - { name: a-router, kind: openrouter, base_url: "{provider}/v1", api_keys: [key-of-a-0123456789] }
        models:
          - { id: "m/anthropic", endpoints: [{ provider: a-anthropic, model: m, price: { input: 3, output: 15 } }] }
          - { id: "m/chat", endpoints: [{ provider: a-chat, model: m, price: { input: 3, output: 15 } }] }
          - { id: "anthropic/claude-sonnet-4.6", endpoints: [{ provider: a-router, model: anthropic/claude-sonnet-4.6, price: { input: 3, output: 15 } }] }
        """;

    private static readonly string[] Models = ["m/anthropic", "m/chat", "anthropic/claude-sonnet-4.6"];

    [Fact]
    public async Task F18_OneHundredSends_OverTwoNodesAndARestartOfEach_AreTheSameBytes()
    {
        await using var one = await ServingFolder.CreateAsync(Yaml);
        await using var two = await ServingFolder.CreateAsync(Yaml);
        foreach (var folder in new[] { one, one, two, two })
        {
            await using var process = await folder.ServeAsync(TimeSpan.FromMilliseconds(100));
            using var client = ServingFolder.Client(process);
            foreach (var model in Models)
            {
                for (var i = 0; i < SendsOfOneProcess; i++)
                {
                    await SendAsync(folder, client, CachedConversation.Body(model, turns: 3));
                }
            }
        }

        Assert.NotEqual(one.Key, two.Key);
        foreach (var model in Models)
        {
            var bodies = Bodies(one, model).Concat(Bodies(two, model)).ToList();
            Assert.Equal(4 * SendsOfOneProcess, bodies.Count);
            Assert.Single(bodies.Distinct(StringComparer.Ordinal));
            Assert.Equal(model == "m/chat" ? 0 : CachedConversation.Marks(CachedConversation.Body(model, turns: 3)), CachedConversation.Marks(bodies[0]));
        }
    }

    [Fact]
    public async Task F18_EachTurnOnAnotherProcess_BeginsWithTheBytesOfTheLast()
    {
        await using var one = await ServingFolder.CreateAsync(Yaml);
        await using var two = await ServingFolder.CreateAsync(Yaml);
        var sent = Models.ToDictionary(model => model, _ => new List<string>(), StringComparer.Ordinal);
        for (var turns = 1; turns <= 6; turns++)
        {
            // Odd turns on one node, even ones on the other, each time by a process that has just started.
            var folder = turns % 2 == 0 ? two : one;
            await using var process = await folder.ServeAsync(TimeSpan.FromMilliseconds(100));
            using var client = ServingFolder.Client(process);
            foreach (var model in Models)
            {
                await SendAsync(folder, client, CachedConversation.Body(model, turns));
                sent[model].Add(Encoding.UTF8.GetString(folder.Provider.Record.Last.Body!));
            }
        }

        foreach (var bodies in sent.Values)
        {
            for (var turn = 1; turn < bodies.Count; turn++)
            {
                var end = CachedConversation.EndOfMessages(bodies[turn - 1]);
                Assert.True(end > 1000, bodies[turn - 1]);
                Assert.Equal(bodies[turn - 1][..end], bodies[turn][..end]);
                Assert.NotEqual(bodies[turn - 1], bodies[turn]);
            }
        }
    }

    private static async Task SendAsync(ServingFolder folder, HttpClient client, string body)
    {
        using var request = folder.Post("/v1/messages", body);
        using var response = await client.SendAsync(request);
        Assert.True(response.IsSuccessStatusCode, await response.Content.ReadAsStringAsync());
    }

    private static IEnumerable<string> Bodies(ServingFolder folder, string model)
    {
        var upstream = model.StartsWith("m/", StringComparison.Ordinal) ? "m" : model;
        var path = model switch { "m/anthropic" => "/v1/messages", _ => "/v1/chat/completions" };
        return folder.Provider.Record.Requests.Where(r => r.Model == upstream && r.Path == path).Select(r => Encoding.UTF8.GetString(r.Body!));
    }
}
