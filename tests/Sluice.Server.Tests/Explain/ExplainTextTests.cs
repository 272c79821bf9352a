using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Sluice.Commands;
using Sluice.Server.Tests.Admin;
using Sluice.Server.Tests.Kit;
using Sluice.Simulator;
using Sluice.Testing;

namespace Sluice.Server.Tests.Explain;

/// <summary>What <c>sluice explain</c> and <c>sluice what-if</c> print, to the letter; ids, times and durations stand as words.</summary>
[Collection(nameof(CommandTests))]
public sealed partial class ExplainTextTests
{
    private const string Config = """
        routing: { retries: 0 }
        providers:
          - { name: a, kind: anthropic, base_url: "{A}", api_keys: [key-of-a-0123456789, second-of-a-0123456789] }
          - { name: b, kind: anthropic, base_url: "{B}", api_keys: [key-of-b-0123456789] }
        models:
          - id: "m"
            context: 200000
            endpoints:
              - { provider: a, model: m-a, price: { input: 3, output: 15, cache_read: 0.3, cache_write: 3.75 } }
              - { provider: b, model: m-b, price: { input: 4, output: 20 } }
          - id: "lonely"
            endpoints: [{ provider: b, model: m-lonely, price: { input: 4, output: 20 } }]
        """;

    [Fact]
    public async Task Explain_SuccessAfterFailover_SaysWhoFailedAndWhatNow()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Config);
        gateway.A.Script.Always(Fault.Of(429));

        var answer = await gateway.PostAsync(Wire.Anthropic, Wires.Ask(Wire.Anthropic, "m", "hello", stream: false), ("x-claude-code-session-id", "s-7"));

        Assert.Equal(200, answer.Status);
        AssertText("failover", await ExplainAsync(gateway, answer.Id));
    }

    [Fact]
    public async Task Explain_RefusedRequest_IsTheClients()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Config);
        gateway.B.Script.Always(Fault.Of(400));

        var answer = await gateway.PostAsync(Wire.Anthropic, Wires.Ask(Wire.Anthropic, "lonely", "hello", stream: false));

        Assert.Equal(400, answer.Status);
        AssertText("refused", await ExplainAsync(gateway, answer.Id));
    }

    [Fact]
    public async Task Explain_FailureInsideTheStream_IsTheProviders()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Config);
        gateway.B.Script.Always(Fault.Of(FaultKind.TruncatedBody, FaultPlace.AfterText, after: 2));

        var answer = await gateway.PostAsync(Wire.Anthropic, Wires.Ask(Wire.Anthropic, "lonely", "hello", stream: true));

        Assert.Equal(200, answer.Status);
        AssertText("in-stream", await ExplainAsync(gateway, answer.Id));
    }

    [Fact]
    public async Task Explain_PlanWithNothingToTry_SaysWhy()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Config);
        gateway.B.Script.Always(Fault.Of(401));
        await gateway.PostAsync(Wire.Anthropic, Wires.Ask(Wire.Anthropic, "lonely", "hello", stream: false));

        var answer = await gateway.PostAsync(Wire.Anthropic, Wires.Ask(Wire.Anthropic, "lonely", "hello", stream: false));

        Assert.Equal(502, answer.Status);
        AssertText("nothing-to-try", await ExplainAsync(gateway, answer.Id));
    }

    [Fact]
    public async Task WhatIf_OfASessionWithAWarmCache_IsTheAnswerOfTheHeader()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Config, new SimulatorOptions { MinimumCacheTokens = 64 });
        var body = new JsonObject
        {
            ["model"] = "m", ["max_tokens"] = 1000,
            ["metadata"] = new JsonObject { ["user_id"] = """{"session_id":"s-8"}""" },
            ["system"] = new JsonArray(new JsonObject { ["type"] = "text", ["text"] = new string('s', 4000), ["cache_control"] = new JsonObject { ["type"] = "ephemeral" } }),
            ["messages"] = new JsonArray(new JsonObject { ["role"] = "user", ["content"] = "hello" }),
        }.ToJsonString();
        Assert.Equal(200, (await gateway.PostAsync(Wire.Anthropic, body)).Status);
        var sent = gateway.A.Record.Count;
        using var folder = new TemporaryFolder();
        var file = folder.PathOf("request.json");
        await File.WriteAllTextAsync(file, body);
        var key = await KeyIdAsync(gateway);

        var header = await gateway.PostAsync(Wire.Anthropic, body, ("x-sluice-explain", "1"));
        var (code, json, error) = await RunAsync(gateway, "what-if", "--file", file, "--key", key, "--json");
        var (_, text, _) = await RunAsync(gateway, "what-if", "--file", file, "--key", key);

        Assert.Equal((0, ""), (code, error));
        Assert.True(JsonNode.DeepEquals(JsonNode.Parse(header.Text), JsonNode.Parse(json)), $"{header.Text}\n{json}");
        var first = header.Json.GetProperty("candidates")[0];
        Assert.Equal("session stays", first.GetProperty("why").GetString());

        // 1,002 tokens of system text are cached: 4,000 letters and the names around them, four bytes each.
        var cached = first.GetProperty("cached_tokens").GetInt64();
        Assert.InRange(cached, 1000, 1010);
        var tokens = first.GetProperty("estimated_input_tokens").GetInt64();
        Assert.Equal(tokens * 3_000, Nano(first, "estimated_input_usd"));
        Assert.Equal(((tokens - cached) * 3_000) + (cached * 300), Nano(first, "estimated_input_usd_with_cache"));
        Assert.Equal(15_000_000, Nano(first, "most_output_usd"));
        Assert.Equal(200_000, first.GetProperty("context_tokens").GetInt64());
        Assert.Equal("a/m-a", header.Json.GetProperty("session").GetProperty("home").GetString());
        AssertText("what-if", text);
        Assert.Equal((sent, 0L), (gateway.A.Record.Count, gateway.B.Record.Count));
    }

    [Fact]
    public async Task WhatIf_ShowsEverythingThatBoundsTheRequest()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(
            Config.Replace("api_keys: [key-of-b-0123456789] }", "api_keys: [key-of-b-0123456789], timeouts: { connect: 2s, first_token: 30s, idle: 40s, total: 5m } }", StringComparison.Ordinal),
            server: ", max_body: 1MiB");
        const string Body = """{"model":"m","max_tokens":700,"stream":true,"provider":{"max_price":{"prompt":3.5,"completion":18.25}},"messages":[{"role":"user","content":"hello"}]}""";

        var plan = (await gateway.PostAsync(Wire.Chat, Body, ("x-sluice-explain", "1"))).Json;
        using var folder = new TemporaryFolder();
        await File.WriteAllTextAsync(folder.PathOf("request.json"), Body);
        var (_, text, _) = await RunAsync(gateway, "what-if", "--file", folder.PathOf("request.json"));

        Assert.Equal(
            [("request", "output_tokens", 700m), ("request", "prompt_usd_per_million", 3.5m), ("request", "completion_usd_per_million", 18.25m), ("server", "body_bytes", 1_048_576m)],
            plan.GetProperty("limits").EnumerateArray().Select(limit => (limit.GetProperty("whose").GetString()!, limit.GetProperty("what").GetString()!, limit.GetProperty("most").GetDecimal())));

        // 4 dollars for input are above the cap: only a is left, with the timeouts that nobody configured.
        Assert.Equal(["a", "a"], plan.GetProperty("candidates").EnumerateArray().Select(candidate => candidate.GetProperty("provider").GetString()));
        Assert.Equal([5, 300, 240, 3600], Timeouts(plan));
        var lonely = await gateway.PostAsync(Wire.Chat, Wires.Ask(Wire.Chat, "lonely", "hello", stream: false), ("x-sluice-explain", "1"));
        Assert.Equal([2, 30, 40, 300], Timeouts(lonely.Json));
        Assert.Contains("limit    output_tokens of the request: at most 700", text, StringComparison.Ordinal);
        Assert.Contains("limit    prompt_usd_per_million of the request: at most 3.5", text, StringComparison.Ordinal);
        Assert.Contains("connect 5 s, first token 300 s, silence 240 s, in all 3600 s", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Explain_CandidateThatWasPassedOver_IsNamedWithWhyAndWhen()
    {
        var time = new ManualTimeProvider();
        await using var gateway = await GatewayUnderTest.StartAsync("breaker: { failures: 1, open: 5m }\n" + Config.Replace("second-of-a-0123456789] }", "second-of-a-0123456789], timeouts: { first_token: 20s } }", StringComparison.Ordinal), time: time);
        gateway.A.Script.Always(Fault.Of(FaultKind.Stall, FaultPlace.BeforeHeaders));
        gateway.B.Script.Always(Fault.Of(500));
        using var request = gateway.Request(Wire.Anthropic, Wires.Ask(Wire.Anthropic, "m", "hello", stream: false));
        var asking = gateway.Http.SendAsync(request);
        await gateway.A.Record.WaitForAsync(r => r.Fault is not null, TimeSpan.FromSeconds(10));

        // While a keeps it waiting, b fails for somebody else; then a runs into its timeout, with each of its keys.
        await gateway.PostAsync(Wire.Anthropic, """{"model":"m","max_tokens":9,"provider":{"only":["b"]},"messages":[{"role":"user","content":"break it"}]}""");
        await GatewayUnderTest.UntilAsync(
            () =>
            {
                time.Advance(TimeSpan.FromSeconds(10));
                return asking.IsCompleted;
            },
            "the end of a's timeout");
        using var response = await asking;

        var text = await ExplainAsync(gateway, response.Headers.GetValues("x-sluice-request-id").Single());
        Assert.Matches(@"passed   b/m-b \(b#1\) after \d+ ms: its circuit has opened since the plan was made", text);
    }

    [Fact]
    public async Task WhatIf_BadQuestions_SayWhatToChange()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Config);

        var nothing = await RunAsync(gateway, "what-if");
        var unknown = await RunAsync(gateway, "what-if", "--model", "nobody/knows-it");
        var key = await RunAsync(gateway, "what-if", "--model", "m", "--key", "nobody");
        var format = await RunAsync(gateway, "what-if", "--model", "m", "--format", "soap");
        var file = await RunAsync(gateway, "what-if", "--file", "/nowhere/request.json");
        var good = await RunAsync(gateway, "what-if", "--model", "m", "--format", "gemini");

        Assert.Equal((2, 1, 1, 2, 2, 0), (nothing.Code, unknown.Code, key.Code, format.Code, file.Code, good.Code));
        Assert.Contains("--model", nothing.Error, StringComparison.Ordinal);
        Assert.Contains("does not exist here", unknown.Error, StringComparison.Ordinal);
        Assert.Contains("There is no key nobody", key.Error, StringComparison.Ordinal);
        Assert.Contains("anthropic, chat, responses or gemini", format.Error, StringComparison.Ordinal);
        Assert.Contains("cannot be read", file.Error, StringComparison.Ordinal);
        Assert.Contains("  1  a  m-a  ", Steady(good.Output), StringComparison.Ordinal);
        Assert.Equal((0L, 0L), (gateway.A.Record.Count, gateway.B.Record.Count));
    }

    private static double[] Timeouts(JsonElement plan)
    {
        var seconds = plan.GetProperty("candidates")[0].GetProperty("timeout_seconds");
        return [.. new[] { "connect", "first_token", "idle", "total" }.Select(name => seconds.GetProperty(name).GetDouble())];
    }

    private static long Nano(JsonElement candidate, string member) =>
        (long)(decimal.Parse(candidate.GetProperty(member).GetString()!, System.Globalization.CultureInfo.InvariantCulture) * 1_000_000_000m);

    private static async Task<string> KeyIdAsync(GatewayUnderTest gateway)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/admin/api/keys");
        request.Headers.Add("x-api-key", GatewayUnderTest.AdminKey);
        return (await gateway.SendAsync(request)).Json.GetProperty("keys")[0].GetProperty("id").GetString()!;
    }

    private static async Task<string> ExplainAsync(GatewayUnderTest gateway, string id)
    {
        await gateway.SettledTrailAsync(id);
        var (code, output, error) = await RunAsync(gateway, "explain", id);
        Assert.Equal((0, ""), (code, error));
        return output;
    }

    private static Task<(int Code, string Output, string Error)> RunAsync(GatewayUnderTest gateway, params string[] arguments) =>
        CapturedConsole.RunAsync(() => CommandTree.RunAsync(
            CommandTree.Build(new Command("serve")), [.. arguments, "--url", gateway.Url.ToString(), "--admin-key", GatewayUnderTest.AdminKey]));

    private static void AssertText(string name, string actual)
    {
        var difference = ApprovedPage.Difference($"tests/Sluice.Server.Tests/Explain/{name}.txt", Steady(actual) + "\n");
        Assert.True(difference is null, difference);
    }

    // Tables are as wide as their numbers, so their cells stand two blanks apart here.
    private static string Steady(string text)
    {
        text = ProvidersId().Replace(text, "req-ID");
        text = Port().Replace(Time().Replace(Key().Replace(Id().Replace(text, "gen-ID"), "key KEY"), "TIME"), "127.0.0.1:PORT");
        var lines = new List<string>();
        foreach (var line in text.ReplaceLineEndings("\n").Split('\n'))
        {
            var trimmed = line.TrimEnd();
            if (trimmed.Length == 0 || trimmed.Contains('─', StringComparison.Ordinal))
            {
                continue;
            }

            var cells = Gap().Split(trimmed.Trim());
            if (cells.Length < 10)
            {
                lines.Add(trimmed);
                continue;
            }

            if (cells.Length > 12 && char.IsAsciiDigit(cells[0][0]))
            {
                foreach (var duration in (int[])[6, 7, 8])
                {
                    cells[duration] = cells[duration] == "-" ? "-" : "N";
                }

                cells[14] = cells[14] == "-" ? "-" : "ID";
            }

            lines.Add("  " + string.Join("  ", cells));
        }

        return string.Join('\n', lines);
    }

    [GeneratedRegex("gen-[0-9a-f]{32}", RegexOptions.CultureInvariant, 5000)]
    private static partial Regex Id();

    [GeneratedRegex("req_sim_[0-9a-f]+", RegexOptions.CultureInvariant, 5000)]
    private static partial Regex ProvidersId();

    [GeneratedRegex("key key[-_][0-9A-Za-z-]+", RegexOptions.CultureInvariant, 5000)]
    private static partial Regex Key();

    [GeneratedRegex(@"\d{4}-\d\d-\d\dT[0-9:.]+(\+00:00|Z)", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, 5000)]
    private static partial Regex Time();

    [GeneratedRegex(@"127\.0\.0\.1:\d+", RegexOptions.CultureInvariant, 5000)]
    private static partial Regex Port();

    [GeneratedRegex(" {2,}", RegexOptions.CultureInvariant, 5000)]
    private static partial Regex Gap();
}
