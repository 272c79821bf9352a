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

    /// <summary>Every client's wire, before a provider that speaks it and before one that does not.</summary>
    public static TheoryData<Wire, Wire> Directions
    {
        get
        {
            var data = new TheoryData<Wire, Wire>();
            foreach (var client in Enum.GetValues<Wire>())
            {
                data.Add(client, client);
                data.Add(client, client == Wire.Anthropic ? Wire.Chat : Wire.Anthropic);
            }

            data.Add(Wire.Anthropic, Wire.Responses);
            data.Add(Wire.Anthropic, Wire.Gemini);
            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Directions))]
    public async Task F04_EachFlushedEvent_IsAtTheClientBeforeTheUpstreamSaysMore(Wire client, Wire upstream)
    {
        await using var hand = await HandWrittenUpstream.StartAsync();
        await using var gateway = await GatewayUnderTest.StartAsync($$"""
            routing: { retries: 0 }
            keepalive: { after: 60s, every: 60s }
            providers:
            {{UpstreamKinds.Provider(UpstreamKinds.Of(upstream), "A", name: "up").Replace("{A}", hand.Address, StringComparison.Ordinal)}}
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

        // Some wires' content has a preface; without content nothing is promised, since another provider may still have to answer.
        var started = Stopwatch.GetTimestamp();
        await exchange.WriteAsync(HandWrittenStream.Preface(upstream) + HandWrittenStream.Piece(upstream, "turn0;"));
        using var response = await answering.WaitAsync(TimeSpan.FromSeconds(10));
        await using var body = await response.Content.ReadAsStreamAsync();
        var seen = new StringBuilder();
        await ReadUntilAsync(body, seen, "turn0;");
        turns.Add(Stopwatch.GetElapsedTime(started));
        for (var turn = 1; turn < Turns; turn++)
        {
            started = Stopwatch.GetTimestamp();
            await exchange.WriteAsync(HandWrittenStream.Piece(upstream, $"turn{turn};"));
            await ReadUntilAsync(body, seen, $"turn{turn};");
            turns.Add(Stopwatch.GetElapsedTime(started));
        }

        await exchange.WriteAsync(HandWrittenStream.End(upstream));
        exchange.End();
        await ReadUntilAsync(body, seen, client switch
        {
            Wire.Anthropic => "message_stop",
            Wire.Responses => "response.completed",
            Wire.Gemini => "finishReason",
            _ => "[DONE]",
        });
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
}
