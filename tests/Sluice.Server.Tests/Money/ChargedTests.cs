using System.Collections.Concurrent;
using System.Text;
using System.Text.Json;
using Sluice.Server.Tests.Kit;
using Sluice.Server.Tests.Kit.Clients;
using Sluice.Simulator;

namespace Sluice.Server.Tests.Money;

/// <summary>What an attempt is charged, against what the provider counted itself: whole answers, streams, abandoned ones and lying ones.</summary>
public sealed class ChargedTests
{
    // USD per million tokens in the test configuration, as nano-dollars per token.
    private const long InputPrice = 3_000;
    private const long OutputPrice = 15_000;
    private const long CacheReadPrice = 300;
    private const long CacheWritePrice = 3_750;
    private const long CacheWriteHourPrice = 6_000;

    private static string Config => $$"""
        routing: { retries: 0 }
        providers:
        {{string.Concat(Kinds.Select(u => UpstreamKinds.Provider(u, "A")))}}
        models:
        {{string.Concat(Kinds.Select(u => string.Concat(Enumerable.Range(0, 100).Select(i => UpstreamKinds.Model($"{UpstreamKinds.NameOf(u)}/{i}", $"{UpstreamKinds.NameOf(u)}-{i}", (u, UpstreamKinds.ProviderName(u, "A")))))))}}
        """;

    private static IEnumerable<Upstream> Kinds => [.. UpstreamKinds.Plain, Upstream.Bedrock];

    /// <summary>Every client with a provider of its own wire, and with one of another.</summary>
    private static readonly (Wire Client, Upstream Upstream)[] Directions =
    [
        (Wire.Anthropic, Upstream.Anthropic), (Wire.Anthropic, Upstream.Chat), (Wire.Chat, Upstream.Anthropic), (Wire.Chat, Upstream.Chat),
        (Wire.Responses, Upstream.Responses), (Wire.Responses, Upstream.Gemini), (Wire.Gemini, Upstream.Gemini), (Wire.Gemini, Upstream.Bedrock),
    ];

