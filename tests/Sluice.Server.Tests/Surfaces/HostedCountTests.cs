using System.Text;
using System.Text.Json;
using Sluice.Server.Tests.Kit;
using Sluice.Simulator;

namespace Sluice.Server.Tests.Surfaces;

/// <summary>F21: Claude is counted where it is hosted, whatever the client speaks.</summary>
public sealed class HostedCountTests
{
    private const string Question = "How many tokens am I, after all?";

    private static readonly string Config = "routing: { retries: 0 }\nproviders:\n"
        + UpstreamKinds.Provider(Upstream.BedrockClaude, "A") + UpstreamKinds.Provider(Upstream.VertexClaude, "A") + UpstreamKinds.Provider(Upstream.AzureClaude, "A")
        + """
        models:
          - { id: "m/bedrock", endpoints: [{ provider: a-bedrock-claude, model: us.anthropic.claude-m-v1:0, price: { input: 3, output: 15 } }] }
          - { id: "m/nova", endpoints: [{ provider: a-bedrock-claude, model: amazon.nova-pro-v1:0, price: { input: 3, output: 15 } }] }
          - { id: "m/vertex", endpoints: [{ provider: a-vertex-claude, model: "publishers/anthropic/models/claude-m@20250929", price: { input: 3, output: 15 } }] }
          - { id: "m/azure", endpoints: [{ provider: a-azure-claude, model: claude-m, price: { input: 3, output: 15 } }] }
        """;

    public static TheoryData<Wire, string, string> Rows()
    {
        var rows = new TheoryData<Wire, string, string>();
        foreach (var wire in new[] { Wire.Anthropic, Wire.Gemini, Wire.Responses })
        {
            rows.Add(wire, "m/bedrock", "/model/anthropic.claude-m-v1:0/count-tokens");
            rows.Add(wire, "m/vertex", "/v1/projects/p-1/locations/global/publishers/anthropic/models/count-tokens:rawPredict");
            rows.Add(wire, "m/azure", "/anthropic/v1/messages/count_tokens");
        }

        return rows;
    }

    [Theory]
    [MemberData(nameof(Rows))]
    public async Task F21_HostedClaude_CountsWhatItWouldCharge(Wire wire, string model, string path)
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Config);
        var counted = await CountAsync(gateway, wire, model);

        Assert.True(counted.Status == 200, counted.Text);
        Assert.Null(counted.Header("x-sluice-degraded"));
        Assert.Equal(path, gateway.A.Record.Last.Path);
        Assert.Equal(200, gateway.A.Record.Last.Status);

        var answered = await gateway.PostAsync(wire, Wires.Ask(wire, model, Question, stream: false));
        Assert.True(answered.Status == 200, answered.Text);
        Assert.Equal(gateway.A.Record.Last.Usage!.Input, Tokens(wire, counted));
    }

    [Fact]
    public async Task F21_Bedrock_IsAskedWithAWholeInvokeBody()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Config);
        using var request = gateway.Request(
            Wire.Anthropic, """{"model":"m/bedrock", "thinking": {"type":"enabled","budget_tokens":2048},"messages":[{"role":"user","content":"\u00e9 x"}]}""", "/v1/messages/count_tokens");
        request.Headers.Add("anthropic-beta", "interleaved-thinking-2025-05-14");
        var answer = await gateway.SendAsync(request);

        Assert.True(answer.Status == 200, answer.Text);
        var sent = JsonDocument.Parse(gateway.A.Record.Last.Body).RootElement;
        Assert.Equal(
            """{"anthropic_version":"bedrock-2023-05-31","anthropic_beta":["interleaved-thinking-2025-05-14"],"max_tokens":2049,"thinking": {"type":"enabled","budget_tokens":2048},"messages":[{"role":"user","content":"\u00e9 x"}]}""",
            Encoding.UTF8.GetString(sent.GetProperty("input").GetProperty("invokeModel").GetProperty("body").GetBytesFromBase64()));
    }

    [Fact]
    public async Task F21_Vertex_IsToldTheModelInTheBody_AndNoBeta()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Config);
        using var request = gateway.Request(Wire.Anthropic, """{"model":"m/vertex","messages":[{"role":"user","content":"x"}]}""", "/v1/messages/count_tokens");
        request.Headers.Add("anthropic-beta", "web-search-2025-03-05");
        var answer = await gateway.SendAsync(request);

        Assert.True(answer.Status == 200, answer.Text);
        Assert.Equal(
            """{"anthropic_version":"vertex-2023-10-16","model":"claude-m@20250929","messages":[{"role":"user","content":"x"}]}""",
            Encoding.UTF8.GetString(gateway.A.Record.Last.Body!));
        Assert.Null(gateway.A.Record.Last.Header("anthropic-beta"));
    }

    [Theory]
    [InlineData(Wire.Anthropic, "m/bedrock", 400)]
    [InlineData(Wire.Anthropic, "m/bedrock", 403)]
    [InlineData(Wire.Gemini, "m/bedrock", 400)]
    [InlineData(Wire.Anthropic, "m/vertex", 400)]
    [InlineData(Wire.Responses, "m/vertex", 404)]
    [InlineData(Wire.Anthropic, "m/azure", 404)]
    public async Task F21_HostThatCannotCountAfterAll_IsEstimatedAndFlagged(Wire wire, string model, int status)
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Config);
        gateway.A.Script.Always(Fault.Of(status));
        var answer = await CountAsync(gateway, wire, model);

        Assert.True(answer.Status == 200, answer.Text);
        Assert.Equal(1, gateway.A.Record.Count);
        Assert.Contains("count_tokens=emulated", answer.Header("x-sluice-degraded"), StringComparison.Ordinal);
        Assert.InRange(Tokens(wire, answer), 8, 40);
    }

    [Fact]
    public async Task F21_BedrocksOtherModels_AreEstimatedWithoutACall()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Config);
        var answer = await CountAsync(gateway, Wire.Anthropic, "m/nova");

        Assert.True(answer.Status == 200, answer.Text);
        Assert.Equal(0, gateway.A.Record.Count);
        Assert.Contains("count_tokens=emulated", answer.Header("x-sluice-degraded"), StringComparison.Ordinal);
    }

    private static async Task<ClientAnswer> CountAsync(GatewayUnderTest gateway, Wire wire, string model)
    {
        var (path, body) = wire switch
        {
            Wire.Anthropic => ("/v1/messages/count_tokens", $$"""{"model":"{{model}}","messages":[{"role":"user","content":"{{Question}}"}]}"""),
            Wire.Gemini => ($"/v1beta/models/{model}:countTokens", $$"""{"contents":[{"role":"user","parts":[{"text":"{{Question}}"}]}]}"""),
            _ => ("/v1/responses/input_tokens", $$"""{"model":"{{model}}","input":"{{Question}}"}"""),
        };
        using var request = gateway.Request(wire, body, path);
        return await gateway.SendAsync(request);
    }

    private static long Tokens(Wire wire, ClientAnswer answer) => answer.Json.GetProperty(wire == Wire.Gemini ? "totalTokens" : "input_tokens").GetInt64();
}
