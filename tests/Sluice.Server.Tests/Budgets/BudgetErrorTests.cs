using Sluice.Server.Tests.Kit;
using Sluice.Server.Tests.Media;
using Sluice.Simulator;
using Sluice.Testing;

namespace Sluice.Server.Tests.Budgets;

/// <summary>What a client is told when there is no money for its request, in every client's format. The tests' clock starts at noon of 2026-01-01.</summary>
public sealed class BudgetErrorTests
{
    private const string OpenRouterPath = "/api/v1/chat/completions";

    public static TheoryData<Wire> Clients => [.. Enum.GetValues<Wire>()];

    [Theory]
    [MemberData(nameof(Clients))]
    public async Task ReqF28_AKeyWithoutABalance_IsA402_ThatNoRetryHelps(Wire client)
    {
        await using var gateway = await BudgetedGateway.StartAsync(time: new ManualTimeProvider());
        await gateway.SetBudgetAsync("user:admin", "0", per: "month");
        var answer = await gateway.PostAsync(client, BudgetedGateway.Ask(client, 100));
        Assert.Equal((402, "gateway", "false", null), (answer.Status, answer.Header("x-sluice-error-source"), answer.Header("x-should-retry"), answer.Header("retry-after")));
        Assert.Equal(
            "Insufficient credits. The monthly budget of user:admin is $0.00, with $0.00 spent; it begins anew on 2026-02-01. Wait until then, or ask the administrator to raise it ('sluice budgets set --scope user:admin').",
            answer.Error(client).Message);
        Assert.Contains(client switch
        {
            Wire.Anthropic => "\"type\":\"billing_error\"",
            Wire.Gemini => "\"kind\":\"credits\"",
            _ => "\"code\":\"insufficient_credits\"",
        }, answer.Text, StringComparison.Ordinal);
        Assert.Empty(gateway.A.Record.Requests);
        var trail = await gateway.SettledTrailAsync(answer.Id);
        Assert.Equal(("credits", "gateway"), (trail.GetProperty("error").GetString(), trail.GetProperty("error_source").GetString()));
    }

    [Theory]
    [MemberData(nameof(Clients))]
    public async Task ReqF28_WhatAskedForMoreThanThereIs_IsToldHowMuchItCanAfford(Wire client)
    {
        await using var gateway = await BudgetedGateway.StartAsync(time: new ManualTimeProvider());
        await gateway.SetBudgetAsync("user:admin", "27.3425");
        var answer = await gateway.PostAsync(client, BudgetedGateway.Ask(client, 32_000));
        Assert.Equal((402, "false"), (answer.Status, answer.Header("x-should-retry")));
        Assert.Equal(
            "This request requires more credits, or fewer max_tokens. You requested up to 32000 tokens, but can only afford 27342. The daily budget of user:admin is $27.3425, with $0.00 spent; it begins anew on 2026-01-02. Set max_tokens to 27342 or less, or ask the administrator to raise it ('sluice budgets set --scope user:admin').",
            answer.Error(client).Message);
        Assert.Equal(200, (await gateway.PostAsync(client, BudgetedGateway.Ask(client, 27_342))).Status);
    }

    [Fact]
    public async Task ReqF28_UnderOpenRoutersPath_TheBodyIsOpenRouters()
    {
        await using var gateway = await BudgetedGateway.StartAsync(time: new ManualTimeProvider());
        await gateway.SetBudgetAsync("user:admin", "0.05");
        var answer = await gateway.PostAsync(Wire.Chat, BudgetedGateway.Ask(Wire.Chat, 100) with { Path = OpenRouterPath });
        var remedy = "Set max_tokens to 50 or less, or ask the administrator to raise it ('sluice budgets set --scope user:admin').";
        Assert.Equal(
            $$$$"""
            {"error":{"message":"This request requires more credits, or fewer max_tokens. You requested up to 100 tokens, but can only afford 50.","type":"insufficient_quota","param":null,"code":402,"http_status":402,"metadata":{"source":"gateway","kind":"credits","error_type":"payment_required","reason":"weight_exceeds_budget","retryable":false,"remedy":"{{{{remedy}}}}","hint":"{{{{remedy}}}}","docs_url":"{{{{gateway.Url}}}}docs/errors/credits","limit":"user:admin per day 0.05 USD","remedy_hint":"{{{{remedy}}}}","limit_source":"openrouter_credits"},"error_type":"payment_required"},"request_id":"{{{{answer.Id}}}}"}
            """.Trim(),
            answer.Text);
    }

