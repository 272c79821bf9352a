using System.Text;
using System.Text.Json.Nodes;
using Sluice.Core.Pricing;
using Sluice.Protocols;
using Sluice.Protocols.Conversation;
using Sluice.Protocols.Formats;
using Sluice.Protocols.Native;
using Sluice.Protocols.OpenAIChat;
using Sluice.Protocols.Sse;
using Xunit;

namespace Sluice.Core.Tests.Pricing;

/// <summary>F27: from a provider's own words to dollars, on every way that an answer can take.</summary>
public sealed class UsageBlockTests
{
    private static readonly DateTimeOffset Now = new(2026, 8, 1, 12, 0, 0, TimeSpan.Zero);

    public static TheoryData<int, string> Lines
    {
        get
        {
            var lines = new TheoryData<int, string>();
            for (var i = 0; i < UsageBlocks.All.Count; i++)
            {
                lines.Add(i, UsageBlocks.All[i].Why);
            }

            return lines;
        }
    }

    [Theory]
    [MemberData(nameof(Lines))]
    public void F27_UsageBlock_CostsTheSameToTheNanoDollar_StreamedOrNot(int line, string why)
    {
        var block = UsageBlocks.All[line];
        var usages = block.Wire == "anthropic" ? Anthropic(block.Json) : Chat(block.Json, ChatDialect.ByName(block.Wire)!);
        foreach (var (way, usage) in usages)
        {
            var cost = Pricer.Price(block.Sheet, usage, Now, new PricingTerms { PreferReportedCost = block.Wire == "openrouter" });

            Assert.True(block.Usd == cost.NanoUsd / 1_000_000_000m && block.Flagged == cost.IsUnpriced, $"{why}, {way}: {cost} instead of {block.Usd}; read as {usage}");
        }
    }

    [Fact]
    public void F27_Table_HasSixtyLinesAndEveryWire()
    {
        Assert.True(UsageBlocks.All.Count >= 60);
        Assert.Equal(UsageBlocks.All.Count, UsageBlocks.All.DistinctBy(block => block.Why).Count());
        Assert.Superset(new HashSet<string> { "anthropic", "openai", "deepseek", "openrouter", "xai", "perplexity" }, UsageBlocks.All.Select(block => block.Wire).ToHashSet());
    }

    private static IEnumerable<(string Way, TokenUsage Usage)> Anthropic(string usage)
    {
        const WireProtocol Protocol = WireProtocol.AnthropicMessages;
        var whole = $$$"""{"id":"msg_1","type":"message","role":"assistant","model":"m","content":[{"type":"text","text":"x"}],"stop_reason":"end_turn","stop_sequence":null,"usage":{{{usage}}}}""";
        yield return ("whole, translated", WireFormats.Of(Protocol).ReadResponse(Encoding.UTF8.GetBytes(whole), ChatDialect.Generic).Value!.Usage);
        yield return ("whole, native", NativeWhole(Protocol, ChatDialect.Generic, whole));

        // The start tells the input and one token of output; the end tells the output alone, or everything again.
        var start = JsonNode.Parse(usage)!.AsObject();
        var end = new JsonObject();
        foreach (var late in new[] { "output_tokens", "output_tokens_details", "server_tool_use", "iterations" })
        {
            if (start.Remove(late, out var value))
            {
                end[late] = value;
            }
        }

        start["output_tokens"] = 1;
        foreach (var (way, last) in new[] { ("streamed", end.ToJsonString()), ("streamed, all of it again at the end", usage) })
        {
            var stream = $$$"""
                event: message_start
                data: {"type":"message_start","message":{"id":"msg_1","type":"message","role":"assistant","model":"m","content":[],"stop_reason":null,"stop_sequence":null,"usage":{{{start.ToJsonString()}}}}}

                event: message_delta
                data: {"type":"message_delta","delta":{"stop_reason":"end_turn","stop_sequence":null},"usage":{{{last}}}}

                event: message_stop
                data: {"type":"message_stop"}


                """;
            yield return (way + ", translated", Translated(Protocol, ChatDialect.Generic, stream));
            yield return (way + ", native", Native(Protocol, ChatDialect.Generic, stream));
        }
    }

    private static IEnumerable<(string Way, TokenUsage Usage)> Chat(string usage, ChatDialect dialect)
    {
        const WireProtocol Protocol = WireProtocol.OpenAIChat;

        // OpenAI says the tier beside the usage, not in it.
        var usageObject = JsonNode.Parse(usage)!.AsObject();
        var beside = usageObject.Remove("service_tier", out var tier) ? $",\"service_tier\":{tier!.ToJsonString()}" : "";
        usage = usageObject.ToJsonString();
        var whole = $$$"""{"id":"c","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"x"},"finish_reason":"stop"}],"usage":{{{usage}}}{{{beside}}}}""";
        yield return ("whole, translated", WireFormats.Of(Protocol).ReadResponse(Encoding.UTF8.GetBytes(whole), dialect).Value!.Usage);
        yield return ("whole, native", NativeWhole(Protocol, dialect, whole));

        const string Text = """data: {"id":"c","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{"role":"assistant","content":"x"},"finish_reason":null}]}""";
        var finish = """data: {"id":"c","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}""";
        var finishWithUsage = finish[..^1] + ",\"usage\":" + usage + beside + "}";
        var usageAlone = "data: {\"id\":\"c\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"m\",\"choices\":[],\"usage\":" + usage + beside + "}";
        foreach (var (way, events) in new (string, string[])[]
        {
            ("streamed, in an event of its own", [Text, finish, usageAlone, "data: [DONE]"]),
            ("streamed, with the end", [Text, finishWithUsage, "data: [DONE]"]),
            ("streamed, twice", [Text, finishWithUsage, usageAlone, "data: [DONE]"]),
        })
        {
            var stream = string.Concat(events.Select(e => e + "\n\n"));
            yield return (way + ", translated", Translated(Protocol, dialect, stream));
            yield return (way + ", native", Native(Protocol, dialect, stream));
        }
    }

    private static TokenUsage Translated(WireProtocol protocol, ChatDialect dialect, string stream)
    {
        var reader = WireFormats.Of(protocol).CreateStreamReader(dialect);
        var events = new List<StreamEvent>();
        using var sse = Fed(stream);
        while (sse.TryRead(out var frame))
        {
            reader.Read(frame, events);
        }

        reader.Complete(events);
        var usage = TokenUsage.Unknown;
        foreach (var item in events)
        {
            usage = item switch
            {
                StreamEvent.Started started => started.Usage,
                StreamEvent.UsageReported reported => reported.Usage,
                _ => usage,
            };
        }

        return usage;
    }

    private static TokenUsage Native(WireProtocol protocol, ChatDialect dialect, string stream)
    {
        var relay = NativeRelays.CreateStream(protocol, NativeStreamOptions.For(protocol, dialect));
        var output = new StreamSegments();
        using var sse = Fed(stream);
        while (sse.TryRead(out var frame))
        {
            Assert.Null(relay.Advance(frame, output));
        }

        return relay.Usage;
    }

    private static TokenUsage NativeWhole(WireProtocol protocol, ChatDialect dialect, string body) =>
        NativeResponses.Inspect(protocol, Encoding.UTF8.GetBytes(body), (usage, previous) => WireFormats.Of(protocol).ReadUsage(usage, previous, dialect)).Usage;

    private static SseReader Fed(string stream)
    {
        var bytes = Encoding.UTF8.GetBytes(stream);
        var sse = new SseReader();
        bytes.CopyTo(sse.GetMemory(bytes.Length));
        sse.Advance(bytes.Length);
        return sse;
    }
}
