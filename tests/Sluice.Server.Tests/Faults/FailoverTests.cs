using System.Collections.Concurrent;
using System.Text;
using Sluice.Server.Tests.Kit;
using Sluice.Simulator;
using static Sluice.Server.Tests.Faults.FailoverTable;

namespace Sluice.Server.Tests.Faults;

/// <summary>One Sluice for the whole failover table: providers A and B in every wire, and A's with short timeouts.</summary>
public sealed class FailoverGateway : IAsyncLifetime
{
    private const int ModelsOfEachSort = 520;
    private const int ShortModelsOfEachSort = 80;
    private readonly ConcurrentDictionary<string, int> _next = new();
    private GatewayUnderTest? _gateway;

    internal GatewayUnderTest Gateway => _gateway!;

    public async ValueTask InitializeAsync()
    {
        const string Slow = ", timeouts: { first_token: 30s, idle: 30s }";
        const string Short = ", timeouts: { first_token: 1s, idle: 1s }";
        var yaml = new StringBuilder("routing: { retries: 0 }\nkeepalive: { after: 60s, every: 60s }\nproviders:\n");
        var models = new StringBuilder("models:\n");
        foreach (var upstream in Enum.GetValues<Upstream>())
        {
            var name = UpstreamKinds.NameOf(upstream);
            yaml.Append(UpstreamKinds.Provider(upstream, "A", Slow)).Append(UpstreamKinds.Provider(upstream, "A", Short, $"a-{name}-short")).Append(UpstreamKinds.Provider(upstream, "B", Slow));
            var isPlain = UpstreamKinds.Plain.Contains(upstream);
            for (var i = 0; i < (isPlain ? ModelsOfEachSort : ModelsOfEachSort / 3); i++)
            {
                models.Append(UpstreamKinds.Model($"{name}/{i}", $"{name}-{i}", (upstream, "a-" + name), (upstream, "b-" + name)));
            }

            for (var i = 0; i < (isPlain ? ShortModelsOfEachSort : ShortModelsOfEachSort / 3); i++)
            {
                models.Append(UpstreamKinds.Model($"{name}-short/{i}", $"{name}-short-{i}", (upstream, $"a-{name}-short"), (upstream, "b-" + name)));
            }

            // A used-up quota is the whole account's: each such case has an account of its own.
            for (var i = 0; i < (isPlain ? 8 : 2); i++)
            {
                yaml.Append(UpstreamKinds.Provider(upstream, "A", Slow, $"a-{name}-quota-{i}"));
                models.Append(UpstreamKinds.Model($"{name}-quota/{i}", $"{name}-quota-{i}", (upstream, $"a-{name}-quota-{i}"), (upstream, "b-" + name)));
            }
        }

        _gateway = await GatewayUnderTest.StartAsync(yaml.ToString() + models);
    }

    public async ValueTask DisposeAsync()
    {
        if (_gateway is not null)
        {
            await _gateway.DisposeAsync();
        }
    }

    /// <summary>A model that no other case uses: its id, and its name at the upstreams.</summary>
    internal (string Id, string Upstream) NewModel(Upstream upstream, string suffix)
    {
        var sort = UpstreamKinds.NameOf(upstream) + suffix;
        var number = _next.AddOrUpdate(sort, 0, static (_, last) => last + 1);
        return ($"{sort}/{number}", UpstreamKinds.ModelName(upstream, $"{sort}-{number}"));
    }
}

/// <summary>
/// F13: whatever A does wrong, before the commit point the client sees one clean answer of B; after it one well-formed error, never a fake end,
/// never a second answer.
/// </summary>
public sealed class FailoverTests(FailoverGateway fixture) : IClassFixture<FailoverGateway>
{
    public static TheoryData<FaultKind> Kinds => [.. Enum.GetValues<FaultKind>()];

    /// <summary>Every client with a provider of its own wire and, in turn, with one of another.</summary>
    [Theory]
    [MemberData(nameof(Kinds))]
    public Task F13_FaultOfFirstProvider_ClientSeesOneAnswerOrOneError(FaultKind kind) =>
        CheckAllAsync(kind, UpstreamKinds.Plain, static (client, upstream, row) => upstream == client || upstream == (client + 1 + (row % 3)) % 4);

    /// <summary>Binary event streams, to each client in turn.</summary>
    [Trait("Category", "Heavy")]
    [Theory]
    [MemberData(nameof(Kinds))]
    public Task F13_FaultOfBedrock_ClientSeesOneAnswerOrOneError(FaultKind kind) =>
        CheckAllAsync(kind, [Upstream.Bedrock, Upstream.BedrockClaude], static (client, upstream, row) => client == (upstream + row) % 4);

    /// <summary>The other hosts, to each client in turn.</summary>
    [Theory]
    [Trait("Category", "Heavy")]
    [MemberData(nameof(Kinds))]
    public Task F13_FaultOfAHost_ClientSeesOneAnswerOrOneError(FaultKind kind) =>
        CheckAllAsync(kind, [Upstream.Vertex, Upstream.VertexClaude, Upstream.Azure, Upstream.AzureClaude, Upstream.OpenRouter], static (client, upstream, row) => client == (upstream + row) % 4);

    /// <summary>The pairs that are left.</summary>
    [Theory]
    [Trait("Category", "Heavy")]
    [MemberData(nameof(Kinds))]
    public Task F13_FaultOfFirstProvider_EveryOtherPair_ClientSeesOneAnswerOrOneError(FaultKind kind) =>
        CheckAllAsync(kind, UpstreamKinds.Plain, static (client, upstream, row) => upstream != client && upstream != (client + 1 + (row % 3)) % 4);

