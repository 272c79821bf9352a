using System.Text;
using Sluice.Server.Tests.Budgets;
using Sluice.Server.Tests.Kit;
using Sluice.Simulator;
using Sluice.Testing;

namespace Sluice.Server.Tests.Guardrails;

/// <summary>Patterns that the operator lets nobody send: a 403 of its own, which names the guardrail and repeats nothing.</summary>
public sealed class GuardrailTests
{
    private const string Secrets = """guardrails: [{ name: no card numbers, pattern: '\b\d{4}[ -]?\d{4}[ -]?\d{4}[ -]?\d{4}\b' }, { name: web only, pattern: '(?i)payroll', scope: "project:web" }]""";

    public static TheoryData<Wire, bool> Clients => new MatrixTheoryData<Wire, bool>(Enum.GetValues<Wire>(), [false, true]);

    public static TheoryData<Wire> Wires4 => [.. Enum.GetValues<Wire>()];

    [Theory]
    [MemberData(nameof(Clients))]
    public async Task ReqF29_APatternThatIsHit_IsA403_NamingTheGuardrail_NotTheMatch(Wire client, bool stream)
    {
        await using var gateway = await BudgetedGateway.StartAsync(more: Secrets);
        var answer = await gateway.PostAsync(client, Wires.Ask(client, "m/one", "my card is 4111 1111 1111 1111", stream));
        Assert.Equal((403, "gateway", "false"), (answer.Status, answer.Header("x-sluice-error-source"), answer.Header("x-should-retry")));
        Assert.Equal("Request blocked by guardrail 'no card numbers'. Take out what it is about, or ask the administrator.", answer.Error(client).Message);
        Assert.DoesNotContain("4111", answer.Text, StringComparison.Ordinal);
        Assert.Empty(gateway.A.Record.Requests);
        var trail = await gateway.SettledTrailAsync(answer.Id);
        Assert.Equal(("permission", "gateway"), (trail.GetProperty("error").GetString(), trail.GetProperty("error_source").GetString()));
        Assert.Equal(200, (await gateway.PostAsync(client, Wires.Ask(client, "m/one", "my card is none of your business", stream))).Status);
    }

    [Fact]
    public async Task ReqF29_UnderOpenRoutersPath_ThePatternsAreNamedInTheMetadata()
    {
        await using var gateway = await BudgetedGateway.StartAsync(more: Secrets);
        var ask = Wires.Ask(Wire.Chat, "m/one", "4111111111111111 on the payroll", stream: false) with { Path = "/api/v1/chat/completions" };
        var metadata = (await gateway.PostAsync(Wire.Chat, ask, ("x-sluice-project", "web"))).Json.GetProperty("error").GetProperty("metadata");
        Assert.Equal(("permission_denied", "guardrail", """["no card numbers","web only"]"""), (metadata.GetProperty("error_type").GetString(), metadata.GetProperty("reason").GetString(), metadata.GetProperty("patterns").GetRawText()));
    }

    [Theory]
    [InlineData("web", 403)]
    [InlineData("shop", 200)]
    public async Task AScope_HasItsGuardrailsAlone(string project, int status)
    {
        await using var gateway = await BudgetedGateway.StartAsync(more: Secrets);
        Assert.Equal(status, (await gateway.PostAsync(Wire.Anthropic, Wires.Ask(Wire.Anthropic, "m/one", "the PAYROLL of may", stream: false), ("x-sluice-project", project))).Status);
    }

    [Theory]
    [MemberData(nameof(Wires4))]
    public async Task ReqF29_GuardrailModerationPermissionAndBudget_AreToldApart(Wire client)
    {
        await using var gateway = await BudgetedGateway.StartAsync(more: Secrets);
        var ask = Wires.Ask(client, "m/one", "hi", stream: false);

        var guardrail = await gateway.PostAsync(client, Wires.Ask(client, "m/one", "4111111111111111", stream: false));
        gateway.A.Script.Replay(Moderated(), times: 1);
        var moderation = await gateway.PostAsync(client, ask);
        var permission = await PostAsync(gateway, client, ask, await KeyForAnotherModelAsync(gateway));
        await gateway.SetBudgetAsync("organization", "0");
        var budget = await gateway.PostAsync(client, ask);

        Assert.Equal([403, 400, 403, 403], new[] { guardrail, moderation, permission, budget }.Select(answer => answer.Status));
        List<(string?, string?)> kinds = [];
        foreach (var answer in new[] { guardrail, moderation, permission, budget })
        {
            var trail = await gateway.SettledTrailAsync(answer.Id);
            kinds.Add((trail.GetProperty("error").GetString(), trail.GetProperty("error_source").GetString()));
        }

        Assert.Equal([("permission", "gateway"), ("content_policy", "client"), ("permission", "client"), ("credits", "gateway")], kinds);
        Assert.Contains("guardrail 'no card numbers'", guardrail.Error(client).Message, StringComparison.Ordinal);
        Assert.Contains("content management policy", moderation.Error(client).Message, StringComparison.Ordinal);
        Assert.Contains("may not use the model", permission.Error(client).Message, StringComparison.Ordinal);
        Assert.Contains("budget of $0.00 exceeded", budget.Error(client).Message, StringComparison.Ordinal);
    }

    private static ReplayAnswer Moderated() => new()
    {
        Status = 400,
        ContentType = "application/json",
        Body = Encoding.UTF8.GetBytes("""{"error":{"message":"The response was filtered due to the prompt triggering the content management policy.","type":"invalid_request_error","param":"prompt","code":"content_filter"}}"""),
    };

    private static async Task<string> KeyForAnotherModelAsync(GatewayUnderTest gateway)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/admin/api/keys") { Content = new StringContent("""{"user":"narrow","models":["m/unpriced"]}""", Encoding.UTF8, "application/json") };
        request.Headers.Add("Authorization", "Bearer " + GatewayUnderTest.AdminKey);
        return (await gateway.SendAsync(request)).Json.GetProperty("key").GetString()!;
    }

    private static async Task<ClientAnswer> PostAsync(GatewayUnderTest gateway, Wire client, ClientRequest ask, string key)
    {
        using var request = gateway.Request(client, ask);
        request.Headers.Remove("x-api-key");
        request.Headers.Add("x-api-key", key);
        return await gateway.SendAsync(request);
    }
}
