using System.ClientModel;
using System.ClientModel.Primitives;
using System.Text;
using OpenAI;
using OpenAI.Chat;
using Xunit;

namespace Sluice.EndToEnd.Tests.OfficialSdks;

/// <summary>OpenAI's own .NET client against a real Sluice, each call as its documentation has it.</summary>
public sealed class OpenAISdkTests(SimulatorGateway gateway) : IClassFixture<SimulatorGateway>
{
    private static readonly ChatTool ReadTool = ChatTool.CreateFunctionTool(
        "Read",
        "Reads a file.",
        BinaryData.FromString("""{"type":"object","properties":{"file_path":{"type":"string"}},"required":["file_path"]}"""));

    [Fact]
    public async Task OpenAI_PlainCall_AnswersWithUsage()
    {
        ChatCompletion answer = await Client(gateway.Url, gateway.Key).GetChatClient(SimulatedModels.Echo).CompleteChatAsync("Say hello.");

        Assert.Contains("hello", answer.Content[0].Text, StringComparison.OrdinalIgnoreCase);
        Assert.Equal(ChatFinishReason.Stop, answer.FinishReason);
        Assert.True(answer.Usage.InputTokenCount > 0);
        Assert.True(answer.Usage.OutputTokenCount > 0);
    }

    [Fact]
    public async Task OpenAI_Stream_EndsAndCarriesTheText()
    {
        var text = new StringBuilder();
        ChatFinishReason? finish = null;
        await foreach (var update in Client(gateway.Url, gateway.Key).GetChatClient(SimulatedModels.Echo).CompleteChatStreamingAsync("Say hello."))
        {
            foreach (var part in update.ContentUpdate)
            {
                text.Append(part.Text);
            }

            finish = update.FinishReason ?? finish;
        }

        Assert.Equal(ChatFinishReason.Stop, finish);
        Assert.Contains("hello", text.ToString(), StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task OpenAI_ToolLoop_CallsTheToolAndThenAnswers()
    {
        var chat = Client(gateway.Url, gateway.Key).GetChatClient(SimulatedModels.Tools);
        var options = new ChatCompletionOptions { Tools = { ReadTool } };
        var messages = new List<ChatMessage> { new UserChatMessage("Read notes.txt and tell me the marker.") };

        ChatCompletion first = await chat.CompleteChatAsync(messages, options);
        Assert.Equal(ChatFinishReason.ToolCalls, first.FinishReason);
        var call = Assert.Single(first.ToolCalls);
        Assert.Equal("Read", call.FunctionName);

        messages.Add(new AssistantChatMessage(first));
        messages.Add(new ToolChatMessage(call.Id, "The marker is HERON-4711."));
        ChatCompletion second = await chat.CompleteChatAsync(messages, options);
        Assert.Equal(ChatFinishReason.Stop, second.FinishReason);
        Assert.Contains("HERON-4711", second.Content[0].Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task OpenAI_Models_ListsTheEchoModelFirst()
    {
        var models = await Client(gateway.Url, gateway.Key).GetOpenAIModelClient().GetModelsAsync();

        Assert.Equal(SimulatedModels.Echo, models.Value[0].Id);
    }

    [Fact]
    public async Task OpenAI_UnknownKey_Gets401()
    {
        var chat = Client(gateway.Url, "sk-not-a-key-of-this-gateway-000000").GetChatClient(SimulatedModels.Echo);

        var refused = await Assert.ThrowsAsync<ClientResultException>(() => chat.CompleteChatAsync("Say hello."));

        Assert.Equal(401, refused.Status);
    }

    // No retries: a test must see the gateway's first answer.
    private static OpenAIClient Client(Uri baseUrl, string key) => new(
        new ApiKeyCredential(key),
        new OpenAIClientOptions
        {
            Endpoint = new Uri(baseUrl, "v1"),
            RetryPolicy = new ClientRetryPolicy(maxRetries: 0),
            NetworkTimeout = TimeSpan.FromSeconds(30),
        });
}