    [Fact]
    public void Table_HasEveryFaultAndEveryPlace()
    {
        foreach (var kind in Enum.GetValues<FaultKind>())
        {
            Assert.Contains(Rows, r => r.Fault.Kind == kind);
        }

        foreach (var kind in new[] { FaultKind.ErrorEvent, FaultKind.Reset, FaultKind.TruncatedBody, FaultKind.CleanEnd, FaultKind.MalformedFrame, FaultKind.Stall })
        {
            Assert.Equal(Enum.GetValues<FaultPlace>(), Rows.Where(r => r.Fault.Kind == kind).Select(r => r.Fault.Place).Order());
        }
    }

    private async Task CheckAllAsync(FaultKind kind, IReadOnlyList<Upstream> upstreams, Func<int, int, int, bool> takes)
    {
        var cases = new List<(Row Row, Wire Client, Upstream Upstream, bool Stream)>();
        for (var row = 0; row < Rows.Count; row++)
        {
            foreach (var client in Enum.GetValues<Wire>())
            {
                foreach (var upstream in upstreams)
                {
                    if (Rows[row].Fault.Kind == kind && takes((int)client, (int)upstream, row))
                    {
                        cases.Add((Rows[row], client, upstream, true));
                        cases.Add((Rows[row], client, upstream, false));
                    }
                }
            }
        }

        var wrong = new ConcurrentQueue<string>();
        await Parallel.ForEachAsync(cases, new ParallelOptions { MaxDegreeOfParallelism = 12 }, async (one, _) =>
        {
            try
            {
                await CheckAsync(one.Row, one.Client, one.Upstream, one.Stream);
            }
            catch (Exception e)
            {
                wrong.Enqueue($"{one.Row.Fault.Kind} {one.Row.Fault.Status} {one.Row.Fault.Place}, client {one.Client}, upstream {one.Upstream}, stream {one.Stream}: {e.Message}");
            }
        });
        Assert.True(wrong.IsEmpty, $"{wrong.Count} of {cases.Count} cases:\n" + string.Join("\n\n", wrong));
    }

    private async Task CheckAsync(Row row, Wire client, Upstream upstream, bool stream)
    {
        var (fault, gateway) = (row.Fault, fixture.Gateway);
        var isSlow = fault.Kind == FaultKind.Stall || (fault.Kind == FaultKind.SlowHeaders && fault.Delay > TimeSpan.FromSeconds(1));
        var (model, name) = fixture.NewModel(upstream, isSlow ? "-short" : fault.Variant == "quota" ? "-quota" : "");
        gateway.A.Script.Always(fault, name);
        var withTool = fault.Place == FaultPlace.InToolCall;
        var question = $"Say nonce {name} please, and a few more words";

        var answer = await gateway.PostAsync(client, Wires.Ask(client, model, question, stream, withTool));

        Assert.False(answer.IsCut, "the answer was cut");
        Assert.True(answer.Status == 200, $"{answer.Status} {answer.Text}");
        Assert.Equal(1, GatewayUnderTest.Calls(gateway.A, name));
        Assert.Equal(model, answer.Header("x-sluice-model"));
        Assert.Equal(stream, answer.IsStream);
        if (stream && UpstreamKinds.KeepsGrammar(upstream, client) && !(fault.Kind == FaultKind.MissingUsage && UpstreamKinds.IsNative(upstream, client)))
        {
            // Without usage some wires' answers are not legal, and a native answer is the upstream's own bytes.
            Assert.Null(answer.Violation(client));
        }

        var trail = await gateway.SettledTrailAsync(answer.Id);
        var attempts = trail.GetProperty("attempts").EnumerateArray().ToList();
        var outcome = row.For(upstream, client, stream);
        if (outcome == Outcome.Seen)
        {
            AssertSeen(answer, client, fault, question);
            Assert.Equal(0, GatewayUnderTest.Calls(gateway.B, name));
            Assert.Single(attempts);
            Assert.NotEqual("answered", attempts[0].GetProperty("outcome").GetString());
            return;
        }

        var fails = outcome == Outcome.Unseen;
        var provider = UpstreamKinds.NameOf(upstream);
        Assert.Equal(fails ? 1 : 0, GatewayUnderTest.Calls(gateway.B, name));
        Assert.Equal("Simulated answer to: " + question, answer.AnswerText(client));
        Assert.Equal((fails ? "b-" : "a-") + provider, answer.Header("x-sluice-provider"));
        Assert.Equal(fails ? "2" : "1", answer.Header("x-sluice-attempts"));
        Assert.Equal(fails ? 2 : 1, attempts.Count);
        Assert.Equal("answered", attempts[^1].GetProperty("outcome").GetString());
        Assert.Equal((fails ? "b-" : "a-") + provider, attempts[^1].GetProperty("provider").GetString());
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

    private static void AssertSeen(ClientAnswer answer, Wire client, Fault fault, string question)
    {
        var read = answer.Read(client);
        Assert.True(read.Error is not null, "no error at the end of:\n" + answer.Text);
        Assert.Equal(1, read.Errors);
        Assert.False(fault.Kind != FaultKind.MissingTerminal && read.Ended, "a fake end:\n" + answer.Text);
        Assert.StartsWith(read.Text.ToString(), "Simulated answer to: " + question, StringComparison.Ordinal);
        Assert.True(read.Text.Length > 0 || read.Calls.Count > 0, "nothing before the error:\n" + answer.Text);
    }
}
