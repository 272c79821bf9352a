using System.Collections.Concurrent;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Sluice.Server.Tests.Kit;
using Sluice.Server.Tests.Kit.Clients;
using Sluice.Simulator;

namespace Sluice.Server.Tests.Directions;

/// <summary>One Sluice with every kind of provider, and a model for each.</summary>
public sealed class DirectionGateway : IAsyncLifetime
{
    private GatewayUnderTest? _gateway;

    internal GatewayUnderTest Gateway => _gateway!;

    internal static string ModelOf(Upstream upstream) => "m/" + UpstreamKinds.NameOf(upstream);

    internal static string UpstreamModelOf(Upstream upstream) => UpstreamKinds.ModelName(upstream, "m-" + UpstreamKinds.NameOf(upstream));

    public async ValueTask InitializeAsync()
    {
        var yaml = new StringBuilder("routing: { retries: 0 }\nproviders:\n");
        foreach (var upstream in Enum.GetValues<Upstream>())
        {
            yaml.Append(UpstreamKinds.Provider(upstream, "A"));
        }

        yaml.Append("models:\n");
        foreach (var upstream in Enum.GetValues<Upstream>())
        {
            yaml.Append(UpstreamKinds.Model(ModelOf(upstream), "m-" + UpstreamKinds.NameOf(upstream), (upstream, UpstreamKinds.ProviderName(upstream, "A"))));
        }

        _gateway = await GatewayUnderTest.StartAsync(yaml.ToString());
    }

    public async ValueTask DisposeAsync()
    {
        if (_gateway is not null)
        {
            await _gateway.DisposeAsync();
        }
    }
}

/// <summary>Every client's wire to every kind of provider, streamed and whole: what is asked arrives, what is answered comes back, and it is counted and priced.</summary>
public sealed class DirectionTests(DirectionGateway fixture) : IClassFixture<DirectionGateway>
{
    public static TheoryData<Upstream> Kinds => [.. Enum.GetValues<Upstream>()];

    [Theory]
    [MemberData(nameof(Kinds))]
    public Task Text_EveryClient_ComesBackCountedAndPriced(Upstream upstream) => ForEachAsync(upstream, async (client, stream) =>
    {
        var question = Nonce("Tell me something", upstream, client, stream) + " with ümläuts, 你好 and \"quotes\"";
        var (answer, received) = await AskAsync(upstream, client, stream, Request(upstream, client, question, stream));

        var read = answer.Read(client);
        Assert.Equal("Simulated answer to: " + question, read.Text.ToString());
        Assert.Equal(Wires.Of(client).WordFor(AnswerEnding.Done), read.Stop);
        Assert.Empty(read.Calls);
        AssertWhole(answer, upstream, client, stream);
        await AssertCountedAsync(answer, read, received, upstream);
    });

    [Theory]
    [MemberData(nameof(Kinds))]
    public Task ToolCall_EveryClient_HasNameAndArguments_AndItsResultIsTaken(Upstream upstream) => ForEachAsync(upstream, async (client, stream) =>
    {
        var wire = Wires.Of(client);
        var question = Nonce("Call it", upstream, client, stream);
        var request = Request(upstream, client, question, stream, tool: true);
        wire.ForceTool(request);
        var (answer, received) = await AskAsync(upstream, client, stream, request);

        var read = answer.Read(client);
        Assert.True(read.Calls.Count == 1, answer.Text);
        var call = read.Calls[0];
        Assert.Equal("weather", call.Name);
        using (var arguments = JsonDocument.Parse(call.Arguments))
        {
            Assert.Equal(question, arguments.RootElement.GetProperty("place").GetString());
            Assert.Single(arguments.RootElement.EnumerateObject());
        }

        Assert.Equal(wire.WordFor(AnswerEnding.ToolCall), read.Stop);
        AssertWhole(answer, upstream, client, stream);
        await AssertCountedAsync(answer, read, received, upstream);

        var next = Request(upstream, client, question, stream, tool: true);
        wire.AddToolTurn(next, call, "Sunny, 21 degrees.");
        var (told, _) = await AskAsync(upstream, client, stream, next);
        Assert.Equal("The tool said: Sunny, 21 degrees.", told.AnswerText(client));
    });

    [Theory]
    [MemberData(nameof(Kinds))]
    public Task Length_EveryClient_HearsThatTheAnswerIsCut(Upstream upstream) => ForEachAsync(upstream, async (client, stream) =>
    {
        var request = Request(upstream, client, Nonce(string.Join(' ', Enumerable.Repeat("many words", 40)), upstream, client, stream), stream);
        Wires.Of(client).LimitTokens(request, 20);
        var (answer, _) = await AskAsync(upstream, client, stream, request);

        var read = answer.Read(client);
        Assert.StartsWith("Simulated answer to: many words", read.Text.ToString(), StringComparison.Ordinal);
        Assert.Equal(Wires.Of(client).WordFor(AnswerEnding.Length), read.Stop);
        AssertWhole(answer, upstream, client, stream);
    });

