using System.ClientModel;
using System.ClientModel.Primitives;
using System.Text;
using System.Text.Json;
using OpenAI;
using OpenAI.Chat;
using Sluice.Simulator;
using Xunit;

namespace Sluice.EndToEnd.Tests.OfficialSdks;

/// <summary>OpenAI's own .NET client on a provider that speaks Chat and on one that speaks Messages: it must not be able to tell which.</summary>
public sealed class BothWaysOpenAISdkTests(BothWays gateway) : IClassFixture<BothWays>
{
    private static readonly ChatTool ReadTool = ChatTool.CreateFunctionTool(
        "Read",
        "Reads a file.",
        BinaryData.FromString("""{"type":"object","properties":{"file_path":{"type":"string"}},"required":["file_path"]}"""));

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task OpenAI_Stream_CarriesTextStopAndUsage(bool upstreamIsChat)
    {
        var text = new StringBuilder();
        ChatFinishReason? finish = null;
        ChatTokenUsage? usage = null;
        await foreach (var update in Chat("echo", upstreamIsChat).CompleteChatStreamingAsync("seven brown foxes"))
        {
            text.Append(string.Concat(update.ContentUpdate.Select(p => p.Text)));
            finish = update.FinishReason ?? finish;
            usage = update.Usage ?? usage;
        }

        Assert.Equal("seven brown foxes", text.ToString());
        Assert.Equal(ChatFinishReason.Stop, finish);
        var told = gateway.Simulator.Record.Last.Usage!;
        Assert.Equal((told.Input, told.Output), (usage!.InputTokenCount, usage.OutputTokenCount));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task OpenAI_StreamedToolLoop_CallsTheToolAndThenAnswers(bool upstreamIsChat)
    {
        var chat = Chat("tools", upstreamIsChat);
        var options = new ChatCompletionOptions { Tools = { ReadTool } };
        var messages = new List<ChatMessage> { new UserChatMessage("Read notes.txt and tell me the marker.") };
        string? id = null, name = null;
        ChatFinishReason? finish = null;
        var arguments = new StringBuilder();
        await foreach (var update in chat.CompleteChatStreamingAsync(messages, options))
        {
            foreach (var call in update.ToolCallUpdates)
            {
                id ??= call.ToolCallId;
                name ??= call.FunctionName;
                arguments.Append(call.FunctionArgumentsUpdate);
            }

            finish = update.FinishReason ?? finish;
        }

        Assert.Equal((ChatFinishReason.ToolCalls, "Read"), (finish, name));
        using var input = JsonDocument.Parse(arguments.ToString());
        Assert.Equal("notes.txt", input.RootElement.GetProperty("file_path").GetString());

        messages.Add(new AssistantChatMessage([ChatToolCall.CreateFunctionToolCall(id, name, BinaryData.FromString(arguments.ToString()))]));
        messages.Add(new ToolChatMessage(id, "The marker is HERON-4711."));
        ChatCompletion second = await chat.CompleteChatAsync(messages, options);
        Assert.Equal(ChatFinishReason.Stop, second.FinishReason);
        Assert.Contains("HERON-4711", second.Content[0].Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task OpenAI_PlainCall_AnswersWithUsage(bool upstreamIsChat)
    {
        ChatCompletion answer = await Chat("echo", upstreamIsChat).CompleteChatAsync("seven brown foxes");

        Assert.Equal("seven brown foxes", answer.Content[0].Text);
        var told = gateway.Simulator.Record.Last.Usage!;
        Assert.Equal((told.Input, told.Output), (answer.Usage.InputTokenCount, answer.Usage.OutputTokenCount));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task OpenAI_ProviderRefuses_RaisesTheSdksOwnErrorWithTheProvidersWords(bool upstreamIsChat)
    {
        gateway.Simulator.Script.Enqueue(Fault.Of(400) with { Message = "the bespoke words of a provider" });
        var invalid = await Assert.ThrowsAsync<ClientResultException>(() => Chat("echo", upstreamIsChat).CompleteChatAsync("Say hello."));
        Assert.Equal(400, invalid.Status);
        Assert.Contains("the bespoke words of a provider", invalid.Message, StringComparison.Ordinal);

        gateway.Simulator.Script.Enqueue(Fault.Of(429, retryAfter: 7), model: "sim/limited");
        var limited = await Assert.ThrowsAsync<ClientResultException>(() => Chat("limited", upstreamIsChat).CompleteChatAsync("Say hello."));
        Assert.Equal(429, limited.Status);
        Assert.True(limited.GetRawResponse()!.Headers.TryGetValue("retry-after", out var wait));
        Assert.InRange(int.Parse(wait!, System.Globalization.CultureInfo.InvariantCulture), 1, 7);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task OpenAI_StreamBreaksAfterText_NeverLooksFinished(bool upstreamIsChat)
    {
        gateway.Simulator.Script.Enqueue(Fault.Of(FaultKind.Reset, FaultPlace.AfterText, after: 1));
        ChatFinishReason? finish = null;

        // The SDK stops quietly at an error chunk, or raises: what it must never see is a reason to believe in the answer.
        var raised = await Record.ExceptionAsync(async () =>
        {
            await foreach (var update in Chat("echo", upstreamIsChat).CompleteChatStreamingAsync("seven brown foxes"))
            {
                finish = update.FinishReason ?? finish;
            }
        });

        Assert.True(finish is null or not ChatFinishReason.Stop, $"{finish} {raised}");
    }

    [Fact]
    public async Task OpenAI_Models_ListsWhatIsServed()
    {
        var models = await Client().GetOpenAIModelClient().GetModelsAsync();

        Assert.Contains(models.Value, m => m.Id == BothWays.Model("echo", chat: true));
        Assert.Contains(models.Value, m => m.Id == BothWays.Model("echo", chat: false));
    }

    private ChatClient Chat(string model, bool upstreamIsChat) => Client().GetChatClient(BothWays.Model(model, upstreamIsChat));

    // No retries: a test must see the gateway's first answer.
    private OpenAIClient Client() => new(
        new ApiKeyCredential(gateway.Sluice.ClientKey),
        new OpenAIClientOptions { Endpoint = new Uri(gateway.Sluice.Url, "v1"), RetryPolicy = new ClientRetryPolicy(maxRetries: 0), NetworkTimeout = TimeSpan.FromSeconds(30) });
}
