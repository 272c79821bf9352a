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
          - { name: a-anthropic, kind: anthropic, base_url: "{A}", timeouts: { {{aTimeouts}} } }
          - { name: a-chat, kind: openai, base_url: "{A}/v1", timeouts: { {{aTimeouts}} } }
          - { name: b-anthropic, kind: anthropic, base_url: "{B}" }
          - { name: b-chat, kind: openai, base_url: "{B}/v1" }
        models:
        {{GatewayUnderTest.Models("solo-anthropic", models, "a-anthropic")}}
        {{GatewayUnderTest.Models("solo-chat", models, "a-chat")}}
        {{GatewayUnderTest.Models("both-anthropic", models, "a-anthropic", "b-anthropic")}}
        {{GatewayUnderTest.Models("both-chat", models, "a-chat", "b-chat")}}
        """;

    public static TheoryData<Wire, Wire> Directions => new()
    {
        { Wire.Anthropic, Wire.Anthropic },
        { Wire.Anthropic, Wire.Chat },
        { Wire.Chat, Wire.Anthropic },
        { Wire.Chat, Wire.Chat },
    };

    [Theory]
    [MemberData(nameof(Directions))]
    public async Task F15_SilenceBeforeFirstToken_IsCoveredByKeepAlives_ThenTheAnswer(Wire client, Wire upstream)
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Config("first_token: 30s"));
        gateway.A.Script.Always(new Fault(FaultKind.SlowHeaders) { Delay = TimeSpan.FromMilliseconds(900) });

        var answer = await gateway.PostAsync(client, Wires.Body(client, Model("solo", upstream, 0), "hello there", stream: true));

        Assert.Equal(200, answer.Status);
        Assert.Equal("Simulated answer to: hello there", answer.AnswerText(client));
        Assert.Null(answer.Violation(client));
        Assert.InRange(KeepAlives(answer, client), 2, 9);
    }

    [Theory]
    [MemberData(nameof(Directions))]
    public async Task F15_FailoverAfterKeepAlives_ClientSeesOneAnswer(Wire client, Wire upstream)
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Config("first_token: 600ms"));
        gateway.A.Script.Always(Fault.Of(FaultKind.Stall, FaultPlace.AfterStart));

        var answer = await gateway.PostAsync(client, Wires.Body(client, Model("both", upstream, 0), "hello there", stream: true));

        Assert.Equal("Simulated answer to: hello there", answer.AnswerText(client));
        Assert.Null(answer.Violation(client));
        Assert.Null(answer.StreamError(client));
        Assert.True(KeepAlives(answer, client) >= 1, answer.Text);
        Assert.Equal(1, gateway.A.Record.Count);
        Assert.Equal(1, gateway.B.Record.Count);
    }

    [Theory]
    [MemberData(nameof(Directions))]
    public async Task F15_AllFailAfterKeepAlives_ErrorIsInTheStream(Wire client, Wire upstream)
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Config("first_token: 600ms"));
        gateway.A.Script.Always(Fault.Of(FaultKind.Stall, FaultPlace.BeforeHeaders));

        var answer = await gateway.PostAsync(client, Wires.Body(client, Model("solo", upstream, 0), "hello there", stream: true));

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

        foreach (var (client, upstream) in Directions.Select(d => d.Data))
        {
            var before = gateway.A.Record.Count;
            var answer = await gateway.PostAsync(client, Wires.Body(client, Model("solo", upstream, client == Wire.Chat ? 1 : 0), "hello there", stream: true));

            Assert.Equal(before + 1, gateway.A.Record.Count);
            if (place == FaultPlace.AfterText)
            {
                Assert.Equal(200, answer.Status);
                Assert.Null(answer.Violation(client));
                Assert.Contains("timeouts." + setting, answer.StreamError(client)!.Value.GetProperty("message").GetString(), StringComparison.Ordinal);
            }
            else
            {
                Assert.Equal(504, answer.Status);
                Assert.Contains("timeouts." + setting, answer.Text, StringComparison.Ordinal);
            }
        }
    }

    [Fact]
    public async Task Timeout_WholeAnswer_IsFirstTokenUntilTheBody()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Config("first_token: 400ms", "retries: 2"));
        gateway.A.Script.Always(Fault.Of(FaultKind.Stall, FaultPlace.AfterHeaders));
        foreach (var (client, upstream) in Directions.Select(d => d.Data))
        {
            var answer = await gateway.PostAsync(client, Wires.Body(client, Model("solo", upstream, client == Wire.Chat ? 1 : 0), "hello there", stream: false));
            Assert.Equal(504, answer.Status);
        }

        Assert.Equal(4, gateway.A.Record.Count);
    }

    [Theory]
    [MemberData(nameof(Directions))]
    public async Task F13_CutInsideToolCall_AfterText_NoClientSeesAWholeCall(Wire client, Wire upstream)
    {
        // Text first (so that the stream is committed), then a call whose arguments are whole but whose block never ends.
        await using var gateway = await GatewayUnderTest.StartAsync(Config("idle: 500ms"));
        var name = upstream == Wire.Anthropic ? "solo-anthropic-0" : "solo-chat-0";
        gateway.A.Script.Replay(new ReplayAnswer { Body = Encoding.UTF8.GetBytes(upstream == Wire.Anthropic ? AnthropicCut : ChatCut) }, name);

        var answer = await gateway.PostAsync(client, Wires.Body(client, Model("solo", upstream, 0), "call it", stream: true, tool: true));

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

    private static string Model(string group, Wire upstream, int number) => $"{group}-{(upstream == Wire.Anthropic ? "anthropic" : "chat")}/{number}";

    private static int KeepAlives(ClientAnswer answer, Wire client) => client == Wire.Anthropic
        ? answer.Events.Count(e => e.Event == "ping")
        : answer.Text.Split('\n').Count(line => line.StartsWith(':'));

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
