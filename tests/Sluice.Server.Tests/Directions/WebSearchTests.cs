using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Sluice.Server.Tests.Kit;
using Sluice.Simulator;

namespace Sluice.Server.Tests.Directions;

/// <summary>F12: a search of the web that the client's vendor makes is made by another vendor, and its findings come back in the client's shapes.</summary>
public sealed class WebSearchTests
{
    private const string Responses = """
        {"id":"resp_1","object":"response","status":"completed","model":"gpt-5","output":[
          {"id":"ws_1","type":"web_search_call","status":"completed","action":{"type":"search","query":"rain in Oslo","sources":[{"type":"url","url":"https://yr.example/oslo"},{"type":"url","url":"https://b.example/x"}]}},
          {"id":"ws_2","type":"web_search_call","status":"completed","action":{"type":"open_page","url":"https://yr.example/oslo"}},
          {"id":"msg_1","type":"message","status":"completed","role":"assistant","content":[{"type":"output_text","text":"It rains.","annotations":[{"type":"url_citation","start_index":0,"end_index":9,"url":"https://yr.example/oslo","title":"Yr"}]}]}],
         "usage":{"input_tokens":10,"input_tokens_details":{"cached_tokens":0},"output_tokens":5,"output_tokens_details":{"reasoning_tokens":0},"total_tokens":15}}
        """;

    private const string Gemini = """
        {"candidates":[{"content":{"parts":[{"text":"It rains."}],"role":"model"},"finishReason":"STOP","groundingMetadata":{"webSearchQueries":["rain in Oslo","weather Oslo"],
          "groundingChunks":[{"web":{"uri":"https://yr.example/oslo","title":"Yr"}},{"web":{"uri":"https://b.example/x","title":"B"}}],
          "groundingSupports":[{"segment":{"startIndex":0,"endIndex":9,"text":"It rains."},"groundingChunkIndices":[0,1]}]}}],
         "usageMetadata":{"promptTokenCount":10,"candidatesTokenCount":5,"totalTokenCount":15},"modelVersion":"gemini-3-pro","responseId":"r1"}
        """;

    private const string Claude = """
        {"id":"msg_1","type":"message","role":"assistant","model":"claude-x","content":[
          {"type":"server_tool_use","id":"srvtoolu_1","name":"web_search","input":{"query":"rain in Oslo"}},
          {"type":"web_search_tool_result","tool_use_id":"srvtoolu_1","content":[{"type":"web_search_result","title":"Yr","url":"https://yr.example/oslo","encrypted_content":"abc","page_age":null}]},
          {"type":"text","text":"It rains.","citations":[{"type":"web_search_result_location","url":"https://yr.example/oslo","title":"Yr","encrypted_index":"i","cited_text":"Rain all day."}]}],
         "stop_reason":"end_turn","stop_sequence":null,"usage":{"input_tokens":10,"output_tokens":5,"server_tool_use":{"web_search_requests":1}}}
        """;

    private static readonly string Config = "routing: { retries: 0 }\nproviders:\n"
        + UpstreamKinds.Provider(Upstream.Responses, "A") + UpstreamKinds.Provider(Upstream.Gemini, "A") + UpstreamKinds.Provider(Upstream.Anthropic, "A") + UpstreamKinds.Provider(Upstream.Chat, "A")
        + """
        models:
          - { id: "m/responses", endpoints: [{ provider: a-responses, model: m-responses, price: { input: 3, output: 15, web_search: 0.01 } }] }
          - { id: "m/gemini", endpoints: [{ provider: a-gemini, model: m-gemini, price: { input: 3, output: 15, web_search: 0.01 } }] }
          - { id: "m/anthropic", endpoints: [{ provider: a-anthropic, model: m-anthropic, price: { input: 3, output: 15, web_search: 0.01 } }] }
          - { id: "m/chat", endpoints: [{ provider: a-chat, model: m-chat, price: { input: 3, output: 15 } }] }
        """;

    private static readonly string[] Expected =
    [
        "server_tool_use web_search {\"query\":\"QUERY\"}", "web_search_tool_result https://yr.example/oslo Yr, https://b.example/x B", "text It rains. [https://yr.example/oslo Yr]",
    ];

