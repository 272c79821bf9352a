using System.Text;
using System.Text.Json;
using Anthropic;
using Anthropic.Exceptions;
using Anthropic.Models.Messages;
using Sluice.Simulator;
using Xunit;

namespace Sluice.EndToEnd.Tests.OfficialSdks;

/// <summary>Anthropic's own .NET client on a provider that speaks Messages and on one that speaks Chat: it must not be able to tell which.</summary>
public sealed class BothWaysAnthropicSdkTests(BothWays gateway) : IClassFixture<BothWays>
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

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Anthropic_Stream_CarriesTextStopAndUsage(bool upstreamIsChat)
    {
        var answer = await CollectAsync(Client(), Ask(BothWays.Model("echo", upstreamIsChat), "seven brown foxes"));

        Assert.Equal("seven brown foxes", answer.Text);
        Assert.Equal("end_turn", answer.Stop);
        var usage = gateway.Simulator.Record.Last.Usage!;
        Assert.Equal((usage.Input, usage.Output), (answer.Input, answer.Output));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Anthropic_StreamedToolLoop_CallsTheToolAndThenAnswers(bool upstreamIsChat)
    {
        var client = Client();
        var question = new UserMessageParam("Read notes.txt and tell me the marker.");
        var ask = Ask(BothWays.Model("tools", upstreamIsChat), "") with { Messages = [question], Tools = [ReadTool] };

        var first = await CollectAsync(client, ask);
        Assert.Equal("tool_use", first.Stop);
        Assert.Equal("Read", first.Tool);
        using var input = JsonDocument.Parse(first.ToolInput);
        Assert.Equal("notes.txt", input.RootElement.GetProperty("file_path").GetString());

        var second = await CollectAsync(client, ask with
        {
            Messages =
            [
                question,
                new AssistantMessageParam(new List<ContentBlockParam>
                {
                    new ToolUseBlockParam { ID = first.ToolId, Name = first.Tool, Input = JsonSerializer.Deserialize<Dictionary<string, JsonElement>>(first.ToolInput)! },
                }),
                new UserMessageParam(new List<ContentBlockParam> { new ToolResultBlockParam(first.ToolId) { Content = "The marker is HERON-4711." } }),
            ],
        });
        Assert.Equal("end_turn", second.Stop);
        Assert.Contains("HERON-4711", second.Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Anthropic_PlainCall_AnswersWithUsage(bool upstreamIsChat)
    {
        var message = await Client().Messages.Create(Ask(BothWays.Model("echo", upstreamIsChat), "seven brown foxes"));

        Assert.Equal("seven brown foxes", string.Concat(message.Content.Select(b => b.TryPickText(out var text) ? text.Text : "")));
        var usage = gateway.Simulator.Record.Last.Usage!;
        Assert.Equal((usage.Input, usage.Output), (message.Usage.InputTokens, message.Usage.OutputTokens));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Anthropic_ProviderRefuses_RaisesTheSdksOwnErrorWithTheProvidersWords(bool upstreamIsChat)
    {
        var ask = Ask(BothWays.Model("echo", upstreamIsChat), "Say hello.");
        gateway.Simulator.Script.Enqueue(Fault.Of(400) with { Message = "the bespoke words of a provider" });
        var invalid = await Assert.ThrowsAsync<AnthropicBadRequestException>(() => Client().Messages.Create(ask));
        Assert.Contains("the bespoke words of a provider", invalid.Message, StringComparison.Ordinal);

        gateway.Simulator.Script.Enqueue(Fault.Of(429, retryAfter: 7), model: "sim/limited");
        var limited = await Assert.ThrowsAsync<AnthropicRateLimitException>(() => Client().Messages.Create(ask with { Model = BothWays.Model("limited", upstreamIsChat) }));
        Assert.Equal("rate_limit_error", limited.Type?.Raw());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Anthropic_StreamBreaksAfterText_RaisesInsteadOfEnding(bool upstreamIsChat)
    {
        gateway.Simulator.Script.Enqueue(Fault.Of(FaultKind.Reset, FaultPlace.AfterText, after: 1));

        await Assert.ThrowsAnyAsync<AnthropicException>(() => CollectAsync(Client(), Ask(BothWays.Model("echo", upstreamIsChat), "seven brown foxes")));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Anthropic_CountTokens_GivesANumber(bool upstreamIsChat)
    {
        var count = await Client().Messages.CountTokens(new MessageCountTokensParams { Model = BothWays.Model("echo", upstreamIsChat), Messages = [new UserMessageParam("Say hello.")] });

        Assert.InRange(count.InputTokens, 1, 100);
    }

    [Fact]
    public async Task Anthropic_Models_ListsWhatIsServed()
    {
        var page = await Client().Models.List();

        Assert.Contains(page.Items, m => m.ID == BothWays.Model("echo", chat: true));
        Assert.Contains(page.Items, m => m.ID == BothWays.Model("echo", chat: false));
    }

    private static async Task<(string Text, string? Stop, long Input, long Output, string Tool, string ToolId, string ToolInput)> CollectAsync(AnthropicClient client, MessageCreateParams ask)
    {
        var text = new StringBuilder();
        var json = new StringBuilder();
        string? stop = null;
        var (tool, id) = ("", "");
        long input = 0, output = 0;
        await foreach (var part in client.Messages.CreateStreaming(ask))
        {
            if (part.TryPickStart(out var start))
            {
                input = start.Message.Usage.InputTokens;
            }
            else if (part.TryPickContentBlockStart(out var block) && block.ContentBlock.TryPickToolUse(out var use))
            {
                (tool, id) = (use.Name, use.ID);
            }
            else if (part.TryPickContentBlockDelta(out var delta))
            {
                text.Append(delta.Delta.TryPickText(out var piece) ? piece.Text : "");
                json.Append(delta.Delta.TryPickInputJson(out var fragment) ? fragment.PartialJson : "");
            }
            else if (part.TryPickDelta(out var end))
            {
                stop = end.Delta.StopReason?.Raw();
                output = end.Usage.OutputTokens;

                // A Chat upstream tells its input last.
                input = end.Usage.InputTokens ?? input;
            }
        }

        return (text.ToString(), stop, input, output, tool, id, json.ToString());
    }

    // No retries: a test must see the gateway's first answer.
    private AnthropicClient Client() => new() { BaseUrl = gateway.Sluice.Url.ToString(), ApiKey = gateway.Sluice.ClientKey, MaxRetries = 0, Timeout = TimeSpan.FromSeconds(30) };

    private static MessageCreateParams Ask(string model, string prompt) => new() { Model = model, MaxTokens = 256, Messages = [new UserMessageParam(prompt)] };
}
