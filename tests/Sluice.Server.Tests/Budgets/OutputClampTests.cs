using System.Text;
using System.Text.Json.Nodes;
using Sluice.Server.Tests.Kit;

namespace Sluice.Server.Tests.Budgets;

/// <summary>A request that names no limit of its output gets one that there is money for, and is told so; it is not refused.</summary>
public sealed class OutputClampTests
{
    [Theory]
    [InlineData(Wire.Chat, "openai", "$.max_tokens")]
    [InlineData(Wire.Responses, "openai", "$.max_tokens")]
    [InlineData(Wire.Chat, "anthropic", "$.max_tokens")]
    [InlineData(Wire.Responses, "openai-responses", "$.max_output_tokens")]
    [InlineData(Wire.Gemini, "gemini", "$.generationConfig.maxOutputTokens")]
    [InlineData(Wire.Chat, "gemini", "$.generationConfig.maxOutputTokens")]
    public async Task ReqF28_WithoutMaxTokens_TheAffordableAmountIsSet_AndTold(Wire client, string kind, string member)
    {
        await using var gateway = await BudgetedGateway.StartAsync(kind);
        await gateway.SetBudgetAsync("user:admin", "0.5");
        var answer = await gateway.PostAsync(client, BudgetedGateway.Ask(client, limit: null));
        Assert.Equal((200, "max_tokens=weakened"), (answer.Status, answer.Header("x-sluice-degraded")));
        var sent = JsonNode.Parse(Assert.Single(gateway.A.Record.Requests).Body)!;
        Assert.Equal(500, member.Split('.').Skip(1).Aggregate(sent, static (node, name) => node[name]!).GetValue<int>());
    }

    [Theory]
    [InlineData("""{"contents":[{"parts":[{"text":"hi"}]}],"generationConfig":{"temperature":1}}""", """{"contents":[{"parts":[{"text":"hi"}]}],"generationConfig":{"maxOutputTokens":500,"temperature":1}}""")]
    [InlineData("""{"generationConfig":{ },"contents":[{"parts":[{"text":"hi"}]}]}""", """{"generationConfig":{"maxOutputTokens":500 },"contents":[{"parts":[{"text":"hi"}]}]}""")]
    [InlineData("""{ "contents":[{"parts":[{"text":"hi"}]}]}""", """{"generationConfig":{"maxOutputTokens":500}, "contents":[{"parts":[{"text":"hi"}]}]}""")]
    public async Task GeminisObject_IsKept_WithTheLimitInIt(string asked, string sent)
    {
        await using var gateway = await BudgetedGateway.StartAsync("gemini");
        await gateway.SetBudgetAsync("user:admin", "0.5");
        Assert.Equal(200, (await gateway.PostAsync(Wire.Gemini, new ClientRequest(Wires.PathOf(Wire.Gemini, "m/one"), asked))).Status);
        Assert.Equal(sent, Encoding.UTF8.GetString(Assert.Single(gateway.A.Record.Requests).Body!));
    }

    [Fact]
    public async Task ANullLimit_IsReplaced_NotDoubled()
    {
        await using var gateway = await BudgetedGateway.StartAsync();
        await gateway.SetBudgetAsync("user:admin", "0.5");
        Assert.Equal(200, (await gateway.PostAsync(Wire.Chat, """{"model":"m/one","max_tokens": null,"messages":[{"role":"user","content":"hi"}]}""")).Status);
        Assert.Equal("""{"model":"one","max_tokens": 500,"messages":[{"role":"user","content":"hi"}]}""", Encoding.UTF8.GetString(Assert.Single(gateway.A.Record.Requests).Body!));
    }

    [Fact]
    public async Task MoneyForLessThanAnAnswer_IsRefused_WithTheFigure()
    {
        await using var gateway = await BudgetedGateway.StartAsync();
        await gateway.SetBudgetAsync("user:admin", "0.0159");
        var answer = await gateway.PostAsync(Wire.Chat, BudgetedGateway.Ask(Wire.Chat, limit: null));
        Assert.Equal(402, answer.Status);
        Assert.StartsWith("This request requires more credits, or fewer max_tokens. You requested up to 1000000 tokens, but can only afford 15. ", answer.Error(Wire.Chat).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task WhoWantsNothingWeakened_IsRefused_AndHoldsNothing()
    {
        await using var gateway = await BudgetedGateway.StartAsync();
        await gateway.SetBudgetAsync("user:admin", "0.5");
        var answer = await gateway.PostAsync(Wire.Chat, BudgetedGateway.Ask(Wire.Chat, limit: null), ("x-sluice-strict", "1"));
        Assert.Equal(400, answer.Status);
        Assert.Contains("max_tokens: The request names no limit, and the budget of user:admin has money for 500 tokens of output.", answer.Text, StringComparison.Ordinal);
        Assert.Equal(0, gateway.Server.Budgets.Open);
    }

    [Theory]
    [InlineData(Wire.Chat, "openai", """{"model":"m/one","n":5,MAXmessages":[{"role":"user","content":"hi"}]}""", "\"max_tokens\":100,\"")]
    [InlineData(Wire.Gemini, "gemini", """{"contents":[{"parts":[{"text":"hi"}]}],"generationConfig":{MAXcandidateCount":5}}""", "\"maxOutputTokens\":100,\"")]
    public async Task F23_SeveralAnswersAtOnce_AreHeldFor(Wire client, string kind, string body, string limit)
    {
        await using var gateway = await BudgetedGateway.StartAsync(kind);
        await gateway.SetBudgetAsync("user:admin", "0.499");
        Task<ClientAnswer> Ask(string max) => gateway.PostAsync(client, new ClientRequest(Wires.PathOf(client, "m/one"), body.Replace("MAX", max, StringComparison.Ordinal)));
        var refused = await Ask(limit);
        Assert.Equal(402, refused.Status);
        Assert.Contains("can only afford 99.", refused.Error(client).Message, StringComparison.Ordinal);
        Assert.Empty(gateway.A.Record.Requests);
        await Ask("\"");
        Assert.Contains("99", Encoding.UTF8.GetString(Assert.Single(gateway.A.Record.Requests).Body!), StringComparison.Ordinal);
    }

    [Fact]
    public async Task WithMoneyForAll_NothingIsChanged()
    {
        await using var gateway = await BudgetedGateway.StartAsync();
        await gateway.SetBudgetAsync("user:admin", "1000");
        var answer = await gateway.PostAsync(Wire.Chat, BudgetedGateway.Ask(Wire.Chat, limit: null));
        Assert.Equal((200, null), (answer.Status, answer.Header("x-sluice-degraded")));
        Assert.Null(JsonNode.Parse(Assert.Single(gateway.A.Record.Requests).Body)!["max_tokens"]);
    }
}