    [Theory]
    [MemberData(nameof(Kinds))]
    public Task SameWire_BytesPassAsTheyAre(Upstream upstream) => ForEachAsync(upstream, async (client, stream) =>
    {
        if (!UpstreamKinds.IsNative(upstream, client))
        {
            return;
        }

        var model = DirectionGateway.UpstreamModelOf(upstream);
        var sent = Request(upstream, client, Nonce("Pass me on", upstream, client, stream), stream);
        sent[client == Wire.Gemini ? "labels" : "metadata"] = new JsonObject { ["user_id"] = "kept \u00fc as it is" };
        var (answer, received) = await AskAsync(upstream, client, stream, sent);

        // Hosted Claude has the model in its path and its version in the body; all others get the client's bytes with the model's name replaced.
        if (upstream is not (Upstream.VertexClaude or Upstream.BedrockClaude))
        {
            var expected = sent.ToJsonString().Replace(JsonSerializer.Serialize(DirectionGateway.ModelOf(upstream)), JsonSerializer.Serialize(model), StringComparison.Ordinal);
            Assert.Equal(expected, Encoding.UTF8.GetString(received.Body!));
        }

        if (upstream != Upstream.BedrockClaude || !stream)
        {
            Assert.Equal(await DirectAsync(received), answer.Text);
        }
    });

    private static string Nonce(string text, Upstream upstream, Wire client, bool stream) => $"{text} ({upstream} {client} {(stream ? "streamed" : "whole")})";

    private static JsonObject Request(Upstream upstream, Wire client, string text, bool stream, bool tool = false) =>
        Wires.Of(client).Request(DirectionGateway.ModelOf(upstream), text, stream, tool, usage: true);

    private static void AssertWhole(ClientAnswer answer, Upstream upstream, Wire client, bool stream)
    {
        Assert.Equal(stream, answer.IsStream);
        if (stream)
        {
            Assert.True(!UpstreamKinds.KeepsGrammar(upstream, client) || answer.Violation(client) is null, answer.Violation(client));
            Assert.True(answer.EndsWell(client), "no end:\n" + answer.Text);
        }
    }

    private static async Task ForEachAsync(Upstream upstream, Func<Wire, bool, Task> check)
    {
        var wrong = new ConcurrentQueue<string>();
        await Task.WhenAll(Enum.GetValues<Wire>().SelectMany(client => new[] { true, false }.Select(async stream =>
        {
            try
            {
                await check(client, stream);
            }
            catch (Exception e)
            {
                wrong.Enqueue($"client {client} to {upstream}, stream {stream}: {e.Message}");
            }
        })));
        Assert.True(wrong.IsEmpty, $"{wrong.Count}:\n" + string.Join("\n\n", wrong));
    }

    private async Task<(ClientAnswer Answer, ReceivedRequest Received)> AskAsync(Upstream upstream, Wire client, bool stream, JsonObject body)
    {
        var gateway = fixture.Gateway;
        var text = body.ToJsonString();
        var tag = Guid.NewGuid().ToString("N");
        var answer = await gateway.PostAsync(client, new ClientRequest(Wires.PathOf(client, DirectionGateway.ModelOf(upstream), stream), text), ("x-tag-of-test", tag));
        Assert.True(answer.Status == 200, $"{answer.Status} {answer.Text}");
        Assert.Equal(UpstreamKinds.ProviderName(upstream, "A"), answer.Header("x-sluice-provider"));
        Assert.Equal("1", answer.Header("x-sluice-attempts"));

        // Requests run side by side; the question is in its upstream's body, translated or not.
        var nonce = $"({upstream} {client} {(stream ? "streamed" : "whole")})";
        var received = gateway.A.Record.Requests.Last(r => r.Body is { } b && Encoding.UTF8.GetString(b).Contains(nonce, StringComparison.Ordinal));
        Assert.Equal(DirectionGateway.UpstreamModelOf(upstream), received.Model);
        return (answer, received);
    }

    private async Task AssertCountedAsync(ClientAnswer answer, AnswerReading read, ReceivedRequest received, Upstream upstream)
    {
        var said = received.Usage!;
        var input = said.Input + said.CacheRead + said.CacheWrite5m + said.CacheWrite1h;
        Assert.Equal((input, said.Output), read.Usage);
        var attempt = (await fixture.Gateway.SettledTrailAsync(answer.Id)).GetProperty("attempts").EnumerateArray().Single();
        Assert.Equal(UpstreamKinds.ProviderName(upstream, "A"), attempt.GetProperty("provider").GetString());
        Assert.Equal((said.Input, said.Output), (attempt.GetProperty("input_tokens").GetInt64(), attempt.GetProperty("output_tokens").GetInt64()));

        // 3 and 15 USD for a million tokens; too little here to be cached.
        Assert.Equal((said.Input * 3000L) + (said.Output * 15_000L), attempt.GetProperty("cost_nano_usd").GetInt64());
    }

    // Asks the provider itself with the very request that arrived there.
    private async Task<string> DirectAsync(ReceivedRequest received)
    {
        using var direct = new HttpClient(new SocketsHttpHandler { UseProxy = false });
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(fixture.Gateway.A.Address, received.Path + received.Query)) { Content = new ByteArrayContent(received.Body!) };
        foreach (var (name, value) in received.Headers)
        {
            if (name.StartsWith("x-", StringComparison.OrdinalIgnoreCase) || name.Equals("api-key", StringComparison.OrdinalIgnoreCase) || name.Equals("authorization", StringComparison.OrdinalIgnoreCase)
                || name.StartsWith("anthropic-", StringComparison.OrdinalIgnoreCase))
            {
                request.Headers.TryAddWithoutValidation(name, value);
            }
        }

        using var response = await direct.SendAsync(request);
        return await response.Content.ReadAsStringAsync();
    }
}
