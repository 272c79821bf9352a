using System.CommandLine;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Sluice.Commands;
using Sluice.Protocols.Errors;
using Sluice.Server.Diagnosis;
using Sluice.Server.Tests.Admin;
using Sluice.Server.Tests.Kit;
using Sluice.Simulator;

namespace Sluice.Server.Tests.Diagnosis;

/// <summary>A fault planted at each step, and each cause of a provider's failure: the diagnosis finds it at its step, and the steps before it are fine.</summary>
[Collection(nameof(CommandTests))]
public sealed class RequestDiagnosisTests
{
    private const string Config = """
        routing: { retries: 0 }
        providers:
          - { name: a, kind: openai, base_url: "{A}/v1", api_keys: [key-of-a-0123456789] }
          - { name: b, kind: openai, base_url: "{B}/v1", api_keys: [key-of-b-0123456789] }
        models:
          - { id: x/one, endpoints: [{ provider: a, model: one, price: { input: 3, output: 15 } }] }
          - { id: x/two, endpoints: [{ provider: a, model: two, price: { input: 3, output: 15 } }, { provider: b, model: two, price: { input: 3, output: 15 } }] }

        """;

    public static TheoryData<string, Fault, string, string, string> ProviderFaults => new()
    {
        { "a refused key", Fault.Of(401), "key", "provider_key_refused", "a (a#1) failed with 401" },
        { "an account that is used up", Fault.Of(402), "quota", "shared_quota", "failed with 402" },
        { "F14 a rate limit", Fault.Of(429) with { Message = "30 requests a minute" }, "quota", "provider_rate_limit", "30 requests a minute" },
        { "F19 a quota that is everybody's", Fault.Of(429, variant: "quota"), "quota", "shared_quota", "(quota_exhausted)" },
        { "F15 an outage", Fault.Of(503), "provider", "outage", "failed with 503" },
        { "F16 a model that was retired", Fault.Of(404) with { Message = "The model was retired" }, "provider", "model_gone", "The model was retired" },
        { "F17 a place", Fault.Of(403) with { Message = "Country, region, or territory not supported" }, "provider", "region_restricted", "territory not supported" },
        { "F18 a prompt that is too long", Fault.Of(400, variant: "context"), "request", "too_long", "maximum context length is" },
        { "F21 a parameter", Fault.Of(400) with { Message = "Invalid value for 'temperature': 9 is above 2" }, "request", "invalid_parameter", "'temperature'" },
        { "a page instead of an answer", new Fault(FaultKind.HtmlBody), "provider", "bad_response", "(bad_response)" },
    };

