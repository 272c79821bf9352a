using System.Text;
using Sluice.Server.Tests.Kit;
using Sluice.Simulator;

namespace Sluice.Server.Tests.Faults;

/// <summary>What keeps a silent stream alive, and what ends it.</summary>
public sealed class StreamLifeTests
{
    private static string Config(string aTimeouts, string routing = "retries: 0", int models = 24) => $$"""
        routing: { {{routing}} }
        keepalive: { after: 200ms, every: 100ms }
        providers:
        {{string.Concat(UpstreamKinds.Plain.Select(u => UpstreamKinds.Provider(u, "A", $", timeouts: {{ {aTimeouts} }}") + UpstreamKinds.Provider(u, "B")))}}
        models:
        {{string.Concat(UpstreamKinds.Plain.Select(u => GatewayUnderTest.Models("solo-" + UpstreamKinds.NameOf(u), models, "a-" + UpstreamKinds.NameOf(u)) + GatewayUnderTest.Models("both-" + UpstreamKinds.NameOf(u), models, "a-" + UpstreamKinds.NameOf(u), "b-" + UpstreamKinds.NameOf(u))))}}
        """;

    /// <summary>Every client with a provider of its own wire, and with one of another.</summary>
    public static TheoryData<Wire, Upstream> Directions => new()
    {
        { Wire.Anthropic, Upstream.Anthropic },
        { Wire.Anthropic, Upstream.Chat },
        { Wire.Chat, Upstream.Anthropic },
        { Wire.Chat, Upstream.Chat },
        { Wire.Responses, Upstream.Responses },
        { Wire.Responses, Upstream.Gemini },
        { Wire.Gemini, Upstream.Gemini },
        { Wire.Gemini, Upstream.Responses },
    };

