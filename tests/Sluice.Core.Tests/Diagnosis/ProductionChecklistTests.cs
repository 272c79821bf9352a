using Sluice.Core.Configuration;
using Sluice.Core.Diagnosis;
using Sluice.Core.Identity;
using Sluice.Core.Tests.Configuration;
using Xunit;

namespace Sluice.Core.Tests.Diagnosis;

/// <summary>Each line of the checklist with its fault planted.</summary>
public sealed class ProductionChecklistTests
{
    private const string Two = """
        providers:
          - { name: a, kind: openai, base_url: "http://127.0.0.1:1/v1", api_keys: [first-key, second-key] }
          - { name: b, kind: openai, base_url: "http://127.0.0.1:2/v1", api_keys: [third-key] }
        models:
          - { id: x/both, endpoints: [{ provider: a, model: m, price: { input: 1, output: 2 } }, { provider: b, model: m, price: { input: 1, output: 2 } }] }

        """;

    private const string One = """
        providers: [{ name: a, kind: openai, base_url: "http://127.0.0.1:1/v1", api_keys: [first-key] }]
        models:
          - { id: x/coder, endpoints: [{ provider: a, model: m, price: { input: 1, output: 2 } }] }
          - { id: x/other, endpoints: [{ provider: a, model: n, price: { input: 1, output: 2 } }] }

        """;

    private static readonly RunningFacts Quiet = new() { Keys = [new("key-1", "dev1", KeyState.Valid)] };

    [Fact]
    public void I23_KeysThatWork_AreCounted()
    {
        var keys = new RunningFacts { Keys = [new("key-1", "dev1", KeyState.Valid), new("key-2", "dev1", KeyState.Revoked), new("key-3", "dev2", KeyState.Expired)] };

        Assert.Equal(
            [
                new("key", Verdict.Ok, "3 provider keys for 2 providers, none refused."),
                new CheckLine("key", Verdict.Ok, "1 client key valid, 1 revoked, 1 expired."),
            ],
            Lines("key", Two, keys));
    }