    private static string Ask(string model, bool stream, string more = "") =>
        $$"""{"model":"{{model}}","max_tokens":100,"stream":{{(stream ? "true" : "false")}},"messages":[{"role":"user","content":"Does it rain?"}],"tools":[{"type":"web_search_20250305","name":"web_search","max_uses":2}]{{more}}}""";

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task F12_ClaudesSearch_AtResponses_ComesBackAsClaudesBlocks_AndIsCharged(bool stream)
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Config);
        gateway.A.Script.Replay(stream ? Streamed(Responses) : Whole(Responses), "m-responses");
        var answer = await gateway.PostAsync(Wire.Anthropic, Ask("m/responses", stream, ",\"tool_choice\":{\"type\":\"tool\",\"name\":\"web_search\"}"));

        Assert.True(answer.Status == 200, answer.Text);
        using var sent = JsonDocument.Parse(gateway.A.Record.Last.Body);
        Assert.Equal("""[{"type":"web_search"}]""", sent.RootElement.GetProperty("tools").GetRawText());
        Assert.Equal("""{"type":"web_search"}""", sent.RootElement.GetProperty("tool_choice").GetRawText());
        Assert.Equal(2, sent.RootElement.GetProperty("max_tool_calls").GetInt32());
        Assert.Contains("web_search_call.action.sources", sent.RootElement.GetProperty("include").GetRawText(), StringComparison.Ordinal);

        // The other page has no title at this vendor; while it streams, neither has the first before it is cited.
        var blocks = Blocks(answer, stream);
        Assert.Equal(Expected[0].Replace("QUERY", "rain in Oslo", StringComparison.Ordinal), blocks[0]);
        Assert.Equal(stream ? "web_search_tool_result https://yr.example/oslo yr.example, https://b.example/x b.example" : "web_search_tool_result https://yr.example/oslo Yr, https://b.example/x b.example", blocks[1]);
        Assert.Equal(Expected[2], blocks[2]);
        await ChargedAsync(gateway, answer, stream, searches: 1);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task F12_ClaudesSearch_AtGemini_ComesBackAsClaudesBlocks_AndIsCharged(bool stream)
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Config);
        gateway.A.Script.Replay(stream ? new ReplayAnswer { Body = Encoding.UTF8.GetBytes("data: " + Gemini.ReplaceLineEndings(" ") + "\r\n\r\n") } : Whole(Gemini), "m-gemini");
        var answer = await gateway.PostAsync(Wire.Anthropic, Ask("m/gemini", stream));

        Assert.True(answer.Status == 200, answer.Text);
        Assert.Equal("tools.web_search.max_uses=dropped", answer.Header("x-sluice-degraded"));
        using var sent = JsonDocument.Parse(gateway.A.Record.Last.Body);
        Assert.Equal("""[{"googleSearch":{}}]""", sent.RootElement.GetProperty("tools").GetRawText());

        string[] found = [Expected[0].Replace("QUERY", "rain in Oslo; weather Oslo", StringComparison.Ordinal), Expected[1]];
        const string Text = "text It rains. [https://yr.example/oslo Yr 'It rains.', https://b.example/x B 'It rains.']";
        Assert.Equal(stream ? [Text, .. found] : [.. found, Text], Blocks(answer, stream));
        await ChargedAsync(gateway, answer, stream, searches: 2);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task F12_OpenAIsSearch_AtClaude_IsAWebSearchCallWithSources(bool stream)
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Config);
        gateway.A.Script.Replay(stream ? ClaudeStream() : Whole(Claude), "m-anthropic");
        var answer = await gateway.PostAsync(
            Wire.Responses,
            $$$"""{"model":"m/anthropic","stream":{{{(stream ? "true" : "false")}}},"input":"Does it rain?","tools":[{"type":"web_search","filters":{"allowed_domains":["yr.example"]},"user_location":{"type":"approximate","city":"Oslo"}}],"tool_choice":{"type":"web_search"}}""");

        Assert.True(answer.Status == 200, answer.Text);
        using var sent = JsonDocument.Parse(gateway.A.Record.Last.Body);
        Assert.Equal(
            """[{"type":"web_search_20250305","name":"web_search","allowed_domains":["yr.example"],"user_location":{"type":"approximate","city":"Oslo"}}]""",
            sent.RootElement.GetProperty("tools").GetRawText());
        Assert.Equal("""{"type":"tool","name":"web_search"}""", sent.RootElement.GetProperty("tool_choice").GetRawText());
        var response = stream ? answer.Frames[^1].GetProperty("response") : answer.Json;
        var output = response.GetProperty("output").EnumerateArray().ToList();
        Assert.Equal(["web_search_call", "message"], output.Select(o => o.GetProperty("type").GetString()));
        Assert.Equal("""{"type":"search","query":"rain in Oslo","sources":[{"type":"url","url":"https://yr.example/oslo"}]}""", output[0].GetProperty("action").GetRawText());
        var annotation = output[1].GetProperty("content")[0].GetProperty("annotations")[0];
        Assert.Equal(("https://yr.example/oslo", "Yr"), (annotation.GetProperty("url").GetString(), annotation.GetProperty("title").GetString()));
    }

    [Fact]
    public async Task F12_SearchThatClaudesServerRefuses_IsLeftOutOnce_AndNeverSentThereAgain()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Config);
        gateway.A.Script.Enqueue(new Fault(FaultKind.Status) { Status = 400, Message = "tools.1: web search is not enabled for this organization." });
        const string Body = """{"model":"m/anthropic","input":"Hi","tools":[{"type":"function","name":"f","parameters":{"type":"object","properties":{}}},{"type":"web_search"}]}""";
        var first = await gateway.PostAsync(Wire.Responses, Body);
        var second = await gateway.PostAsync(Wire.Responses, Body);

        Assert.True(first.Status == 200, first.Text);
        Assert.Equal(("2", "1"), (first.Header("x-sluice-attempts"), second.Header("x-sluice-attempts")));
        Assert.Equal("tools.web_search=dropped", second.Header("x-sluice-degraded"));
        Assert.Equal([2, 1, 1], gateway.A.Record.Requests.Select(r => JsonDocument.Parse(r.Body).RootElement.GetProperty("tools").GetArrayLength()));
    }

    [Theory]
    [InlineData("")]
    [InlineData(",\"tool_choice\":{\"type\":\"tool\",\"name\":\"web_search\"}")]
    public async Task F12_ChatUpstream_WithNothingButASearch_IsRefusedInTheClientsShape(string more)
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Config);
        var answer = await gateway.PostAsync(Wire.Anthropic, Ask("m/chat", stream: false, more));

        Assert.Equal(400, answer.Status);
        Assert.Equal("invalid_request_error", answer.Json.GetProperty("error").GetProperty("type").GetString());
        Assert.Contains("web_search", answer.Json.GetProperty("error").GetProperty("message").GetString(), StringComparison.Ordinal);
        Assert.Equal(0, gateway.A.Record.Count);
    }

    // Anthropic can open neither what another vendor found nor its places in it, and would refuse the whole conversation.
    [Fact]
    public async Task F12_FoundElsewhere_IsCutOutBeforeAnthropicSeesIt()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Config);
        gateway.A.Script.Replay(Whole(Responses), "m-responses");
        var elsewhere = await gateway.PostAsync(Wire.Anthropic, Ask("m/responses", stream: false));
        var conversation = new JsonObject
        {
            ["model"] = "m/anthropic",
            ["max_tokens"] = 100,
            ["messages"] = new JsonArray(
                new JsonObject { ["role"] = "user", ["content"] = "Does it rain?" },
                new JsonObject { ["role"] = "assistant", ["content"] = JsonNode.Parse(elsewhere.Json.GetProperty("content").GetRawText()) },
                new JsonObject { ["role"] = "user", ["content"] = "And tomorrow?" }),
        };
        var answer = await gateway.PostAsync(Wire.Anthropic, conversation.ToJsonString());

        Assert.True(answer.Status == 200, answer.Text);
        Assert.Equal("""[{"type":"text","text":"It rains.","citations":null}]""", JsonDocument.Parse(gateway.A.Record.Last.Body).RootElement.GetProperty("messages")[1].GetProperty("content").GetRawText());
    }

    [Theory]
    [InlineData(Wire.Responses, false, 1)]
    [InlineData(Wire.Responses, true, 1)]
    [InlineData(Wire.Gemini, false, 2)]
    [InlineData(Wire.Gemini, true, 2)]
    public async Task F14_SearchOfANativeAnswer_IsCharged(Wire wire, bool stream, int searches)
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Config);
        var (model, body) = wire == Wire.Responses ? ("responses", Responses) : ("gemini", Gemini);
        gateway.A.Script.Replay(!stream ? Whole(body) : wire == Wire.Responses ? Streamed(body) : new ReplayAnswer { Body = Encoding.UTF8.GetBytes("data: " + body.ReplaceLineEndings(" ") + "\r\n\r\n") }, "m-" + model);
        var answer = await gateway.PostAsync(wire, Wires.Ask(wire, "m/" + model, "Does it rain?", stream));

        Assert.True(answer.Status == 200, answer.Text);
        await CostsAsync(gateway, answer, searches);
    }

    private static async Task ChargedAsync(GatewayUnderTest gateway, ClientAnswer answer, bool stream, int searches)
    {
        var usage = stream ? answer.Frames.Last(f => f.GetProperty("type").GetString() == "message_delta").GetProperty("usage") : answer.Json.GetProperty("usage");
        Assert.Equal(searches, usage.GetProperty("server_tool_use").GetProperty("web_search_requests").GetInt32());
        await CostsAsync(gateway, answer, searches);
    }

    // 10 tokens at 3,000 nano-dollars, 5 at 15,000, and a cent for each search.
    private static async Task CostsAsync(GatewayUnderTest gateway, ClientAnswer answer, int searches) =>
        Assert.Equal(105_000 + (searches * 10_000_000L), (await gateway.SettledTrailAsync(answer.Id)).GetProperty("attempts")[0].GetProperty("cost_nano_usd").GetInt64());

    private static List<string> Blocks(ClientAnswer answer, bool stream)
    {
        if (!stream)
        {
            return [.. answer.Json.GetProperty("content").EnumerateArray().Select(b => Show(b, b.TryGetProperty("input", out var input) ? input.GetRawText() : "", Text(b, "text"), Citations(b)))];
        }

        var blocks = new List<string>();
        var (start, json, text, cited) = (default(JsonElement), "", "", new List<JsonElement>());
        foreach (var frame in answer.Frames)
        {
            switch (frame.GetProperty("type").GetString())
            {
                case "content_block_start":
                    (start, json, text, cited) = (frame.GetProperty("content_block"), "", "", []);
                    Assert.Equal(blocks.Count, frame.GetProperty("index").GetInt32());
                    break;
                case "content_block_delta":
                    var delta = frame.GetProperty("delta");
                    json += Text(delta, "partial_json");
                    text += Text(delta, "text");
                    if (delta.TryGetProperty("citation", out var citation))
                    {
                        cited.Add(citation);
                    }

                    break;
                case "content_block_stop":
                    blocks.Add(Show(start, json, text, cited));
                    break;
            }
        }

        return blocks;
    }

    private static string Show(JsonElement block, string input, string text, List<JsonElement> citations) => block.GetProperty("type").GetString() switch
    {
        "server_tool_use" => $"server_tool_use {Text(block, "name")} {input}",
        "web_search_tool_result" => "web_search_tool_result " + string.Join(", ", block.GetProperty("content").EnumerateArray().Select(r => Text(r, "url") + " " + Text(r, "title"))),
        _ => $"text {text} [{string.Join(", ", citations.Select(c => Text(c, "url") + " " + Text(c, "title") + (Text(c, "cited_text").Length > 0 ? $" '{Text(c, "cited_text")}'" : "")))}]",
    };

    private static List<JsonElement> Citations(JsonElement block) => block.TryGetProperty("citations", out var citations) ? [.. citations.EnumerateArray()] : [];

    private static string Text(JsonElement owner, string name) => owner.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString()! : "";

    private static ReplayAnswer Whole(string body) => new() { Body = Encoding.UTF8.GetBytes(body), ContentType = "application/json" };

    private static ReplayAnswer Streamed(string body)
    {
        var response = JsonNode.Parse(body)!;
        var stream = new StringBuilder();
        void Event(string type, JsonObject data)
        {
            data.Insert(0, "type", type);
            stream.Append("event: ").Append(type).Append("\ndata: ").Append(data.ToJsonString()).Append("\n\n");
        }

        Event("response.created", new JsonObject { ["response"] = new JsonObject { ["id"] = "resp_1", ["object"] = "response", ["status"] = "in_progress", ["output"] = new JsonArray() } });
        var index = 0;
        foreach (var item in response["output"]!.AsArray())
        {
            Event("response.output_item.added", new JsonObject { ["output_index"] = index, ["item"] = new JsonObject { ["id"] = item!["id"]!.DeepClone(), ["type"] = item["type"]!.DeepClone(), ["status"] = "in_progress" } });
            if (item["content"] is { } content)
            {
                Event("response.output_text.delta", new JsonObject { ["output_index"] = index, ["content_index"] = 0, ["delta"] = content[0]!["text"]!.DeepClone() });
                Event("response.output_text.annotation.added", new JsonObject { ["output_index"] = index, ["content_index"] = 0, ["annotation"] = content[0]!["annotations"]![0]!.DeepClone() });
            }

            Event("response.output_item.done", new JsonObject { ["output_index"] = index++, ["item"] = item.DeepClone() });
        }

        Event("response.completed", new JsonObject { ["response"] = response.DeepClone() });
        return new ReplayAnswer { Body = Encoding.UTF8.GetBytes(stream.ToString()) };
    }

    private static ReplayAnswer ClaudeStream()
    {
        var stream = new StringBuilder();
        void Event(string json) => stream.Append("event: ").Append(JsonNode.Parse(json)!["type"]!.GetValue<string>()).Append("\ndata: ").Append(json).Append("\n\n");
        Event("""{"type":"message_start","message":{"id":"msg_1","type":"message","role":"assistant","model":"claude-x","content":[],"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":10,"output_tokens":1}}}""");
        Event("""{"type":"content_block_start","index":0,"content_block":{"type":"server_tool_use","id":"srvtoolu_1","name":"web_search","input":{}}}""");
        Event("""{"type":"content_block_delta","index":0,"delta":{"type":"input_json_delta","partial_json":"{\"query\": \"rain"}}""");
        Event("""{"type":"content_block_delta","index":0,"delta":{"type":"input_json_delta","partial_json":" in Oslo\"}"}}""");
        Event("""{"type":"content_block_stop","index":0}""");
        Event("""{"type":"content_block_start","index":1,"content_block":{"type":"web_search_tool_result","tool_use_id":"srvtoolu_1","content":[{"type":"web_search_result","title":"Yr","url":"https://yr.example/oslo","encrypted_content":"abc","page_age":null}]}}""");
        Event("""{"type":"content_block_stop","index":1}""");
        Event("""{"type":"content_block_start","index":2,"content_block":{"type":"text","text":""}}""");
        Event("""{"type":"content_block_delta","index":2,"delta":{"type":"text_delta","text":"It rains."}}""");
        Event("""{"type":"content_block_delta","index":2,"delta":{"type":"citations_delta","citation":{"type":"web_search_result_location","url":"https://yr.example/oslo","title":"Yr","encrypted_index":"i","cited_text":"Rain all day."}}}""");
        Event("""{"type":"content_block_stop","index":2}""");
        Event("""{"type":"message_delta","delta":{"stop_reason":"end_turn","stop_sequence":null},"usage":{"output_tokens":5,"server_tool_use":{"web_search_requests":1}}}""");
        Event("""{"type":"message_stop"}""");
        return new ReplayAnswer { Body = Encoding.UTF8.GetBytes(stream.ToString()) };
    }
}