    [Fact]
    public async Task F14_Usage_OnEveryPath_IsTheProvidersAndTheCostIsExact()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Config);
        var number = 0;
        foreach (var (client, upstream) in Directions)
        {
            foreach (var stream in new[] { true, false })
            {
                foreach (var asksForUsage in client == Wire.Chat && stream ? new[] { true, false } : [true])
                {
                    var sort = UpstreamKinds.NameOf(upstream);
                    var answer = await gateway.PostAsync(client, Wires.Ask(client, $"{sort}/{number}", "What is the use of usage?", stream, usage: asksForUsage));
                    var said = gateway.A.Record.Requests.Single(r => r.Model == UpstreamKinds.ModelName(upstream, $"{sort}-{number}")).Usage!;
                    number++;

                    var told = answer.Usage(client);
                    Assert.Equal(asksForUsage, told is not null);
                    if (told is var (input, output))
                    {
                        Assert.Equal((said.Input + said.CacheRead + said.CacheWrite5m + said.CacheWrite1h, (long)said.Output), (input, output));
                    }

                    if (client == Wire.Anthropic && stream)
                    {
                        Assert.True(answer.Frames[0].GetProperty("message").GetProperty("usage").GetProperty("input_tokens").GetInt64() > 0, answer.Text);
                    }

                    var row = await RowAsync(gateway, answer.Id);
                    Assert.Equal(said.Input, row.GetProperty("input_tokens").GetInt64());
                    Assert.Equal(said.Output, row.GetProperty("output_tokens").GetInt64());
                    Assert.False(row.GetProperty("estimated").GetBoolean());
                    Assert.Equal((said.Input * InputPrice) + (said.Output * OutputPrice), row.GetProperty("cost_nano_usd").GetInt64());
                }
            }
        }
    }

    [Fact]
    public async Task F27_CachedPrompt_EachPart_IsChargedOnceAtItsOwnPrice()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Config, new SimulatorOptions { MinimumCacheTokens = 16 });
        foreach (var stream in new[] { true, false })
        {
            // Written for five minutes, written for an hour, and then both read.
            var body = $$$"""
                {"model":"anthropic/{{{(stream ? 0 : 1)}}}","max_tokens":99,"stream":{{{(stream ? "true" : "false")}}},"system":[
                {"type":"text","text":"{{{new string('h', 4000)}}}","cache_control":{"type":"ephemeral","ttl":"1h"}},
                {"type":"text","text":"{{{new string('m', 2000)}}}","cache_control":{"type":"ephemeral"}}],
                "messages":[{"role":"user","content":"cached?"}]}
                """;
            for (var turn = 0; turn < 2; turn++)
            {
                var answer = await gateway.PostAsync(Wire.Anthropic, body);
                var said = gateway.A.Record.Last.Usage!;
                Assert.Equal(turn == 0, said.CacheWrite5m > 0 && said.CacheWrite1h > 0);
                Assert.Equal(turn == 1, said.CacheRead > 0);

                var row = await RowAsync(gateway, answer.Id);
                Assert.Equal(
                    (said.Input * InputPrice) + (said.CacheRead * CacheReadPrice) + (said.CacheWrite5m * CacheWritePrice) + (said.CacheWrite1h * CacheWriteHourPrice) + (said.Output * OutputPrice),
                    row.GetProperty("cost_nano_usd").GetInt64());
            }
        }
    }

    [Fact]
    public async Task F25_ReqF7_ClientAborts_AtEachEvent_UpstreamIsClosedAndEmittedOutputIsCharged()
    {
        const int LastIndex = 9;
        const string Question = "please count from one to twenty in words and then go on with some more of them";
        await using var gateway = await GatewayUnderTest.StartAsync(Config, new SimulatorOptions { Speed = SimulatorSpeed.Paced(30) });
        var cases = new List<(Wire Client, Upstream Upstream, int Index, int Number)>();
        foreach (var (client, upstream) in Directions)
        {
            for (var index = 1; index <= LastIndex; index++)
            {
                cases.Add((client, upstream, index, cases.Count));
            }
        }

        var delays = new ConcurrentBag<double>();
        await Parallel.ForEachAsync(cases, new ParallelOptions { MaxDegreeOfParallelism = 9 }, async (one, _) =>
        {
            var sort = UpstreamKinds.NameOf(one.Upstream);
            using var request = gateway.Request(one.Client, Wires.Ask(one.Client, $"{sort}/{one.Number}", Question, stream: true));
            using var own = gateway.NewClient();
            var response = await own.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
            var id = response.Headers.GetValues("x-sluice-request-id").Single();
            var received = await ReadTextEventsAsync(one.Client, response, one.Index);
            var left = DateTimeOffset.UtcNow;
            response.Dispose();

            var seen = await gateway.A.Record.WaitForAsync(r => r.Model == UpstreamKinds.ModelName(one.Upstream, $"{sort}-{one.Number}") && r.End != AnswerEnd.Open, TimeSpan.FromSeconds(10));
            Assert.Equal(AnswerEnd.ClientGone, seen.End);
            delays.Add((seen.ClientGoneAt!.Value - left).TotalMilliseconds);

            var trail = await gateway.SettledTrailAsync(id);
            var row = trail.GetProperty("attempts").EnumerateArray().Single();
            Assert.Equal("client_gone", row.GetProperty("outcome").GetString());
            var (input, output) = (row.GetProperty("input_tokens").GetInt64(), row.GetProperty("output_tokens").GetInt64());
            if (one.Upstream is Upstream.Anthropic or Upstream.Gemini)
            {
                Assert.Equal(seen.Usage!.Input, input);
            }
            else
            {
                // Nobody had said it yet: estimated, marked, and not too low.
                Assert.True(row.GetProperty("estimated").GetBoolean());
                Assert.InRange(input, 1, seen.Usage!.Input * 3);
            }

            // At least what the client has, at most what the provider would have put out.
            Assert.InRange(output, (received + 3) / 4, seen.Usage.Output);
            Assert.Equal((input * InputPrice) + (output * OutputPrice), row.GetProperty("cost_nano_usd").GetInt64());
        });
        TestContext.Current.TestOutputHelper?.WriteLine($"upstream closed after the client's abort: median {delays.Order().ElementAt(delays.Count / 2):0.0} ms, worst {delays.Max():0.0} ms");
        var sorted = delays.Order().ToArray();
        Assert.True(sorted[sorted.Length / 2] < 100, $"median {sorted[sorted.Length / 2]} ms");
        Assert.True(sorted[^1] < 1_000, $"worst {sorted[^1]} ms");
        await GatewayUnderTest.UntilAsync(() => gateway.HeldBytes == 0, "all bodies given back");
    }

    [Fact]
    public async Task F25_ClientAborts_BeforeAnyAnswer_UpstreamIsClosedAndInputIsCharged()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Config);
        gateway.A.Script.Always(Fault.Of(FaultKind.Stall, FaultPlace.BeforeHeaders));
        var number = 0;
        foreach (var (client, upstream) in Directions)
        {
            foreach (var stream in new[] { true, false })
            {
                var sort = UpstreamKinds.NameOf(upstream);
                using var abort = new CancellationTokenSource();
                using var own = gateway.NewClient();
                using var request = gateway.Request(client, Wires.Ask(client, $"{sort}/{number}", "hello", stream));
                var pending = own.SendAsync(request, abort.Token);
                await gateway.A.Record.WaitForAsync(r => r.Model == UpstreamKinds.ModelName(upstream, $"{sort}-{number}") && r.Fault is not null, TimeSpan.FromSeconds(10));
                var left = DateTimeOffset.UtcNow;
                await abort.CancelAsync();
                await Assert.ThrowsAnyAsync<OperationCanceledException>(() => pending);
                var seen = await gateway.A.Record.WaitForAsync(r => r.Model == UpstreamKinds.ModelName(upstream, $"{sort}-{number}") && r.End != AnswerEnd.Open, TimeSpan.FromSeconds(10));
                Assert.Equal(AnswerEnd.ClientGone, seen.End);
                Assert.True((seen.ClientGoneAt!.Value - left).TotalSeconds < 1);
                number++;
            }
        }

        JsonElement total = default;
        await GatewayUnderTest.UntilAsync(async () =>
        {
            total = await ReportAsync(gateway, "cause");
            return total.GetProperty("rows").GetArrayLength() == 1 && total.GetProperty("total").GetProperty("attempts").GetInt64() == number;
        }, "every attempt in the report, all for one cause");

        var row = total.GetProperty("rows").EnumerateArray().Single();
        Assert.Equal("client_gone", row.GetProperty("cause").GetString());
        Assert.Equal(number, row.GetProperty("attempts").GetInt64());
        Assert.Equal(number, row.GetProperty("estimated").GetInt64());
        Assert.True(row.GetProperty("input_tokens").GetInt64() > 0);
        Assert.Equal(0, row.GetProperty("output_tokens").GetInt64());
    }

    [Theory]
    [InlineData(FaultKind.NegativeUsage)]
    [InlineData(FaultKind.HugeUsage)]
    [InlineData(FaultKind.TextUsage)]
    [InlineData(FaultKind.MissingUsage)]
    public async Task F26_UsageThatCannotBe_IsNeverACreditAndIsFlagged(FaultKind kind)
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Config);
        gateway.A.Script.Always(new Fault(kind));
        var number = 0;
        foreach (var (client, upstream) in Directions)
        {
            foreach (var stream in new[] { true, false })
            {
                var sort = UpstreamKinds.NameOf(upstream);
                var answer = await gateway.PostAsync(client, Wires.Ask(client, $"{sort}/{number++}", "hello", stream));
                Assert.Equal("Simulated answer to: hello", answer.AnswerText(client));

                var row = await RowAsync(gateway, answer.Id);
                var what = $"client {client}, upstream {upstream}, stream {stream}: {row}";

                // 26 bytes of answer and some forty of request: a cent is far more than they can cost.
                Assert.True(row.GetProperty("cost_nano_usd").GetInt64() is >= 0 and < 10_000_000, what);
                Assert.True(row.GetProperty("input_tokens").GetInt64() > 0, what);
                Assert.True(row.GetProperty("output_tokens").GetInt64() > 0, what);
                Assert.True(kind == FaultKind.TextUsage || row.GetProperty("estimated").GetBoolean(), what);
            }
        }
    }

    [Fact]
    public async Task F26_FailedAttempts_AreChargedOnlyForWhatTheProviderTookOn()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Config);
        gateway.A.Script.Always(Fault.Of(500), "anthropic-0");
        gateway.A.Script.Always(Fault.Of(FaultKind.Reset, FaultPlace.AfterText, 4), "anthropic-1");

        var refused = await gateway.PostAsync(Wire.Anthropic, Wires.Ask(Wire.Anthropic, "anthropic/0", "hello", stream: true));
        var cut = await gateway.PostAsync(Wire.Anthropic, Wires.Ask(Wire.Anthropic, "anthropic/1", "hello", stream: true));

        Assert.Equal(0, (await RowAsync(gateway, refused.Id)).GetProperty("cost_nano_usd").GetInt64());
        var row = await RowAsync(gateway, cut.Id);
        var said = gateway.A.Record.Requests.Single(r => r.Model == "anthropic-1").Usage!;
        Assert.Equal(said.Input, row.GetProperty("input_tokens").GetInt64());
        Assert.InRange(row.GetProperty("output_tokens").GetInt64(), (Encoding.UTF8.GetByteCount(cut.AnswerText(Wire.Anthropic)) + 3) / 4, said.Output);
    }

    private static async Task<JsonElement> RowAsync(GatewayUnderTest gateway, string id) =>
        (await gateway.SettledTrailAsync(id)).GetProperty("attempts").EnumerateArray().Single();

    private static async Task<JsonElement> ReportAsync(GatewayUnderTest gateway, string by)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/admin/api/report?by=" + by);
        request.Headers.TryAddWithoutValidation("x-api-key", GatewayUnderTest.AdminKey);
        return (await gateway.SendAsync(request)).Json;
    }

    /// <summary>Reads until so many events with text have come; returns the bytes of text in them.</summary>
    private static async Task<int> ReadTextEventsAsync(Wire client, HttpResponseMessage response, int count)
    {
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync());
        var reading = new AnswerReading();
        while (count > 0 && await reader.ReadLineAsync() is { } line)
        {
            if (!line.StartsWith("data: {", StringComparison.Ordinal))
            {
                continue;
            }

            using var frame = JsonDocument.Parse(line[6..]);
            var before = reading.Text.Length;
            Wires.Of(client).ReadEvent(frame.RootElement, reading);
            count -= reading.Text.Length > before ? 1 : 0;
        }

        return Encoding.UTF8.GetByteCount(reading.Text.ToString());
    }
}
