using System.Diagnostics;
using System.Text;
using Sluice.Server.Tests.Kit;

namespace Sluice.Server.Tests.Faults;

/// <summary>
/// F04: what the upstream has flushed is at the client before the upstream says anything more. Upstream and client take turns, so that a gateway
/// which waits for further bytes, a full buffer or a timer gets stuck; the time of each turn is taken as well.
/// </summary>
[Collection(AloneCollection.Name)]
public sealed class FirstEventTests
{
    private const int Turns = 200;
    private const int Rounds = 3;
    private static readonly TimeSpan Bound = TimeSpan.FromMilliseconds(5);

    public static TheoryData<Wire, Wire> Directions => new()
    {
        { Wire.Anthropic, Wire.Anthropic },
        { Wire.Anthropic, Wire.Chat },
        { Wire.Chat, Wire.Anthropic },
        { Wire.Chat, Wire.Chat },
    };

    [Theory]
    [MemberData(nameof(Directions))]
    public async Task F04_EachFlushedEvent_IsAtTheClientBeforeTheUpstreamSaysMore(Wire client, Wire upstream)
    {
        await using var hand = await HandWrittenUpstream.StartAsync();
        await using var gateway = await GatewayUnderTest.StartAsync($$"""
            routing: { retries: 0 }
            keepalive: { after: 60s, every: 60s }
            providers:
              - { name: up, kind: {{(upstream == Wire.Anthropic ? "anthropic" : "openai")}}, base_url: "{{hand.Address}}{{(upstream == Wire.Anthropic ? "" : "/v1")}}" }
            models:
              - { id: m, endpoints: [{ provider: up, model: m, price: { input: 3, output: 15 } }] }
            """);

        // A machine that is busy with something else makes any single round slow; a gateway that holds events back makes all of them slow.
        var median = TimeSpan.MaxValue;
        for (var round = 0; round < Rounds && median > Bound; round++)
        {
            var turns = await TakeTurnsAsync(gateway, hand, client, upstream);
            TestContext.Current.TestOutputHelper?.WriteLine($"flush to client: first {turns[0].TotalMilliseconds:0.00} ms");
            turns.Sort();
            median = turns[turns.Count / 2];
            TestContext.Current.TestOutputHelper?.WriteLine($"median {median.TotalMilliseconds:0.00} ms, worst {turns[^1].TotalMilliseconds:0.00} ms of {turns.Count}");
        }

        Assert.True(median <= Bound, $"median of {Turns}: {median.TotalMilliseconds} ms");
    }

    private static async Task<List<TimeSpan>> TakeTurnsAsync(GatewayUnderTest gateway, HandWrittenUpstream hand, Wire client, Wire upstream)
    {
        using var request = gateway.Request(client, Wires.Ask(client, "m", "take turns", stream: true));
        var answering = gateway.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        var exchange = await hand.NextAsync();
        var turns = new List<TimeSpan>(Turns);

        // Anthropic's content has a preface; without content nothing is promised, since another provider may still have to answer.
        var started = Stopwatch.GetTimestamp();
        await exchange.WriteAsync((upstream == Wire.Anthropic ? AnthropicPreface : "") + Piece(upstream, 0));
        using var response = await answering.WaitAsync(TimeSpan.FromSeconds(10));
        await using var body = await response.Content.ReadAsStreamAsync();
        var seen = new StringBuilder();
        await ReadUntilAsync(body, seen, "turn0;");
        turns.Add(Stopwatch.GetElapsedTime(started));
        for (var turn = 1; turn < Turns; turn++)
        {
            started = Stopwatch.GetTimestamp();
            await exchange.WriteAsync(Piece(upstream, turn));
            await ReadUntilAsync(body, seen, $"turn{turn};");
            turns.Add(Stopwatch.GetElapsedTime(started));
        }

        await exchange.WriteAsync(upstream == Wire.Anthropic ? AnthropicEnd : ChatEnd);
        exchange.End();
        await ReadUntilAsync(body, seen, client == Wire.Anthropic ? "message_stop" : "[DONE]");
        return turns;
    }

    private static async Task ReadUntilAsync(Stream body, StringBuilder seen, string wanted)
    {
        var buffer = new byte[16 * 1024];
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(10));
        var from = seen.Length;
        while (!seen.ToString(from, seen.Length - from).Contains(wanted, StringComparison.Ordinal))
        {
            int read;
            try
            {
                read = await body.ReadAsync(buffer, limit.Token);
            }
            catch (OperationCanceledException)
            {
                Assert.Fail($"`{wanted}` was flushed by the upstream and is held back. The client has: {seen}");
                return;
            }

            Assert.True(read > 0, $"The stream ended before `{wanted}`: {seen}");
            seen.Append(Encoding.UTF8.GetString(buffer, 0, read));
        }
    }

    private static string Piece(Wire upstream, int turn) => upstream == Wire.Anthropic
        ? $$$"""
          event: content_block_delta
          data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"turn{{{turn}}};"}}


          """
        : $$$"""
          data: {"id":"c","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{"role":"assistant","content":"turn{{{turn}}};"},"finish_reason":null}]}


          """;

    private const string AnthropicPreface = """
        event: message_start
        data: {"type":"message_start","message":{"id":"msg_1","type":"message","role":"assistant","model":"m","content":[],"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":5,"output_tokens":1}}}

        event: content_block_start
        data: {"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}


        """;

    private const string AnthropicEnd = """
        event: content_block_stop
        data: {"type":"content_block_stop","index":0}

        event: message_delta
        data: {"type":"message_delta","delta":{"stop_reason":"end_turn","stop_sequence":null},"usage":{"output_tokens":9}}

        event: message_stop
        data: {"type":"message_stop"}


        """;

    private const string ChatEnd = """
        data: {"id":"c","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}

        data: [DONE]


        """;
}
