using System.Collections.Concurrent;
using Sluice.Server.Tests.Kit;
using Sluice.Simulator;

namespace Sluice.Server.Tests.Faults;

/// <summary>One Sluice for the whole failover table: providers A and B in both wires, and each with short timeouts.</summary>
public sealed class FailoverGateway : IAsyncLifetime
{
    private const int ModelsOfEachSort = 420;
    private readonly ConcurrentDictionary<string, int> _next = new();
    private GatewayUnderTest? _gateway;

    internal GatewayUnderTest Gateway => _gateway!;

    public async ValueTask InitializeAsync()
    {
        const string Slow = "timeouts: { first_token: 30s, idle: 30s }";
        const string Short = "timeouts: { first_token: 400ms, idle: 400ms }";
        _gateway = await GatewayUnderTest.StartAsync($$"""
            routing: { retries: 0 }
            keepalive: { after: 60s, every: 60s }
            providers:
              - { name: a-anthropic, kind: anthropic, base_url: "{A}", api_keys: [key-of-a-0123456789], {{Slow}} }
              - { name: a-chat, kind: openai, base_url: "{A}/v1", api_keys: [key-of-a-0123456789], {{Slow}} }
              - { name: a-anthropic-short, kind: anthropic, base_url: "{A}", api_keys: [key-of-a-0123456789], {{Short}} }
              - { name: a-chat-short, kind: openai, base_url: "{A}/v1", api_keys: [key-of-a-0123456789], {{Short}} }
              - { name: b-anthropic, kind: anthropic, base_url: "{B}", api_keys: [key-of-b-0123456789], {{Slow}} }
              - { name: b-chat, kind: openai, base_url: "{B}/v1", api_keys: [key-of-b-0123456789], {{Slow}} }
            models:
            {{GatewayUnderTest.Models("anthropic", ModelsOfEachSort, "a-anthropic", "b-anthropic")}}
            {{GatewayUnderTest.Models("chat", ModelsOfEachSort, "a-chat", "b-chat")}}
            {{GatewayUnderTest.Models("anthropic-short", 120, "a-anthropic-short", "b-anthropic")}}
            {{GatewayUnderTest.Models("chat-short", 120, "a-chat-short", "b-chat")}}
            """);
    }

    public async ValueTask DisposeAsync()
    {
        if (_gateway is not null)
        {
            await _gateway.DisposeAsync();
        }
    }

    /// <summary>A model that no other case uses: its id, and its name at the upstreams.</summary>
    internal (string Id, string Upstream) NewModel(Wire upstream, bool withShortTimeouts)
    {
        var sort = (upstream == Wire.Anthropic ? "anthropic" : "chat") + (withShortTimeouts ? "-short" : "");
        var number = _next.AddOrUpdate(sort, 0, static (_, last) => last + 1);
        return ($"{sort}/{number}", $"{sort}-{number}");
    }
}

/// <summary>
/// F13: whatever A does wrong, before the commit point the client sees one clean answer of B; after it one well-formed error, never a fake end,
/// never a second answer.
/// </summary>
public sealed class FailoverTests(FailoverGateway fixture) : IClassFixture<FailoverGateway>
{
    /// <summary>What the client has to see.</summary>
    public enum Outcome
    {
        /// <summary>A's own answer, whole.</summary>
        Fine,

        /// <summary>B's answer, whole; A was called once.</summary>
        Unseen,

        /// <summary>A's beginning and an error; B was not called.</summary>
        Seen,
    }

    private static readonly FaultPlace[] Everywhere = Enum.GetValues<FaultPlace>();

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task F13_FaultOfFirstProvider_ClientSeesOneAnswerOrOneError(FaultKind kind)
    {
        var cases = new List<(Fault Fault, Wire Client, Wire Upstream, bool Stream)>();
        foreach (var fault in FaultsOf(kind))
        {
            foreach (var client in Enum.GetValues<Wire>())
            {
                foreach (var upstream in Enum.GetValues<Wire>())
                {
                    cases.Add((fault, client, upstream, true));
                    cases.Add((fault, client, upstream, false));
                }
            }
        }

        var wrong = new ConcurrentQueue<string>();
        await Parallel.ForEachAsync(cases, new ParallelOptions { MaxDegreeOfParallelism = 12 }, async (one, _) =>
        {
            try
            {
                await CheckAsync(one.Fault, one.Client, one.Upstream, one.Stream);
            }
            catch (Exception e)
            {
                wrong.Enqueue($"{one.Fault.Kind} {one.Fault.Status} {one.Fault.Place}, client {one.Client}, upstream {one.Upstream}, stream {one.Stream}: {e.Message}");
            }
        });
        Assert.True(wrong.IsEmpty, $"{wrong.Count} of {cases.Count} cases:\n" + string.Join("\n\n", wrong));
    }

    public static TheoryData<FaultKind> Kinds => [.. Enum.GetValues<FaultKind>()];

    private static IEnumerable<Fault> FaultsOf(FaultKind kind) => kind switch
    {
        FaultKind.Status => [.. new[] { 404, 408, 429, 500, 502, 503, 504, 529 }.Select(s => Fault.Of(s)), Fault.Of(429, 2, "quota"), Fault.Of(503, variant: "html")],
        FaultKind.ErrorEvent or FaultKind.Reset or FaultKind.TruncatedBody or FaultKind.CleanEnd or FaultKind.MalformedFrame or FaultKind.Stall =>
            [.. Everywhere.Select(place => Fault.Of(kind, place))],
        FaultKind.SlowTrickle => [new Fault(kind) { Delay = TimeSpan.FromMilliseconds(1) }],
        FaultKind.SlowHeaders => [new Fault(kind) { Delay = TimeSpan.FromMilliseconds(100) }, new Fault(kind) { Delay = TimeSpan.FromSeconds(20) }],
        _ => [new Fault(kind)],
    };

