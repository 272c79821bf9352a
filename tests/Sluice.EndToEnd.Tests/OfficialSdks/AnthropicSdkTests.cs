using System.Text;
using System.Text.Json;
using Anthropic;
using Anthropic.Exceptions;
using Anthropic.Models.Messages;
using Xunit;

namespace Sluice.EndToEnd.Tests.OfficialSdks;

/// <summary>Anthropic's own .NET client against a real Sluice, each call as its documentation has it.</summary>
public sealed class AnthropicSdkTests(SimulatorGateway gateway) : IClassFixture<SimulatorGateway>
{
    private static readonly Tool ReadTool = new()
    {
        Name = "Read",
        Description = "Reads a file.",
        InputSchema = new InputSchema
        {
            Properties = new Dictionary<string, JsonElement>(StringComparer.Ordinal) { ["file_path"] = JsonSerializer.SerializeToElement(new { type = "string" }) },
            Required = ["file_path"],
        },
    };

    [Fact]
    public async Task Anthropic_PlainCall_AnswersWithUsage()
    {
        var message = await Client(gateway.Url, gateway.Key).Messages.Create(Ask(SimulatedModels.Echo, "Say hello."));

        Assert.Contains("hello", TextOf(message.Content), StringComparison.OrdinalIgnoreCase);
        Assert.Equal("end_turn", message.StopReason?.Raw());
        Assert.True(message.Usage.InputTokens > 0);
        Assert.True(message.Usage.OutputTokens > 0);
    }

    [Fact]
    public async Task Anthropic_Stream_StartsEndsAndCarriesTheText()
    {
        var text = new StringBuilder();
        var (started, stopped) = (0, 0);
        await foreach (var part in Client(gateway.Url, gateway.Key).Messages.CreateStreaming(Ask(SimulatedModels.Echo, "Say hello.")))
        {
            if (part.TryPickStart(out _))
            {
                started++;
            }
            else if (part.TryPickContentBlockDelta(out var delta) && delta.Delta.TryPickText(out var piece))
            {
                text.Append(piece.Text);
            }
            else if (part.TryPickStop(out _))
            {
                stopped++;
            }
        }

        Assert.Equal((1, 1), (started, stopped));
        Assert.Contains("hello", text.ToString(), StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task Anthropic_ToolLoop_CallsTheToolAndThenAnswers()
    {
        var client = Client(gateway.Url, gateway.Key);
        var question = new UserMessageParam("Read notes.txt and tell me the marker.");
        var ask = Ask(SimulatedModels.Tools, "") with { Messages = [question], Tools = [ReadTool] };

        var first = await client.Messages.Create(ask);
        Assert.Equal("tool_use", first.StopReason?.Raw());
        var call = Assert.Single(first.Content, block => block.TryPickToolUse(out _));
        Assert.True(call.TryPickToolUse(out var use));
        Assert.Equal("Read", use!.Name);

        var second = await client.Messages.Create(ask with
        {
            Messages =
            [
                question,
                new AssistantMessageParam(new List<ContentBlockParam> { new ToolUseBlockParam { ID = use.ID, Name = use.Name, Input = use.Input } }),
                new UserMessageParam(new List<ContentBlockParam> { new ToolResultBlockParam(use.ID) { Content = "The marker is HERON-4711." } }),
            ],
        });
        Assert.Equal("end_turn", second.StopReason?.Raw());
        Assert.Contains("HERON-4711", TextOf(second.Content), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Anthropic_UnknownKey_Gets401InItsOwnShape()
    {
        var client = Client(gateway.Url, "sk-not-a-key-of-this-gateway-000000");

        var refused = await Assert.ThrowsAsync<AnthropicUnauthorizedException>(() => client.Messages.Create(Ask(SimulatedModels.Echo, "Say hello.")));

        Assert.Equal("authentication_error", refused.Type?.Raw());
    }

    // No retries: a test must see the gateway's first answer.
    private static AnthropicClient Client(Uri baseUrl, string key) =>
        new() { BaseUrl = baseUrl.ToString(), ApiKey = key, MaxRetries = 0, Timeout = TimeSpan.FromSeconds(30) };

    private static MessageCreateParams Ask(string model, string prompt) =>
        new() { Model = model, MaxTokens = 256, Messages = [new UserMessageParam(prompt)] };

    private static string TextOf(IEnumerable<ContentBlock> content) =>
        string.Concat(content.Select(block => block.TryPickText(out var text) ? text.Text : ""));
}
