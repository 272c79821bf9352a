using System.Text;
using Sluice.Server.Hosting;
using Sluice.Server.Tests.Hosting;
using Sluice.Server.Tests.Kit;

namespace Sluice.Server.Tests.Surfaces;

/// <summary>
/// Whatever arrives, the client gets an answer in its own shape, never a 500, and others notice nothing. What Kestrel itself refuses (a request
/// line or headers that are no HTTP, too many or too large headers) has Kestrel's bare status instead: no path is known yet by which to tell
/// the client's protocol.
/// </summary>
public sealed class BadInputTests
{
    private static readonly string Config = $$"""
        routing: { retries: 0 }
        providers:
        {{string.Concat(UpstreamKinds.Plain.Select(u => UpstreamKinds.Provider(u, "A")))}}
        models:
        {{string.Concat(UpstreamKinds.Plain.Select(u => UpstreamKinds.Model("m/" + UpstreamKinds.NameOf(u), "m", (u, UpstreamKinds.ProviderName(u, "A")))))}}
        """;

    private static readonly string Deep = string.Concat(Enumerable.Repeat("[", 600)) + string.Concat(Enumerable.Repeat("]", 600));

    [Fact]
    public async Task Body_ThatIsNoRequest_Is400InTheClientsShape()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Config);
        byte[][] bodies =
        [
            [],
            "{"u8.ToArray(),
            "null"u8.ToArray(),
            "[]"u8.ToArray(),
            "\"text\""u8.ToArray(),
            "<html><body>hello</body></html>"u8.ToArray(),
            "{}"u8.ToArray(),
            """{"model":"m/anthropic","messages":[{"role":"user","content":"x"}]"""u8.ToArray(),
            """{"model":"m/anthropic","messages":[{"role":"user","content":"x"}]}}"""u8.ToArray(),
            """{"model":"m/anthropic","messages":[{"role":"user","content":"x}]}"""u8.ToArray(),
            """{"model":5,"messages":[]}"""u8.ToArray(),
            """{"model":null,"messages":[]}"""u8.ToArray(),
            """{"model":{"a":1},"messages":[]}"""u8.ToArray(),
            """{"model":"m/anthropic","model":"m/chat","messages":[]}"""u8.ToArray(),
            """{"model":"m/anthropic","stream":true,"stream":false,"messages":[]}"""u8.ToArray(),
            [.. "{\"model\":\"m/anthropic\",\"messages\":[{\"role\":\"user\",\"content\":\""u8, 0xff, 0xfe, 0x80, .. "\"}]}"u8],
            Encoding.UTF8.GetBytes($$"""{"model":"m/anthropic","deep":{{Deep}},"messages":[]}"""),
            Encoding.UTF8.GetBytes($$"""{"deep":{{Deep}},"contents":[{"parts":[{"text":"x"}]}],"input":"x"}"""),
            [.. "{\"contents\":[{\"parts\":[{\"text\":\""u8, 0xff, 0xfe, 0x80, .. "\"}]}]}"u8],
            """{"contents":[{"parts":[{"text":"x"}]}]"""u8.ToArray(),
            [0, 1, 2, 3],
            [0x1f, 0x8b, 8, 0, 0, 0, 0, 0],
        ];
        foreach (var client in Enum.GetValues<Wire>())
        {
            foreach (var body in bodies)
            {
                if (client == Wire.Gemini && Encoding.UTF8.GetString(body) is var text && (text == "{}" || text.StartsWith("{\"model\"", StringComparison.Ordinal)))
                {
                    // Its model is in the path; what the body says of it is nobody's business.
                    continue;
                }

                using var request = gateway.Request(client, body);
                var answer = await gateway.SendAsync(request);
                Assert.True(answer.Status == 400, $"{client} {Encoding.UTF8.GetString(body)[..Math.Min(body.Length, 80)]}: {answer.Status} {answer.Text}");
                AssertOwnShape(answer, client);
                Assert.Equal("client", answer.Header("x-sluice-error-source"));
            }
        }

        Assert.Equal(0, gateway.A.Record.Count);
    }

    [Fact]
    public async Task Body_WithWrongTypesAnywhere_IsNeverAServerFault()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Config);
        string[] values = ["null", "5", "-1", "1e400", "\"x\"", "true", "[]", "{}", "[null]", "[5]", "[{}]", "[[]]", "[{\"type\":5}]", "[{\"role\":5,\"content\":{}}]", "[{\"role\":\"user\",\"content\":[{\"type\":\"image\"}]}]", "[{\"role\":\"tool\"}]", "[{\"role\":\"user\",\"content\":[null,5,{\"type\":\"tool_result\",\"content\":[{\"type\":\"image\",\"source\":5}]}]}]"];
        string[] members =
        [
            "messages", "system", "max_tokens", "temperature", "tools", "tool_choice", "thinking", "metadata", "stop_sequences", "stop", "stream", "stream_options", "response_format", "n",
            "logit_bias", "models", "provider", "reasoning", "reasoning_effort", "service_tier", "context_management", "output_config", "user", "seed", "functions", "modalities", "plugins",
        ];
        string[] ofResponses =
        [
            "input", "instructions", "max_output_tokens", "temperature", "tools", "tool_choice", "text", "reasoning", "include", "store", "metadata", "stream", "stream_options", "previous_response_id",
            "conversation", "background", "truncation", "prompt", "service_tier", "prompt_cache_key", "parallel_tool_calls", "user", "context_management", "client_metadata",
        ];
        string[] ofGemini = ["contents", "systemInstruction", "system_instruction", "tools", "toolConfig", "generationConfig", "safetySettings", "cachedContent", "labels", "model", "stream"];
        var wrong = new List<string>();
        foreach (var client in Enum.GetValues<Wire>())
        {
            // Its own wire, and one that it is translated to.
            foreach (var upstream in client is Wire.Anthropic or Wire.Chat ? new[] { "m/anthropic", "m/chat" } : ["m/" + UpstreamKinds.NameOf(UpstreamKinds.Of(client)), "m/anthropic"])
            {
                foreach (var member in client switch { Wire.Responses => ofResponses, Wire.Gemini => ofGemini, _ => members })
                {
                    var answers = await Task.WhenAll(values.Select(async value =>
                    {
                        var body = Wires.Of(client).Request(upstream, "x", stream: false, tool: false, usage: true);
                        body.Remove(member);
                        using var request = gateway.Request(client, $"{body.ToJsonString()[..^1]},\"{member}\":{value}}}".Replace("{,", "{", StringComparison.Ordinal), Wires.PathOf(client, upstream));
                        return (value, Answer: await gateway.SendAsync(request));
                    }));
                    foreach (var (value, answer) in answers)
                    {
                        if (answer.Status is not (200 or 400 or 404 or 422))
                        {
                            wrong.Add($"{client} to {upstream}, {member}: {value}: {answer.Status} {answer.Text}");
                        }
                        else if (answer.Status != 200)
                        {
                            AssertOwnShape(answer, client);
                        }
                    }
                }
            }
        }

        Assert.True(wrong.Count == 0, $"{wrong.Count}:\n" + string.Join('\n', wrong.Take(12)));
    }

    [Theory]
    [InlineData("text/html")]
    [InlineData("multipart/form-data; boundary=x")]
    [InlineData("application/x-www-form-urlencoded")]
    public async Task ContentType_OtherThanJson_Is400(string type)
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Config);
        foreach (var client in Enum.GetValues<Wire>())
        {
            using var request = gateway.Request(client, Wires.Ask(client, "m/chat", "x", stream: false));
            request.Content!.Headers.Remove("content-type");
            request.Content.Headers.TryAddWithoutValidation("content-type", type);
            var answer = await gateway.SendAsync(request);
            Assert.Equal(400, answer.Status);
            AssertOwnShape(answer, client);
        }
    }

    [Fact]
    public async Task Body_TooLargeByItsLength_Is413BeforeItIsSent_AndOthersGoOn()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Config, server: ", max_body: 1MiB");
        foreach (var client in Enum.GetValues<Wire>())
        {
            using var raw = await RawClient.ConnectAsync(gateway.Url);
            await raw.SendAsync(Head(gateway, client, "Content-Length: 104857600\r\nExpect: 100-continue\r\n"));
            var answer = await raw.ReadUntilAsync("}");
            Assert.StartsWith("HTTP/1.1 413", answer, StringComparison.Ordinal);
            Assert.DoesNotContain("100 Continue", answer, StringComparison.Ordinal);
            Assert.Contains(client switch { Wire.Anthropic => "\"type\":\"request_too_large\"", Wire.Gemini => "\"status\":\"INVALID_ARGUMENT\"", _ => "\"error\":{" }, answer, StringComparison.Ordinal);
            await AssertOthersGoOnAsync(gateway);
        }

        Assert.Equal(0, gateway.HeldBytes);
    }

    [Fact]
    public async Task Body_TooLargeWithoutALength_Is413AndTheConnectionEnds()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Config, server: ", max_body: 1MiB");
        foreach (var client in Enum.GetValues<Wire>())
        {
            using var raw = await RawClient.ConnectAsync(gateway.Url);
            await raw.SendAsync(Head(gateway, client, "Transfer-Encoding: chunked\r\n"));
            var chunk = Encoding.ASCII.GetBytes("10000\r\n" + new string(' ', 0x10000) + "\r\n");
            var sending = raw.SendUntilRefusedAsync(chunk, 1600);
            var answer = await raw.ReadUntilAsync("}");
            Assert.StartsWith("HTTP/1.1 413", answer, StringComparison.Ordinal);
            await sending;
            await GatewayUnderTest.UntilAsync(() => gateway.HeldBytes == 0, "the body given back");
            await AssertOthersGoOnAsync(gateway);
        }
    }

    [Fact]
    public async Task Body_AtTheLimit_IsTaken_AndTheConnectionIsUsedAgainAfterARefusal()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Config, server: ", max_body: 64KiB");
        var body = Wires.Ask(Wire.Chat, "m/chat", "x", stream: false).Body;
        var exact = body + new string(' ', (64 * 1024) - body.Length);
        foreach (var (content, status) in new[] { (exact, 200), (exact + " ", 413), (body, 200) })
        {
            Assert.Equal(status, (await gateway.PostAsync(Wire.Chat, content)).Status);
        }
    }

    [Fact]
    public async Task Body_InChunks_IsTakenWhateverTheirSizes()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Config);
        var body = Wires.Ask(Wire.Anthropic, "m/anthropic", "in pieces " + new string('p', 100_000), stream: false).Body;
        foreach (var size in new[] { 17, 4096, 70_000 })
        {
            using var raw = await RawClient.ConnectAsync(gateway.Url);
            await raw.SendAsync(Head(gateway, Wire.Anthropic, "Transfer-Encoding: chunked\r\nConnection: close\r\n"));
            for (var at = 0; at < body.Length; at += size)
            {
                var piece = body[at..Math.Min(body.Length, at + size)];
                await raw.SendAsync($"{piece.Length:x}\r\n{piece}\r\n");
            }

            await raw.SendAsync("0\r\n\r\n");
            Assert.StartsWith("HTTP/1.1 200", await raw.ReadToEndAsync(), StringComparison.Ordinal);
            Assert.Equal(Encoding.UTF8.GetBytes(body.Replace("m/anthropic", "m", StringComparison.Ordinal)), gateway.A.Record.Last.Body);
        }

        await GatewayUnderTest.UntilAsync(() => gateway.HeldBytes == 0, "the bodies given back");
    }

    [Fact]
    public async Task Headers_WithoutEnd_AreRefusedAndOthersGoOn()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Config);
        using var raw = await RawClient.ConnectAsync(gateway.Url);
        await raw.SendAsync("POST /v1/messages HTTP/1.1\r\nHost: x\r\n");
        await raw.SendUntilRefusedAsync(Encoding.ASCII.GetBytes("x-more: " + new string('a', 1000) + "\r\n"), 100);
        Assert.StartsWith("HTTP/1.1 431", await raw.ReadUntilAsync("\r\n\r\n"), StringComparison.Ordinal);
        await AssertOthersGoOnAsync(gateway);
    }

    [Theory]
    [InlineData("this is no HTTP\r\n\r\n", "505")]
    [InlineData("POST /v1/messages\r\n\r\n", "400")]
    [InlineData("POST /v1/messages HTTP/9.9\r\nHost: x\r\n\r\n", "505")]
    [InlineData("POST /v1/messages HTTP/1.1\r\nHost x\r\n\r\n", "400")]
    [InlineData("POST /v1/messages HTTP/1.1\r\n\r\n", "400")]
    [InlineData("POST /v1/messages HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n", "400")]
    [InlineData("POST /{long} HTTP/1.1\r\nHost: x\r\n\r\n", "414")]
    [InlineData("POST /v1/messages HTTP/1.1\r\nHost: x\r\n{many}\r\n", "431")]
    public async Task Head_ThatIsNoHttp_IsRefusedByTheServerItselfAndOthersGoOn(string head, string status)
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Config);
        using var raw = await RawClient.ConnectAsync(gateway.Url);
        await raw.SendUntilRefusedAsync(Encoding.ASCII.GetBytes(head
            .Replace("{long}", new string('p', ServerHost.MaxRequestLine), StringComparison.Ordinal)
            .Replace("{many}", string.Concat(Enumerable.Range(0, ServerHost.MaxHeaderCount + 1).Select(i => $"x-h{i}: 1\r\n")), StringComparison.Ordinal)), 1);

        var answer = await raw.ReadUntilAsync("\r\n\r\n");

        Assert.StartsWith("HTTP/1.1 " + status, answer, StringComparison.Ordinal);
        Assert.Contains("Connection: close", answer, StringComparison.OrdinalIgnoreCase);
        await AssertOthersGoOnAsync(gateway);
    }

    [Fact]
    public async Task Headers_AsManyAndAsLongAsAllowed_AreTaken()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Config);
        using var request = gateway.Request(Wire.Chat, Wires.Ask(Wire.Chat, "m/chat", "x", stream: false));
        for (var i = 0; i < ServerHost.MaxHeaderCount - 10; i++)
        {
            request.Headers.TryAddWithoutValidation($"x-h{i}", new string('h', 250));
        }

        Assert.Equal(200, (await gateway.SendAsync(request)).Status);
    }

    [Fact]
    public async Task Refusal_OfAKnownCaller_IsInTheLedgerWithoutAttempts()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Config, server: ", max_body: 64KiB");
        (string Body, int Status, string Kind, string Cause)[] cases =
        [
            ("{", 400, "invalid_request", "JSON"),
            ("{\"messages\":[]}", 400, "invalid_request", "model"),
            (new string(' ', 70_000), 413, "invalid_request", "65536 bytes"),
            ("{\"model\":\"m/nothing\",\"messages\":[]}", 404, "model_not_found", "m/nothing"),
        ];
        foreach (var client in Enum.GetValues<Wire>().Where(w => w != Wire.Gemini))
        {
            foreach (var (body, status, kind, cause) in cases)
            {
                var answer = await gateway.PostAsync(client, body, ("x-sluice-session", "a-session"), ("x-sluice-tags", "t=1"));
                Assert.Equal(status, answer.Status);
                var trail = await gateway.SettledTrailAsync(answer.Header("x-sluice-request-id")!);
                Assert.Equal((status, kind), (trail.GetProperty("status").GetInt32(), trail.GetProperty("error").GetString()));
                Assert.Equal("client", trail.GetProperty("error_source").GetString());
                Assert.Contains(cause, trail.GetProperty("cause").GetString(), StringComparison.Ordinal);
                Assert.Equal(("admin", "a-session", "t=1"), (trail.GetProperty("user").GetString(), trail.GetProperty("session").GetString(), trail.GetProperty("tags").GetString()));
                Assert.Equal(0, trail.GetProperty("attempts").GetArrayLength());
            }
        }

        // Three formats that name the model in the body, three of the four by their body alone.
        var report = await ServingFolder.AdminAsync(gateway.Server, "/report?by=cause", GatewayUnderTest.AdminKey);
        var rows = report.GetProperty("rows").EnumerateArray().ToDictionary(row => row.GetProperty("cause").GetString()!, row => (row.GetProperty("requests").GetInt64(), row.GetProperty("attempts").GetInt64()));
        Assert.Equal((9L, 0L), rows["invalid_request"]);
        Assert.Equal((3L, 0L), rows["model_not_found"]);
    }

    [Fact]
    public async Task Refusal_OfAnUnknownCaller_IsNotInTheLedger()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Config);
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/messages") { Content = new StringContent("{") };
        request.Headers.Add("x-api-key", "sk-nobody-knows-this-key-at-all");
        Assert.Equal(401, (await gateway.SendAsync(request)).Status);

        Assert.Equal(0, (await ServingFolder.AdminAsync(gateway.Server, "/report?by=cause", GatewayUnderTest.AdminKey)).GetProperty("rows").GetArrayLength());
    }

    [Fact]
    public async Task Body_OfACallerWithoutKey_IsNeverRead()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Config);
        foreach (var (key, status) in new[] { ("x-api-key: sk-nobody-knows-this-key-at-all", 401), ("Accept: */*", 401), ("Authorization: Bearer " + GatewayUnderTest.AdminKey, 401) })
        {
            foreach (var client in Enum.GetValues<Wire>())
            {
                using var raw = await RawClient.ConnectAsync(gateway.Url);
                await raw.SendAsync($"POST {Wires.PathOf(client)} HTTP/1.1\r\nHost: x\r\n{key}\r\nContent-Type: application/json\r\nContent-Length: 20000000\r\nExpect: 100-continue\r\n\r\n");
                var answer = await raw.ReadUntilAsync("}");
                Assert.StartsWith($"HTTP/1.1 {status}", answer, StringComparison.Ordinal);
                Assert.DoesNotContain("100 Continue", answer, StringComparison.Ordinal);
                Assert.Contains(client switch { Wire.Anthropic => "authentication_error", Wire.Gemini => "UNAUTHENTICATED", _ => "\"error\":{" }, answer, StringComparison.Ordinal);
                Assert.Equal(0, gateway.HeldBytes);
            }
        }
    }

    [Fact]
    public async Task Body_CutInTheMiddle_LeavesNothingBehind()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Config);
        for (var i = 0; i < 20; i++)
        {
            using var raw = await RawClient.ConnectAsync(gateway.Url);
            await raw.SendAsync(Head(gateway, (Wire)(i % 4), "Content-Length: 500000\r\n") + "{\"model\":\"m/chat\",");
            await GatewayUnderTest.UntilAsync(() => gateway.HeldBytes > 0, "the body being read");
        }

        await GatewayUnderTest.UntilAsync(() => gateway.HeldBytes == 0, "the bodies given back");
        Assert.Equal(0, gateway.A.Record.Count);
        await AssertOthersGoOnAsync(gateway);
    }

    [Fact]
    public async Task BufferedBodies_BeyondTheirBound_Are503WithRetryAfter()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Config, server: ", max_buffered: 4MiB, max_body: 3MiB");
        using var first = await RawClient.ConnectAsync(gateway.Url);
        await first.SendAsync(Head(gateway, Wire.Chat, "Content-Length: 3000000\r\n") + "{");
        await GatewayUnderTest.UntilAsync(() => gateway.HeldBytes > 0, "the first body being read");
        foreach (var client in Enum.GetValues<Wire>())
        {
            var answer = await gateway.PostAsync(client, Wires.Ask(client, "m/chat", new string('x', 2_000_000), stream: false));
            Assert.True(answer.Status == 503, answer.Text);
            Assert.InRange(int.Parse(answer.Header("retry-after")!, System.Globalization.CultureInfo.InvariantCulture), 1, 55);
            Assert.Equal("gateway", answer.Header("x-sluice-error-source"));
            AssertOwnShape(answer, client);
        }

        await AssertOthersGoOnAsync(gateway);
    }

    private static string Head(GatewayUnderTest gateway, Wire client, string length) =>
        $"POST {Wires.PathOf(client)} HTTP/1.1\r\nHost: x\r\nx-api-key: {gateway.Key}\r\nContent-Type: application/json\r\n{length}\r\n";

    private static async Task AssertOthersGoOnAsync(GatewayUnderTest gateway)
    {
        var good = await gateway.PostAsync(Wire.Anthropic, Wires.Ask(Wire.Anthropic, "m/chat", "still there?", stream: true));
        Assert.Equal("Simulated answer to: still there?", good.AnswerText(Wire.Anthropic));
    }

    private static void AssertOwnShape(ClientAnswer answer, Wire client) => Assert.NotEqual("", answer.Error(client).Message);
}