    [Theory]
    [MemberData(nameof(Clients))]
    public async Task ReqF29_WhatSeveralShare_IsA403_WithTheBudgetsName(Wire client)
    {
        await using var gateway = await BudgetedGateway.StartAsync(time: new ManualTimeProvider());
        await gateway.SetBudgetAsync("organization", "0.01", per: "month");
        var answer = await gateway.PostAsync(client, BudgetedGateway.Ask(client, 100));
        Assert.Equal((403, "gateway", "false"), (answer.Status, answer.Header("x-sluice-error-source"), answer.Header("x-should-retry")));
        Assert.StartsWith("Workspace monthly budget of $0.01 exceeded. Contact your org admin. The monthly budget of organization is $0.01, with $0.00 spent; ", answer.Error(client).Message, StringComparison.Ordinal);
        Assert.Contains(client switch
        {
            Wire.Anthropic => "\"type\":\"permission_error\"",
            Wire.Gemini => "\"status\":\"PERMISSION_DENIED\"",
            _ => "\"code\":\"budget_exceeded\"",
        }, answer.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ReqF29_AProjectsBudget_UnderOpenRoutersPath_IsSaidInItsWords()
    {
        await using var gateway = await BudgetedGateway.StartAsync();
        await gateway.SetBudgetAsync("project:web", "0.01", per: "week");
        var answer = await gateway.PostAsync(Wire.Chat, BudgetedGateway.Ask(Wire.Chat, 100) with { Path = OpenRouterPath }, ("x-sluice-project", "web"));
        var error = answer.Json.GetProperty("error");
        Assert.Equal((403, "Project web's weekly budget of $0.01 exceeded. Contact your org admin."), (error.GetProperty("code").GetInt32(), error.GetProperty("message").GetString()));
        Assert.Equal(("permission_denied", "sluice_project_budget"), (error.GetProperty("metadata").GetProperty("error_type").GetString(), error.GetProperty("metadata").GetProperty("limit_source").GetString()));
        Assert.Equal(200, (await gateway.PostAsync(Wire.Chat, BudgetedGateway.Ask(Wire.Chat, 100))).Status);
    }

    [Theory]
    [MemberData(nameof(Clients))]
    public async Task ReqF28_WhatIsOnlyHeld_IsA402_ThatATryLaterHelps(Wire client)
    {
        await using var gateway = await BudgetedGateway.StartAsync();
        await gateway.SetBudgetAsync("user:admin", "0.1");
        gateway.A.Script.Enqueue(Fault.Of(FaultKind.Stall, FaultPlace.BeforeHeaders));
        using var leaving = new CancellationTokenSource();
        using var held = gateway.Request(client, BudgetedGateway.Ask(client, 100));
        var asking = gateway.Http.SendAsync(held, leaving.Token);
        await gateway.A.Record.WaitForAsync(request => request.Fault is not null, TimeSpan.FromSeconds(10));
        var answer = await gateway.PostAsync(client, BudgetedGateway.Ask(client, 100));
        Assert.Equal((402, "5", "true"), (answer.Status, answer.Header("retry-after"), answer.Header("x-should-retry")));
        Assert.StartsWith("The budget is held by requests that are under way. Retry shortly. ", answer.Error(client).Message, StringComparison.Ordinal);
        Assert.Contains("in_flight_budget_exhausted", answer.Text, StringComparison.Ordinal);
        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => asking);
        await GatewayUnderTest.UntilAsync(() => gateway.Server.Budgets.Open == 0, "nothing held");
        Assert.Equal(200, (await gateway.PostAsync(client, BudgetedGateway.Ask(client, 100))).Status);
    }

    [Fact]
    public async Task Images_AreHeldByTheirPrice()
    {
        await using var gateway = await MediaGateway.StartAsync();
        await gateway.SetBudgetAsync("user:admin", "0.24");
        const string Two = """{"model":"acme/dalle","prompt":"a heron","n":2,"size":"1792x1024","quality":"hd"}""";
        Assert.Equal(200, (await gateway.PostAsync("/v1/images/generations", Two)).Status);
        Assert.Equal(("0.240000000", "0.000000000", "0.000000000"), await gateway.AmountsAsync());
        var answer = await gateway.PostAsync("/v1/images/generations", Two);
        Assert.Equal((402, "false"), (answer.Status, answer.Header("x-should-retry")));
    }

    [Fact]
    public async Task AnEndpointWithoutAPrice_IsNotAskedUnderAHardBudget_AndIsUnderASoftOne()
    {
        await using var gateway = await BudgetedGateway.StartAsync();
        await gateway.SetBudgetAsync("user:admin", "5");
        var answer = await gateway.PostAsync(Wire.Chat, BudgetedGateway.Ask(Wire.Chat, 100, model: "m/unpriced"));
        Assert.Equal((404, "a/two has no known price, and the hard budget of user:admin can only be kept by prices. Give the endpoint a price in the configuration (0 where it costs nothing), or use a model that has one."), (answer.Status, answer.Error(Wire.Chat).Message));
        Assert.Equal(0, gateway.Server.Budgets.Open);
        await gateway.SetBudgetAsync("user:admin", "5", hard: false);
        Assert.Equal(200, (await gateway.PostAsync(Wire.Chat, BudgetedGateway.Ask(Wire.Chat, 100, model: "m/unpriced"))).Status);
    }
}