    [Theory]
    [InlineData(KeyState.Revoked, "is revoked", "sluice keys create")]
    [InlineData(KeyState.Expired, "has expired", "sluice keys create")]
    [InlineData(KeyState.Unknown, "none of this Sluice's", "not a provider's key")]
    public void I23_KeyThatWasAskedAbout_FailsWithWhatToDo(KeyState state, string found, string remedy)
    {
        var line = Assert.Single(Lines("key", Two, Quiet with { AskedKey = state }), line => line.Verdict == Verdict.Fail);

        Assert.Contains(found, line.Found, StringComparison.Ordinal);
        Assert.Contains(remedy, line.Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public void I23_NoClientKeyLeft_Fails() =>
        Assert.Contains(Lines("key", Two, new RunningFacts { Keys = [new("key-1", "dev1", KeyState.Revoked)] }), line => line is { Verdict: Verdict.Fail, Found: "0 client keys valid, 1 revoked, 0 expired." });

    [Fact]
    public void I23_ProvidersKeyRefused_NamesIt()
    {
        var line = Assert.Single(Lines("key", Two, Quiet with { DeadCredentials = ["a#2"] }), line => line.Verdict == Verdict.Fail);

        Assert.Equal("The provider refuses the key a#2.", line.Found);
    }

    [Fact]
    public void I23_ProviderElsewhereWithoutKey_Fails() =>
        Assert.Equal("Provider far has no key, and far.example is not this machine.",
            Assert.Single(Lines("key", "providers: [{ name: far, kind: openai, base_url: \"https://far.example/v1\" }]")).Found);

    [Fact]
    public void I24_Typo_FailsWithWhatWasMeant()
    {
        var line = Assert.Single(Lines("models", One, models: ["x/codr"]));

        Assert.Equal(new CheckLine("models", Verdict.Fail, "'x/codr' means no model here.", "Did you mean x/coder?"), line);
    }

    [Fact]
    public void I24_TypoInFallbacks_AndInWhatClientsSent_Fail() =>
        Assert.Equal(
            [
                "fallbacks of x/coder: 'x/othr' means no model here. Did you mean x/other?",
                "Clients asked 12 times in 7 days for 'x/codr', which means no model here. Did you mean x/coder?",
            ],
            Lines("models", One + "fallbacks: { x/coder: [x/othr] }", Quiet with { UnknownModels = [new("x/codr", 12), new("x/coder", 3)] }).Select(line => $"{line.Found} {line.Remedy}"));

    [Fact]
    public void I24_AllNamesRight_IsSaid() =>
        Assert.Equal(new CheckLine("models", Verdict.Ok, "2 models can be served; 3 names looked up, all right."), Assert.Single(Lines("models", One + "fallbacks: { x/coder: [x/other] }", models: ["x/other"])));

    [Fact]
    public void I25_LimitsThatAreWrittenDown_ArePrinted_AndMissingOnesWarn()
    {
        var lines = Lines("rate limits", Two.Replace("[third-key] }", "[third-key], limits: { rpm: 4000, input_tpm: 2000000, rpd: 10000, concurrency: 200 } }", StringComparison.Ordinal));

        Assert.Equal(
            [
                (Verdict.Warn, "a: what its account allows is not written down."),
                (Verdict.Ok, "b: 4,000 requests a minute, 2,000,000 input tokens a minute, 10,000 requests a day, 200 at once."),
            ],
            lines.Select(line => (line.Verdict, line.Found)));
    }

    [Fact]
    public void I26_EndpointWithoutPrice_Fails()
    {
        var line = Assert.Single(Lines("cost", One.Replace("model: n, price: { input: 1, output: 2 }", "model: n", StringComparison.Ordinal)));

        Assert.Equal(Verdict.Fail, line.Verdict);
        Assert.StartsWith("No price is known for a/n:", line.Found, StringComparison.Ordinal);
    }

    // The simulator and the catalogue's own lists must not fail a fresh installation for models that nobody asked for.
    [Fact]
    public void I26_CataloguesModelWithoutPrice_FailsOnlyOnceItIsUsed()
    {
        const string Gemini = "providers: [{ name: gemini, kind: gemini, api_keys: [a-key-of-gemini] }]";
        var unused = Assert.Single(Lines("cost", Gemini));

        Assert.Equal(Verdict.Warn, unused.Verdict);
        Assert.Contains("gemini/lyria-3-pro-preview", unused.Found, StringComparison.Ordinal);
        Assert.Contains(Lines("cost", Gemini, models: ["google/lyria-3-pro-preview"]), line => line.Verdict == Verdict.Fail && line.Found.StartsWith("No price is known for gemini/lyria-3-pro-preview:", StringComparison.Ordinal));
    }

    [Fact]
    public void I26_TokensWithoutPriceInTheLedger_Fail()
    {
        var line = Assert.Single(Lines("cost", One, Quiet with { Models = [new("x/coder", 4, 1_500_000_000, 0), new("x/other", 6, 500_000_000, 2)] }));

        Assert.Equal((Verdict.Fail, "2.00 USD for 10 requests in 7 days, and more: 2 attempts of x/other had tokens without a known price."), (line.Verdict, line.Found));
    }

    [Fact]
    public void I26_EverythingPriced_SaysWhatWasSpent() =>
        Assert.Equal(new CheckLine("cost", Verdict.Ok, "1.50 USD for 4 requests in 7 days; 2 endpoints, each with a price."), Assert.Single(Lines("cost", One, Quiet with { Models = [new("x/coder", 4, 1_500_000_000, 0)] })));

    [Fact]
    public void I27_SingleEndpoint_Fails()
    {
        var line = Assert.Single(Lines("fallback", One));

        Assert.Equal((Verdict.Fail, "2 of 2 models that can be served hang on a single provider, fallbacks included: x/coder, x/other."), (line.Verdict, line.Found));
        Assert.Contains("second provider", line.Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public void I27_OnlyModelsInUse_Count()
    {
        const string Mixed = Two + "  - { id: x/alone, endpoints: [{ provider: a, model: n, price: { input: 1, output: 2 } }] }\n";

        Assert.Equal(Verdict.Warn, Assert.Single(Lines("fallback", Mixed)).Verdict);
        Assert.Equal(Verdict.Ok, Assert.Single(Lines("fallback", Mixed, Quiet with { Models = [new("x/both", 1, 0, 0)] })).Verdict);
        Assert.Equal("1 of 2 models in use hang on a single provider, fallbacks included: x/alone.", Assert.Single(Lines("fallback", Mixed, Quiet with { Models = [new("x/both", 1, 0, 0), new("x/alone", 1, 0, 0)] })).Found);
    }

    [Fact]
    public void I27_TwoProviders_AreAPlan() => Assert.Equal("1 model that can be served: all survive the outage of any one provider.", Assert.Single(Lines("fallback", Two)).Found);

    [Fact]
    public void I28_OneKeyOfThreePrograms_Warns()
    {
        var line = Assert.Single(Lines("developers", Two, Quiet with { Uses = [new("key-1", "codex", 5), new("key-1", "claude-code", 9), new("key-1", "opencode", 1), new("key-1", null, 7)] }));

        Assert.Equal((Verdict.Warn, "Key key-1 of dev1 was used by 3 programs in 7 days (claude-code, codex, opencode): several people may share it."), (line.Verdict, line.Found));
    }

    [Fact]
    public void I28_KeysOfTheirOwn_AreCoordinated()
    {
        var line = Assert.Single(Lines("developers", Two, new RunningFacts
        {
            Keys = [new("key-1", "dev1", KeyState.Valid), new("key-2", "dev1", KeyState.Valid), new("key-3", "dev2", KeyState.Valid), new("key-4", "dev3", KeyState.Revoked)],
            Uses = [new("key-1", "codex", 5), new("key-1", "claude-code", 9), new("key-2", "opencode", 1)],
        }));

        Assert.Equal((Verdict.Ok, "3 valid keys of 2 developers; none is used by 3 programs or more. Scarce quota is shared equally between developers."), (line.Verdict, line.Found));
    }

    [Theory]
    [InlineData("", true, Verdict.Ok, "GET /metrics is served")]
    [InlineData("", false, Verdict.Warn, "does not serve /metrics yet")]
    [InlineData("telemetry: { prometheus: false }", true, Verdict.Warn, "turned off")]
    public void I29_MetricsTurnedOff_Warn(string telemetry, bool served, Verdict verdict, string found)
    {
        var line = Assert.Single(ProductionChecklist.Of(new ChecklistFacts(Configs.Good(Two + telemetry)) { CanServeMetrics = served }), line => line.Check == "monitoring");

        Assert.Equal(verdict, line.Verdict);
        Assert.Contains(found, line.Found, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("keepalive: { after: 130s }", "", "Silent streams get a sign of life only after 130 s (keepalive.after); openclaw gives up after 120 s.")]
    [InlineData("keepalive: { every: 240s }", "", "Silent streams get a sign of life only after 240 s (keepalive.every); openclaw gives up after 120 s, qwen-code gives up after 240 s.")]
    [InlineData("timeouts: { request: 700s }", "", "A request may take 700 s (timeouts.request), and clients give up on an answer in one piece after 600 s.")]
    [InlineData("timeouts: { request: 60s }", "first_token: 50s", "b may be silent for 300 s (timeouts.first_token), and a request ends after 60 s (timeouts.request): nobody else is asked in time.")]
    [InlineData("", "first_token: 700s", "a: an answer in one piece may take 700 s (timeouts.first_token), and clients give up after 600 s: they ask again, and both are charged.")]
    [InlineData("", "idle: 90s, total: 60s", "a: timeouts.idle is 90 s, longer than timeouts.total (60 s), which ends the attempt first.")]
    public void I30_WrongOrder_Fails(string section, string timeouts, string found)
    {
        var yaml = Two.Replace("[first-key, second-key] }", $"[first-key, second-key], timeouts: {{ {timeouts} }} }}", StringComparison.Ordinal) + section;

        var line = Assert.Single(Lines("timeouts", yaml));

        Assert.Equal((Verdict.Fail, found), (line.Verdict, line.Found));
        Assert.NotNull(line.Remedy);
    }

    [Fact]
    public void I30_RightOrder_IsShownWithItsNumbers() =>
        Assert.Equal("Clients stand 120 s of silence or more and hear from Sluice after 20 s; a, b may take 300 s to the first content, then 240 s of silence.",
            Assert.Single(Lines("timeouts", Two)).Found);

    [Fact]
    public void I70_NextSteps_AreInTheirOrder_AndTheWorstComesFirst()
    {
        var snapshot = Configs.Good(One);
        CheckLine[] lines = [new("monitoring", Verdict.Warn, "w", "Warned."), new("cost", Verdict.Fail, "f", "Write the price."), new("fallback", Verdict.Ok, "fine")];

        Assert.Equal(
            [
                ("check", "Of a request that failed, 'sluice doctor --request ID' says whether it was the key, the quota or the provider; 'sluice explain ID' has every attempt."),
                ("targeted fix", "cost: Write the price."),
                ("structured retry", "Up to 2 repeats a request, with growing waits, and at most 10 % of all traffic. Agents need no loop of their own."),
                ("design fallback", "In place; prove it with 'sluice drill outage'."),
            ],
            NextSteps.Of(snapshot, lines).Select(step => (step.Step, step.What)));
    }

    [Fact]
    public void Nodes_OfOneVersion_AreCounted_AndOfTwoAreToldApart()
    {
        Assert.Equal(
            [new CheckLine("nodes", Verdict.Ok, "2 nodes of version 1.2.0 on this database: east, west.")],
            Lines("nodes", Two, Quiet with { Nodes = [new("east", "1.2.0"), new("west", "1.2.0")] }));
        Assert.Equal(
            [new CheckLine("nodes", Verdict.Warn, "2 nodes on this database (east, west) run different versions: 1.2.0, 1.3.0.", "Bring all nodes to the newest of these versions.")],
            Lines("nodes", Two, Quiet with { Nodes = [new("east", "1.3.0"), new("west", "1.2.0")] }));
        Assert.Empty(Lines("nodes", Two, Quiet));
    }

    [Fact]
    public void A23_WhoCannotBeReached_IsALineOfItsOwn() =>
        Assert.Equal(
            [
                new("reach", Verdict.Fail, "a#2, auth: It was refused.", "Replace it."),
                new("reach", Verdict.Warn, "b, outage: It answered 503.", "Wait."),
                new("reach", Verdict.Ok, "Reached, and the key is taken: a#1."),
                new CheckLine("reach", Verdict.Ok, "Reached; whether the key is taken, no free call tells: c."),
            ],
            Lines("reach", Two, Quiet with
            {
                Reached = [new("a", "a#1", "ok", 3, null, null), new("a", "a#2", "auth", 3, "It was refused.", "Replace it."), new("b", null, "outage", 3, "It answered 503.", "Wait."), new("c", null, "reached", 3, null, null)],
            }));

    // A line that says that something is wrong and not what to do about it would be no checklist.
    [Fact]
    public void EveryLineThatIsNotOk_HasARemedy()
    {
        string[] files = ["", One, Two, One + "fallbacks: { x/coder: [x/othr] }\nkeepalive: { after: 500s }\ntelemetry: { prometheus: false }"];
        foreach (var file in files)
        {
            Assert.All(ProductionChecklist.Of(new ChecklistFacts(Configs.Good(file)) { Running = Quiet with { DeadCredentials = ["a#1"] }, Models = ["no/such"] }),
                line => Assert.Equal(line.Verdict == Verdict.Ok, line.Remedy is null));
        }
    }

    private static List<CheckLine> Lines(string check, string yaml, RunningFacts? running = null, params string[] models) =>
        [.. ProductionChecklist.Of(new ChecklistFacts(Configs.Good(yaml)) { Running = running, Models = models }).Where(line => line.Check == check)];
}
