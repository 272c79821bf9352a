using System.Net.Http.Headers;
using Sluice.Server.Tests.Kit;
using Sluice.Simulator;
using Sluice.Testing;

namespace Sluice.Server.Tests.KeptAnswers;

/// <summary>The same request again: answered from memory, free, and told as what it is. The gateway's clock is the tests' own.</summary>
public sealed class ResponseCacheTests
{
    private const string On = "X-OpenRouter-Cache";

    public static TheoryData<Wire, Upstream, bool> Ways
    {
        get
        {
            var data = new TheoryData<Wire, Upstream, bool>();
            foreach (var client in Enum.GetValues<Wire>())
            {
                foreach (var stream in new[] { true, false })
                {
                    data.Add(client, UpstreamKinds.Of(client), stream);
                    data.Add(client, client == Wire.Anthropic ? Upstream.Chat : Upstream.Anthropic, stream);
                }
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task Repeat_GetsTheKeptAnswer_NewIdNoUsageNoCost(Wire client, Upstream upstream, bool stream)
    {
        var time = new ManualTimeProvider();
        await using var gateway = await GatewayUnderTest.StartAsync(Config(upstream), time: time);
        var ask = Wires.Ask(client, "two/0", "hello", stream);

        var first = await gateway.PostAsync(client, ask, (On, "true"));
        time.Advance(TimeSpan.FromSeconds(7));
        var second = await gateway.PostAsync(client, ask, (On, "true"));

        Assert.Equal(("MISS", "300", null), (first.Header("X-OpenRouter-Cache-Status"), first.Header("X-OpenRouter-Cache-TTL"), first.Header("X-OpenRouter-Cache-Age")));
        Assert.Equal(("HIT", "293", "7"), (second.Header("X-OpenRouter-Cache-Status"), second.Header("X-OpenRouter-Cache-TTL"), second.Header("X-OpenRouter-Cache-Age")));
        Assert.Equal(first.Id, second.Header("X-OpenRouter-Cache-Source-Id"));
        Assert.NotEqual(first.Id, second.Id);
        Assert.Equal(second.Id, second.Header("X-Generation-Id"));
        Assert.Equal(("cache", "0", "two/0"), (second.Header("x-sluice-route"), second.Header("x-sluice-attempts"), second.Header("x-sluice-model")));
        Assert.Equal(1, gateway.A.Record.Count);

        Assert.Equal("Simulated answer to: hello", second.AnswerText(client));
        Assert.Equal(first.Header("content-type"), second.Header("content-type"));
        Assert.True(first.Usage(client)!.Value.Input > 0, first.Text);
        Assert.Equal((0L, 0L), second.Usage(client));
        Assert.Null(stream ? second.Violation(client) : null);
        Assert.Equal(stream ? first.Events.Count : 0, stream ? second.Events.Count : 0);
        Assert.Contains(second.Id[4..], second.Text, StringComparison.Ordinal);

        var trail = await gateway.SettledTrailAsync(second.Id);
        Assert.Equal(("cache", 0L, 0), (trail.GetProperty("route").GetString(), trail.GetProperty("cost_nano_usd").GetInt64(), trail.GetProperty("attempts").GetArrayLength()));
        Assert.Contains($"answered 7 s before, as {first.Id}", trail.GetProperty("cause").GetString(), StringComparison.Ordinal);
        Assert.Equal(1, await CausesAsync(gateway, "cache"));

        time.Advance(TimeSpan.FromSeconds(293));
        Assert.Equal("MISS", (await gateway.PostAsync(client, ask, (On, "true"))).Header("X-OpenRouter-Cache-Status"));
        Assert.Equal(2, gateway.A.Record.Count);
        await GatewayUnderTest.UntilAsync(() => gateway.HeldBytes == 0, "all bodies given back");
    }

    [Fact]
    public async Task SameRequest_IsWhatOneKeySendsInTheSameOrder()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Config(Upstream.Chat, "cache: { enabled: true }\n"));
        const string Body = """{"model":"two/0","messages":[{"role":"user","content":"a b"}]}""";
        Assert.Equal("MISS", await StatusAsync(Body));

        Assert.Equal("HIT", await StatusAsync(Body));
        Assert.Equal("HIT", await StatusAsync("""{ "model" : "two/0",  "messages":[ {"role":"user","content":"a b"} ]}"""));
        Assert.Equal("MISS", await StatusAsync("""{"model":"two/0","messages":[{"role":"user","content":"a  b"}]}"""));
        Assert.Equal("MISS", await StatusAsync("""{"messages":[{"role":"user","content":"a b"}],"model":"two/0"}"""));
        Assert.Equal("MISS", await StatusAsync("""{"model":"two/0","stream":true,"messages":[{"role":"user","content":"a b"}]}"""));
        Assert.Equal("MISS", await StatusAsync(Body, key: await gateway.KeyOfAsync("somebody-else")));
        Assert.Null(await StatusAsync(Body, (On, "false")));
        Assert.Equal("MISS", await StatusAsync(Body, ("X-OpenRouter-Cache-Clear", "true")));
        Assert.Equal("HIT", await StatusAsync(Body));

        async Task<string?> StatusAsync(string body, (string Name, string Value)? header = null, string? key = null)
        {
            using var request = gateway.Request(Wire.Chat, body);
            if (key is not null)
            {
                request.Headers.Remove("x-api-key");
                request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key);
            }

            if (header is var (name, value))
            {
                request.Headers.Add(name, value);
            }

            var answer = await gateway.SendAsync(request);
            Assert.Equal(200, answer.Status);
            return answer.Header("X-OpenRouter-Cache-Status");
        }
    }