    [Trait("Category", "Heavy")]
    [Theory]
    [MemberData(nameof(Directions))]
    public async Task F15_D23_ReqI64_SilenceBeforeFirstToken_IsCoveredByKeepAlives_ThenTheAnswer(Wire client, Upstream upstream)
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Config("first_token: 30s"));
        gateway.A.Script.Always(new Fault(FaultKind.SlowHeaders) { Delay = TimeSpan.FromMilliseconds(900) });

        var answer = await gateway.PostAsync(client, Wires.Ask(client, Model("solo", upstream, 0), "hello there", stream: true));

        Assert.Equal(200, answer.Status);
        Assert.Equal("Simulated answer to: hello there", answer.AnswerText(client));
        Assert.Null(answer.Violation(client));
        Assert.InRange(Wires.Of(client).KeepAlives(answer), 2, 9);
    }

    [Trait("Category", "Heavy")]
    [Theory]
    [MemberData(nameof(Directions))]
    public async Task F15_FailoverAfterKeepAlives_ClientSeesOneAnswer(Wire client, Upstream upstream)
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Config("first_token: 600ms"));
        gateway.A.Script.Always(Fault.Of(FaultKind.Stall, FaultPlace.AfterStart));

        var answer = await gateway.PostAsync(client, Wires.Ask(client, Model("both", upstream, 0), "hello there", stream: true));

        Assert.Equal("Simulated answer to: hello there", answer.AnswerText(client));
        Assert.Null(answer.Violation(client));
        Assert.Null(answer.StreamError(client));
        Assert.True(Wires.Of(client).KeepAlives(answer) >= 1, answer.Text);
        Assert.Equal(1, gateway.A.Record.Count);
        Assert.Equal(1, gateway.B.Record.Count);
    }

    [Trait("Category", "Heavy")]
    [Theory]
    [MemberData(nameof(Directions))]
    public async Task F15_AllFailAfterKeepAlives_ErrorIsInTheStream(Wire client, Upstream upstream)
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Config("first_token: 600ms"));
        gateway.A.Script.Always(Fault.Of(FaultKind.Stall, FaultPlace.BeforeHeaders));

        var answer = await gateway.PostAsync(client, Wires.Ask(client, Model("solo", upstream, 0), "hello there", stream: true));

        Assert.Equal(200, answer.Status);
        Assert.False(answer.IsCut);
        Assert.NotNull(answer.StreamError(client));
        Assert.False(answer.EndsWell(client));
        Assert.Null(answer.Violation(client));
        var trail = await gateway.SettledTrailAsync(answer.Id);
        Assert.Equal("timeout", trail.GetProperty("error").GetString());
    }

    [Theory]
    [InlineData("first_token: 400ms", FaultPlace.AfterStart, "first_token")]
    [InlineData("idle: 400ms", FaultPlace.AfterText, "idle")]
    [InlineData("total: 500ms", FaultPlace.AfterText, "total")]
    [InlineData("total: 500ms", FaultPlace.BeforeHeaders, "total")]
    public async Task Timeout_EachLimit_EndsTheAttemptAndIsNotRepeated(string timeouts, FaultPlace place, string setting)
    {
        // Without keep-alives within the time, so that a failure before the first text is a status.
        await using var gateway = await GatewayUnderTest.StartAsync(Config(timeouts, "retries: 2").Replace("after: 200ms", "after: 20s", StringComparison.Ordinal));
        gateway.A.Script.Always(Fault.Of(FaultKind.Stall, place));

        await Task.WhenAll(Directions.Select(d => d.Data).Select(async direction =>
        {
            var (client, upstream) = direction;
            var answer = await gateway.PostAsync(client, Wires.Ask(client, Model("solo", upstream, (int)client), "hello there", stream: true));

            Assert.Equal(1, GatewayUnderTest.Calls(gateway.A, $"solo-{UpstreamKinds.NameOf(upstream)}-{(int)client}"));
            if (place == FaultPlace.AfterText)
            {
                Assert.Equal(200, answer.Status);
                Assert.Null(answer.Violation(client));
                Assert.Contains("timeouts." + setting, answer.StreamError(client)!.Message, StringComparison.Ordinal);
            }
            else
            {
                Assert.Equal(504, answer.Status);
                Assert.Contains("timeouts." + setting, answer.Text, StringComparison.Ordinal);
            }
        }));
    }

    [Fact]
    public async Task Timeout_WholeAnswer_IsFirstTokenUntilTheBody()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Config("first_token: 400ms", "retries: 2"));
        gateway.A.Script.Always(Fault.Of(FaultKind.Stall, FaultPlace.AfterHeaders));
        await Task.WhenAll(Directions.Select(d => d.Data).Select(async direction =>
        {
            var (client, upstream) = direction;
            var answer = await gateway.PostAsync(client, Wires.Ask(client, Model("solo", upstream, (int)client), "hello there", stream: false));
            Assert.Equal(504, answer.Status);
        }));
        Assert.Equal(8, gateway.A.Record.Count);
    }

    [Theory]
    [InlineData(Wire.Anthropic, Upstream.Anthropic)]
    [InlineData(Wire.Anthropic, Upstream.Chat)]
    [InlineData(Wire.Chat, Upstream.Anthropic)]
    [InlineData(Wire.Chat, Upstream.Chat)]
    [InlineData(Wire.Responses, Upstream.Anthropic)]
    [InlineData(Wire.Responses, Upstream.Chat)]
    [InlineData(Wire.Gemini, Upstream.Anthropic)]
    [InlineData(Wire.Gemini, Upstream.Chat)]
    public async Task F13_CutInsideToolCall_AfterText_NoClientSeesAWholeCall(Wire client, Upstream upstream)
    {
        // Text first (so that the stream is committed), then a call whose arguments are whole but whose block never ends.
        await using var gateway = await GatewayUnderTest.StartAsync(Config("idle: 500ms"));
        var name = $"solo-{UpstreamKinds.NameOf(upstream)}-0";
        gateway.A.Script.Replay(new ReplayAnswer { Body = Encoding.UTF8.GetBytes(upstream == Upstream.Anthropic ? AnthropicCut : ChatCut) }, name);

        var answer = await gateway.PostAsync(client, Wires.Ask(client, Model("solo", upstream, 0), "call it", stream: true, tool: true));

        Assert.Equal("Let me look.", answer.AnswerText(client));
        Assert.NotNull(answer.StreamError(client));
        Assert.Null(answer.Violation(client));
        foreach (var arguments in answer.ToolArguments(client))
        {
            Assert.False(IsJson(arguments), "the client could run: " + arguments);
        }
    }

    private const string AnthropicCut = """
        event: message_start
        data: {"type":"message_start","message":{"id":"msg_1","type":"message","role":"assistant","model":"m","content":[],"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":5,"output_tokens":1}}}

        event: content_block_start
        data: {"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}

        event: content_block_delta
        data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Let me look."}}

        event: content_block_stop
        data: {"type":"content_block_stop","index":0}

        event: content_block_start
        data: {"type":"content_block_start","index":1,"content_block":{"type":"tool_use","id":"toolu_1","name":"weather","input":{}}}

        event: content_block_delta
        data: {"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta","partial_json":"{\"place\":"}}

        event: content_block_delta
        data: {"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta","partial_json":"\"Vienna\"}"}}


        """;

    private const string ChatCut = """
        data: {"id":"c","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{"role":"assistant","content":"Let me look."},"finish_reason":null}]}

        data: {"id":"c","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"call_1","type":"function","function":{"name":"weather","arguments":""}}]},"finish_reason":null}]}

        data: {"id":"c","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":"{\"place\":"}}]},"finish_reason":null}]}

        data: {"id":"c","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":"\"Vienna\"}"}}]},"finish_reason":null}]}


        """;

    private static string Model(string group, Upstream upstream, int number) => $"{group}-{UpstreamKinds.NameOf(upstream)}/{number}";

    private static bool IsJson(string text)
    {
        try
        {
            using var document = System.Text.Json.JsonDocument.Parse(text);
            return true;
        }
        catch (System.Text.Json.JsonException)
        {
            return false;
        }
    }
}