    /// <summary>By hand, from the design's rules alone.</summary>
    private static Outcome Expected(Fault fault, Wire upstream, bool stream) => fault.Kind switch
    {
        // The only place after the commit point is behind some text; without streaming the client has seen nothing anyway.
        FaultKind.ErrorEvent or FaultKind.Reset or FaultKind.TruncatedBody or FaultKind.CleanEnd or FaultKind.MalformedFrame or FaultKind.Stall =>
            stream && fault.Place == FaultPlace.AfterText ? Outcome.Seen : Outcome.Unseen,

        // Anthropic's terminal event is part of every answer; some Chat servers never send theirs, and the finish reason says it all.
        FaultKind.MissingTerminal => !stream ? Outcome.Unseen : upstream == Wire.Anthropic ? Outcome.Seen : Outcome.Fine,
        FaultKind.WrongContentType => stream ? Outcome.Unseen : Outcome.Fine,
        FaultKind.SlowHeaders => fault.Delay > TimeSpan.FromSeconds(1) ? Outcome.Unseen : Outcome.Fine,
        FaultKind.SlowTrickle or FaultKind.NegativeUsage or FaultKind.MissingUsage or FaultKind.HugeUsage or FaultKind.TextUsage
            or FaultKind.ManyHeaders or FaultKind.LongHeader or FaultKind.GzipBody => Outcome.Fine,
        FaultKind.Status or FaultKind.ErrorInBody or FaultKind.GarbageSse or FaultKind.HtmlBody or FaultKind.EmptyBody or FaultKind.EmptyCompletion
            or FaultKind.AbsurdRetryAfter or FaultKind.NotHttp => Outcome.Unseen,
        _ => throw new ArgumentOutOfRangeException(nameof(fault), fault.Kind, "A new fault needs its expectation here."),
    };

    private async Task CheckAsync(Fault fault, Wire client, Wire upstream, bool stream)
    {
        var gateway = fixture.Gateway;
        var isSlow = fault.Kind == FaultKind.Stall || (fault.Kind == FaultKind.SlowHeaders && fault.Delay > TimeSpan.FromSeconds(1));
        var (model, name) = fixture.NewModel(upstream, isSlow);
        gateway.A.Script.Always(fault, name);
        var withTool = fault.Place == FaultPlace.InToolCall;
        var question = $"Say nonce {name} please, and a few more words";

        var answer = await gateway.PostAsync(client, Wires.Body(client, model, question, stream, withTool));

        Assert.False(answer.IsCut, "the answer was cut");
        Assert.Equal(200, answer.Status);
        Assert.Equal(1, GatewayUnderTest.Calls(gateway.A, name));
        Assert.Equal(model, answer.Header("x-sluice-model"));
        Assert.Equal(stream, answer.IsStream);
        if (stream && !(fault.Kind == FaultKind.MissingUsage && client == upstream))
        {
            // Without usage Anthropic's start event is not legal, and a native answer is the upstream's own bytes.
            Assert.Null(answer.Violation(client));
        }

        var trail = await gateway.SettledTrailAsync(answer.Id);
        var attempts = trail.GetProperty("attempts").EnumerateArray().ToList();
        var outcome = Expected(fault, upstream, stream);
        if (outcome == Outcome.Seen)
        {
            Assert.True(answer.StreamError(client) is not null, "no error at the end of:\n" + answer.Text);
            Assert.False(fault.Kind != FaultKind.MissingTerminal && answer.EndsWell(client), "a fake end:\n" + answer.Text);
            Assert.Equal(0, GatewayUnderTest.Calls(gateway.B, name));
            Assert.Single(attempts);
            Assert.NotEqual("answered", attempts[0].GetProperty("outcome").GetString());
            Assert.StartsWith(answer.AnswerText(client), "Simulated answer to: " + question, StringComparison.Ordinal);
            Assert.NotEqual("", answer.AnswerText(client));
            return;
        }

        var fails = outcome == Outcome.Unseen;
        var sort = upstream == Wire.Anthropic ? "anthropic" : "chat";
        Assert.Equal(fails ? 1 : 0, GatewayUnderTest.Calls(gateway.B, name));
        Assert.Equal("Simulated answer to: " + question, answer.AnswerText(client));
        Assert.Equal((fails ? "b-" : "a-") + sort, answer.Header("x-sluice-provider"));
        Assert.Equal(fails ? "2" : "1", answer.Header("x-sluice-attempts"));
        Assert.Equal(fails ? 2 : 1, attempts.Count);
        Assert.Equal("answered", attempts[^1].GetProperty("outcome").GetString());
        Assert.Equal(fails ? "b-" + sort : attempts[0].GetProperty("provider").GetString(), attempts[^1].GetProperty("provider").GetString());
        if (fails)
        {
            Assert.NotEqual("answered", attempts[0].GetProperty("outcome").GetString());
        }

        if (stream)
        {
            Assert.Null(answer.StreamError(client));
            Assert.True(answer.EndsWell(client), "no end:\n" + answer.Text);
        }

        foreach (var attempt in attempts)
        {
            Assert.True(attempt.GetProperty("cost_nano_usd").GetInt64() >= 0, "a negative cost");
        }
    }
}