    [Theory]
    [InlineData("", """ "provider":{"zdr":true},""", true)]
    [InlineData("", """ "provider":{"data_collection":"deny"},""", true)]
    [InlineData("cache: { enabled: false }\n", "", true)]
    [InlineData("", "", false)]
    public async Task NotWantedOrNotAllowed_LeavesNoTrace(string section, string member, bool asks)
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Config(Upstream.Chat, section));
        var body = $$"""{"model":"two/0",{{member}}"messages":[{"role":"user","content":"hello"}]}""";
        (string, string)[] headers = asks ? [(On, "true")] : [];

        var first = await gateway.PostAsync(Wire.Chat, body, headers);
        var second = await gateway.PostAsync(Wire.Chat, body, headers);

        Assert.Equal((200, 200), (first.Status, second.Status));
        Assert.Null(second.Header("X-OpenRouter-Cache-Status"));
        Assert.Equal(2, gateway.A.Record.Count);
    }

    [Fact]
    public async Task BrokenAnswers_AreNotKept()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Config(Upstream.Chat, "cache: { enabled: true }\nrouting: { retries: 0 }\n"));
        var stream = Wires.Ask(Wire.Chat, "two/0", "hello", stream: true);
        gateway.A.Script.Enqueue(Fault.Of(400));
        var refused = Wires.Ask(Wire.Chat, "two/0", "hello", stream: false);
        Assert.Equal(400, (await gateway.PostAsync(Wire.Chat, refused)).Status);

        gateway.A.Script.Enqueue(Fault.Of(FaultKind.Reset, FaultPlace.AfterText));
        Assert.NotNull((await gateway.PostAsync(Wire.Chat, stream)).StreamError(Wire.Chat));

        Assert.Equal("MISS", (await gateway.PostAsync(Wire.Chat, stream)).Header("X-OpenRouter-Cache-Status"));
        Assert.Equal("MISS", (await gateway.PostAsync(Wire.Chat, refused)).Header("X-OpenRouter-Cache-Status"));
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task D17_H24_EverybodyFails_ExpiredAnswerIsServedAndCalledStale(Wire client, Upstream upstream, bool stream)
    {
        var time = new ManualTimeProvider();
        await using var gateway = await GatewayUnderTest.StartAsync(
            Config(upstream, "cache: { enabled: true, ttl: 1m, stale: 1h }\nrouting: { retries: 0 }\nbreaker: { failures: 3 }\n"), time: time);
        var ask = Wires.Ask(client, "two/0", "hello", stream);
        var source = await gateway.PostAsync(client, ask);
        gateway.A.Script.Always(Fault.Of(503));
        gateway.B.Script.Always(Fault.Of(503));
        time.Advance(TimeSpan.FromMinutes(10));

        var strict = await gateway.PostAsync(client, ask, ("x-sluice-strict", "1"));
        var stale = await gateway.PostAsync(client, ask);

        Assert.NotEqual(200, strict.Status);
        Assert.True(stale.Status == 200, stale.Text);
        Assert.Equal(("STALE", "0", "600"), (stale.Header("X-OpenRouter-Cache-Status"), stale.Header("X-OpenRouter-Cache-TTL"), stale.Header("X-OpenRouter-Cache-Age")));
        Assert.Equal((source.Id, "stale cache", "2"), (stale.Header("X-OpenRouter-Cache-Source-Id"), stale.Header("x-sluice-route"), stale.Header("x-sluice-attempts")));
        Assert.EndsWith("cache=stale", stale.Header("x-sluice-degraded"), StringComparison.Ordinal);
        Assert.Equal("Nobody could answer; this answer is 600 s old.", stale.Header("x-sluice-warning"));
        Assert.Equal("Simulated answer to: hello", stale.AnswerText(client));
        Assert.Equal((0L, 0L), stale.Usage(client));

        var trail = await gateway.SettledTrailAsync(stale.Id);
        Assert.Equal(("stale cache", 2), (trail.GetProperty("route").GetString(), trail.GetProperty("attempts").GetArrayLength()));
        Assert.Contains($"the answer of {source.Id}, 600 s old, was sent again", trail.GetProperty("cause").GetString(), StringComparison.Ordinal);
        Assert.Contains(trail.GetProperty("degradations").EnumerateArray(), d => d.GetString() == "cache=stale");

        // Two failures more, and the circuits are open: nobody is asked at all.
        Assert.Equal("STALE", (await gateway.PostAsync(client, ask)).Header("X-OpenRouter-Cache-Status"));
        var calls = gateway.A.Record.Count;
        var open = await gateway.PostAsync(client, ask);
        Assert.Equal(("STALE", "0"), (open.Header("X-OpenRouter-Cache-Status"), open.Header("x-sluice-attempts")));
        Assert.Equal(calls, gateway.A.Record.Count);

        time.Advance(TimeSpan.FromHours(1));
        Assert.NotEqual(200, (await gateway.PostAsync(client, ask)).Status);
    }

    [Fact]
    public async Task ArraysAndVectors_AreKeptAsWell()
    {
        await using var gateway = await GatewayUnderTest.StartAsync("cache: { enabled: true }\n" + $$"""
            providers:
            {{UpstreamKinds.Provider(Upstream.Gemini, "A", name: "a")}}{{UpstreamKinds.Provider(Upstream.Chat, "B", name: "b")}}
            models:
              - { id: google, endpoints: [{ provider: a, model: g }] }
              - { id: vectors, endpoints: [{ provider: b, model: v }] }
            """);
        const string Path = "/v1beta/models/google:streamGenerateContent";
        const string Question = """{"contents":[{"role":"user","parts":[{"text":"hello"}]}]}""";

        var first = await AskAsync(Path, Question);
        var again = await AskAsync(Path, Question);
        Assert.Equal("HIT", again.Header("X-OpenRouter-Cache-Status"));
        Assert.Equal(first.Json.GetArrayLength(), again.Json.GetArrayLength());
        Assert.Equal(first.Header("content-type"), again.Header("content-type"));
        Assert.All(again.Json.EnumerateArray(), chunk => Assert.Equal(again.Id[4..], chunk.GetProperty("responseId").GetString()));
        Assert.Equal("MISS", (await AskAsync(Path + "?alt=sse", Question)).Header("X-OpenRouter-Cache-Status"));

        const string Texts = """{"model":"vectors","input":["one"]}""";
        var vectors = await AskAsync("/v1/embeddings", Texts);
        var kept = await AskAsync("/v1/embeddings", Texts);
        Assert.Equal("HIT", kept.Header("X-OpenRouter-Cache-Status"));
        Assert.Equal(vectors.Json.GetProperty("data").GetRawText(), kept.Json.GetProperty("data").GetRawText());
        Assert.Equal((true, 0), (vectors.Json.GetProperty("usage").GetProperty("prompt_tokens").GetInt64() > 0, kept.Json.GetProperty("usage").GetProperty("prompt_tokens").GetInt64()));

        async Task<ClientAnswer> AskAsync(string path, string body)
        {
            using var request = gateway.Request(Wire.Gemini, body, path);
            var answer = await gateway.SendAsync(request);
            Assert.True(answer.Status == 200, answer.Text);
            return answer;
        }
    }

    // Its headers have gone: nothing could say how old the answer is.
    [Fact]
    public async Task H24_StreamThatSignsOfLifeHaveOpened_GetsItsErrorAndNoStaleAnswer()
    {
        var time = new ManualTimeProvider();
        await using var gateway = await GatewayUnderTest.StartAsync(
            Config(Upstream.Chat, "cache: { enabled: true, ttl: 1s, stale: 1h }\nrouting: { retries: 0 }\n"), time: time);
        var ask = Wires.Ask(Wire.Chat, "two/0", "hello", stream: true);
        await gateway.PostAsync(Wire.Chat, ask);
        gateway.A.Script.Enqueue(new Fault(FaultKind.Stall) { Place = FaultPlace.AfterStart });
        time.Advance(TimeSpan.FromSeconds(2));
        using var request = gateway.Request(Wire.Chat, ask);
        var asking = gateway.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        await gateway.A.Record.WaitForAsync(r => r.Fault is not null, TimeSpan.FromSeconds(10));
        gateway.B.Script.Always(Fault.Of(503));
        time.Advance(TimeSpan.FromSeconds(21));
        using var response = await asking;
        time.Advance(TimeSpan.FromSeconds(300));
        var answer = await ClientAnswer.ReadAsync(response);

        Assert.NotNull(answer.StreamError(Wire.Chat));
        Assert.NotEqual("STALE", answer.Header("X-OpenRouter-Cache-Status"));
    }

    private static string Config(Upstream upstream, string more = "") => more + $"""
        providers:
        {UpstreamKinds.Provider(upstream, "A", ", data_policy: { trains: false, retains: false, zdr: true }", name: "a")}{UpstreamKinds.Provider(upstream, "B", name: "b")}
        models:
        {GatewayUnderTest.Models("two", 1, "a", "b")}
        """;

    private static async Task<long> CausesAsync(GatewayUnderTest gateway, string cause)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/admin/api/report?by=cause&since=2020-01-01");
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", GatewayUnderTest.AdminKey);
        var report = await gateway.SendAsync(request);
        return report.Json.GetProperty("rows").EnumerateArray().Where(row => row.GetProperty("cause").GetString() == cause).Sum(row => row.GetProperty("requests").GetInt64());
    }
}
