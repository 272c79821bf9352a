using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Sluice.Core.Health;
using Sluice.Protocols;
using Sluice.Protocols.Conversation;
using Sluice.Protocols.Json;
using Sluice.Server.Tests.Kit;
using Sluice.Server.ToolCalls;
using Sluice.Simulator;

namespace Sluice.Server.Tests.Surfaces;

/// <summary>Tool calls that cannot be run are counted, and <c>:exacto</c> goes by the count.</summary>
public sealed class ToolCallTests
{
    private static readonly DeclaredTools Declared = new(
    [
        new FunctionTool("weather", null, RawJson.FromText("""{"type":"object","properties":{"city":{"type":"string"},"unit":{"enum":["c","f"]},"days":{"type":"integer"}},"required":["city"]}""")),
        new CustomTool("shell", null, default),
        new FunctionTool("get", null, RawJson.FromText("{}")) { Namespace = "files" },
    ]);

    [Theory]
    [InlineData("weather", """{"city":"Paris","unit":"c","days":2}""", ToolCallOutcome.Good)]
    [InlineData("weather", """{"city":"Paris","more":[1]}""", ToolCallOutcome.Good)]
    [InlineData("weather", """{"city":"Paris" """, ToolCallOutcome.InvalidJson)]
    [InlineData("weather", "", ToolCallOutcome.SchemaMismatch)]
    [InlineData("weather", """{"city":7}""", ToolCallOutcome.SchemaMismatch)]
    [InlineData("weather", """{"city":"Paris","unit":"k"}""", ToolCallOutcome.SchemaMismatch)]
    [InlineData("weather", """{"city":"Paris","days":1.5}""", ToolCallOutcome.SchemaMismatch)]
    [InlineData("weather", """["Paris"]""", ToolCallOutcome.SchemaMismatch)]
    [InlineData("forecast", "{}", ToolCallOutcome.UnknownName)]
    [InlineData("get", "{}", ToolCallOutcome.UnknownName)]
    [InlineData("files\nget", """{"any":true}""", ToolCallOutcome.Good)]
    public void Call_Judged_IsGoodOrHasItsFault(string name, string arguments, ToolCallOutcome expected) =>
        Assert.Equal(expected, Declared.Judge([new CalledTool(name, arguments, IsText: false)]));

    [Fact]
    public void Call_OfFreeText_IsGoodWhateverItSays() => Assert.Equal(ToolCallOutcome.Good, Declared.Judge([new CalledTool("shell", "ls {", IsText: true)]));

    [Fact]
    public void Calls_OneOfThemBad_AreBad() =>
        Assert.Equal(ToolCallOutcome.UnknownName, Declared.Judge([new CalledTool("files\nget", "{}", IsText: false), new CalledTool("x", "{}", IsText: false)]));

    [Fact]
    public void Name_Unknown_BesideAVendorsOwnTool_IsNoFault() =>
        Assert.Equal(ToolCallOutcome.Good, new DeclaredTools([new VendorTool("web_search_20250305", "web_search", default, WireProtocol.AnthropicMessages)]).Judge([new CalledTool("x", "{}", IsText: false)]));

    [Fact]
    public void Calls_MoreThanAnybodyMakes_AreNotKept()
    {
        var called = new CalledTools();
        called.Take([.. Enumerable.Range(0, 65).Select(i => new ToolCallPart($"{i}", "get", RawJson.FromText("{}")))]);
        Assert.Empty(called.Calls);

        var large = new CalledTools();
        List<StreamEvent> events = [new StreamEvent.PartStarted(0, PartShape.ToolCall) { Name = "get" }];
        events.AddRange(Enumerable.Repeat(new StreamEvent.ArgumentsDelta(0, new string('x', 1024)), 257));
        events.Add(new StreamEvent.PartEnded(0));
        large.Take(events, 0);
        Assert.Empty(large.Calls);
    }

    private const string Config = """
        routing: { retries: 0 }
        providers:
          - { name: bad, kind: KIND, base_url: "{A}/v1", api_keys: [key-of-a-0123456789] }
          - { name: good, kind: KIND, base_url: "{B}/v1", api_keys: [key-of-b-0123456789] }
        models:
          - id: "m"
            endpoints:
              - { provider: bad, model: bad-m, price: { input: 1, output: 1 } }
              - { provider: good, model: tools, price: { input: 1, output: 1 } }
        """;

    // Calls a tool that the request does not have.
    private static readonly byte[] Stray = Encoding.UTF8.GetBytes(
        """
        data: {"id":"c1","object":"chat.completion.chunk","created":1,"model":"bad-m","choices":[{"index":0,"delta":{"role":"assistant","content":null,"tool_calls":[{"index":0,"id":"call_1","type":"function","function":{"name":"stray","arguments":""}}]},"finish_reason":null}]}

        data: {"id":"c1","object":"chat.completion.chunk","created":1,"model":"bad-m","choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":"{}"}}]},"finish_reason":null}]}

        data: {"id":"c1","object":"chat.completion.chunk","created":1,"model":"bad-m","choices":[{"index":0,"delta":{},"finish_reason":"tool_calls"}]}

        data: [DONE]


        """.ReplaceLineEndings("\n"));

    [Theory]
    [InlineData(Wire.Chat)]
    [InlineData(Wire.Anthropic)]
    public async Task Exacto_OverSockets_GoesByWhatTheCallsWereWorth(Wire client)
    {
        await using var gateway = await GatewayUnderTest.StartAsync(
            Config.Replace("KIND", "openai", StringComparison.Ordinal),
            new SimulatorOptions { Replay = new Dictionary<string, ReplayAnswer> { ["bad-m"] = new() { Body = Stray } } });
        for (var i = 0; i < 2 * 200; i++)
        {
            var ask = Wires.Ask(client, "m", "the weather?", stream: true, tool: true);
            var body = JsonNode.Parse(ask.Body)!.AsObject();
            body["provider"] = new JsonObject { ["only"] = new JsonArray(i % 2 == 0 ? "bad" : "good") };
            var answer = await gateway.PostAsync(client, ask with { Body = body.ToJsonString() });
            Assert.True(answer.Status == 200, answer.Text);
        }

        var plan = await gateway.PostAsync(client, Wires.Ask(client, "m:exacto", "the weather?", stream: false, tool: true), ("x-sluice-explain", "1"));

        var candidates = plan.Json.GetProperty("candidates").EnumerateArray().Select(candidate => (candidate.GetProperty("provider").GetString()!, candidate.GetProperty("why").GetString()!));
        Assert.Equal([("good", "best tool calls"), ("bad", "next in order")], candidates);
    }

    [Fact]
    public async Task ToolRequests_ByOpenRoutersPath_GoByTheSameCount_AndOthersDoNot()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Config.Replace("KIND", "openai", StringComparison.Ordinal));

        Assert.Equal("exacto", await SortAsync("/api/v1/chat/completions", tool: true));
        Assert.Equal("balanced", await SortAsync("/api/v1/chat/completions", tool: false));
        Assert.Equal("order", await SortAsync("/v1/chat/completions", tool: true));

        async Task<string?> SortAsync(string path, bool tool)
        {
            var plan = await gateway.PostAsync(Wire.Chat, Wires.Ask(Wire.Chat, "m", "hi", stream: false, tool) with { Path = path }, ("x-sluice-explain", "1"));
            return plan.Json.GetProperty("sort").GetString();
        }
    }
}