    [Theory]
    [MemberData(nameof(ProviderFaults))]
    public async Task ReqF24_ProvidersFault_IsFoundAtItsStep(string what, Fault planted, string step, string cause, string found)
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Config);
        gateway.A.Script.Always(planted);

        var diagnosis = await DiagnoseAsync(gateway, await AskAsync(gateway, "x/one"));

        AssertFault(diagnosis, step, cause, found, what);
    }

    [Fact]
    public async Task ReqF24_NetworkFaults_SayWhichPartOfTheWay()
    {
        await using var ports = SimulatorFaultPorts.Open();
        await using var gateway = await GatewayUnderTest.StartAsync($$"""
            routing: { retries: 0 }
            providers:
              - { name: dns, kind: openai, base_url: "{{SimulatorFaultPorts.UnknownHost}}v1" }
              - { name: connect, kind: openai, base_url: "{{ports.Refused}}v1" }
              - { name: tls, kind: openai, base_url: "{{ports.BrokenTls}}v1" }
            models:
            {{GatewayUnderTest.Models("dns", 1, "dns")}}
            {{GatewayUnderTest.Models("connect", 1, "connect")}}
            {{GatewayUnderTest.Models("tls", 1, "tls")}}
            """);
        foreach (var (reason, said) in ((string, string)[])[("dns", "could not be resolved (DNS)"), ("connect", "No connection to"), ("tls", "The TLS handshake with")])
        {
            AssertFault(await DiagnoseAsync(gateway, await AskAsync(gateway, reason + "/0")), "provider", "network", said, reason);
        }
    }

    [Fact]
    public async Task ReqF24_KeyThatMayNotUseTheModel_IsTheKey()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Config);
        var key = await LimitedKeyAsync(gateway, "x/two");

        var diagnosis = await DiagnoseAsync(gateway, await AskAsync(gateway, "x/one", key));

        AssertFault(diagnosis, "key", "key_may_not", "may not use the model 'x/one'", "a key's models");
        Assert.Equal("No provider was asked.", Found(diagnosis, "provider"));
    }

    [Fact]
    public async Task ReqF24_LimitOfSluicesOwn_IsTheQuota()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Config + "limits: { default_key: { rpd: 1 } }\n");
        await AskAsync(gateway, "x/one");

        AssertFault(await DiagnoseAsync(gateway, await AskAsync(gateway, "x/one")), "quota", "limit", "1", "a key's requests a day");
    }

    [Fact]
    public async Task ReqF24_UnknownModel_IsTheRequests()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Config);

        AssertFault(await DiagnoseAsync(gateway, await AskAsync(gateway, "x/onne")), "request", "unknown_model", "Did you mean x/one?", "a typo");
    }

    [Fact]
    public async Task ReqF20_ReqF24_FaultThatFailoverMended_IsTransientAndNoFailure()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Config);
        gateway.A.Script.Always(Fault.Of(502));

        var id = await AskAsync(gateway, "x/two");
        var (code, output, error) = await RunAsync(gateway, id);
        var diagnosis = await DiagnoseAsync(gateway, id);

        Assert.Equal((0, ""), (code, error));
        Assert.Contains("warn  provider (transient): a (a#1) failed with 502", output, StringComparison.Ordinal);
        Assert.Equal(JsonValueKind.Null, diagnosis.GetProperty("fault").ValueKind);
        Assert.Equal(["ok", "ok", "warn", "ok"], Verdicts(diagnosis));
    }

    [Fact]
    public async Task ReqF24_SeveralFaults_TheFirstInTheOrderIsNamed()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Config);
        gateway.A.Script.Always(Fault.Of(503));
        gateway.B.Script.Always(Fault.Of(429));

        var (code, output, error) = await RunAsync(gateway, await AskAsync(gateway, "x/two"));

        Assert.Equal((1, "sluice: It was the quota."), (code, error.Trim()));
        var lines = output.Split('\n').Where(line => line.Length > 4 && !line.StartsWith(' ')).Select(line => string.Join(' ', line.Split(':')[0].Split(' ', StringSplitOptions.RemoveEmptyEntries))).Skip(1);
        Assert.Equal(["ok key", "fail quota (provider_rate_limit)", "fail provider (outage)", "ok request"], lines);
    }

    [Fact]
    public async Task ReqF24_NothingWrong_SaysSoAtEachStep()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Config);

        var diagnosis = await DiagnoseAsync(gateway, await AskAsync(gateway, "x/one"));

        Assert.Equal(["ok", "ok", "ok", "ok"], Verdicts(diagnosis));
        Assert.Matches("^The key key-.* of admin was taken, and the providers took theirs\\.$", Found(diagnosis, "key"));
        Assert.Equal("a answered.", Found(diagnosis, "provider"));
    }

    [Fact]
    public async Task ReqF24_UnknownId_SaysThatTheKeyMayHaveBeenRefused()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Config);

        var (code, _, error) = await RunAsync(gateway, "gen-nobody");

        Assert.Equal(1, code);
        Assert.Contains("key_missing, key_unknown, key_revoked or key_expired", error, StringComparison.Ordinal);
    }

    // A new kind that nobody placed would end the diagnosis with an exception.
    [Fact]
    public void EveryKind_HasAPlace()
    {
        foreach (var kind in Enum.GetValues<ErrorKind>())
        {
            Assert.Equal(kind == ErrorKind.Cancelled, DiagnosedFault.OfAttempt(kind) is null);
            Assert.All(Enum.GetValues<ErrorSource>(), source => Assert.Equal(kind == ErrorKind.Cancelled, DiagnosedFault.OfSluice(kind, source) is null));
        }

        Assert.Equal(new DiagnosedFault(DiagnosisStep.Quota, "limit"), DiagnosedFault.OfSluice(ErrorKind.RateLimit, ErrorSource.Gateway));
        Assert.Equal(new DiagnosedFault(DiagnosisStep.Provider, "deadline"), DiagnosedFault.OfSluice(ErrorKind.Timeout, ErrorSource.Gateway));
        Assert.Equal(new DiagnosedFault(DiagnosisStep.Quota, "budget"), DiagnosedFault.OfSluice(ErrorKind.Credits, ErrorSource.Gateway));
    }

    private static void AssertFault(JsonElement diagnosis, string step, string cause, string found, string what)
    {
        Assert.True(diagnosis.GetProperty("fault").GetString() == step, $"{what}: {diagnosis}");
        var order = (string[])["key", "quota", "provider", "request"];
        Assert.Equal(order, diagnosis.GetProperty("steps").EnumerateArray().Select(one => one.GetProperty("step").GetString()));
        Assert.Equal(order.Select(one => one == step ? "fail" : "ok"), Verdicts(diagnosis));
        var at = diagnosis.GetProperty("steps")[Array.IndexOf(order, step)];
        Assert.Equal(cause, at.GetProperty("cause").GetString());
        Assert.Contains(found, at.GetProperty("found").GetString(), StringComparison.Ordinal);
        Assert.True(at.GetProperty("remedy").GetString()!.Length > 10, at.ToString());
    }

    private static IEnumerable<string?> Verdicts(JsonElement diagnosis) => diagnosis.GetProperty("steps").EnumerateArray().Select(step => step.GetProperty("verdict").GetString());

    private static string Found(JsonElement diagnosis, string step) =>
        diagnosis.GetProperty("steps").EnumerateArray().Single(one => one.GetProperty("step").GetString() == step).GetProperty("found").GetString()!;

    private static async Task<string> AskAsync(GatewayUnderTest gateway, string model, string? key = null)
    {
        using var request = gateway.Request(Wire.Chat, Wires.Ask(Wire.Chat, model, "hello", stream: false));
        if (key is not null)
        {
            request.Headers.Remove("x-api-key");
            request.Headers.Add("x-api-key", key);
        }

        var id = (await gateway.SendAsync(request)).Id;
        await gateway.SettledTrailAsync(id);
        return id;
    }

    private static async Task<JsonElement> DiagnoseAsync(GatewayUnderTest gateway, string id)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/admin/api/diagnose/" + id);
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", GatewayUnderTest.AdminKey);
        var answer = await gateway.SendAsync(request);
        Assert.True(answer.Status == 200, answer.Text);
        return answer.Json;
    }

    private static async Task<string> LimitedKeyAsync(GatewayUnderTest gateway, string model)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/admin/api/keys") { Content = new StringContent($$"""{"user":"dev1","models":["{{model}}"]}""", Encoding.UTF8, "application/json") };
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", GatewayUnderTest.AdminKey);
        return (await gateway.SendAsync(request)).Json.GetProperty("key").GetString()!;
    }

    private static Task<(int Code, string Output, string Error)> RunAsync(GatewayUnderTest gateway, string id) =>
        CapturedConsole.RunAsync(() => CommandTree.RunAsync(
            CommandTree.Build(new Command("serve")), ["doctor", "--request", id, "--url", gateway.Url.ToString(), "--admin-key", GatewayUnderTest.AdminKey]));
}
