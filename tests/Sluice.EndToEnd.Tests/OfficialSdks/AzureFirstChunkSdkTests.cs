using System.ClientModel;
using System.Text;
using OpenAI;
using OpenAI.Chat;
using Xunit;

namespace Sluice.EndToEnd.Tests.OfficialSdks;

/// <summary>OpenAI's own .NET client takes Azure's Chat stream as it is, whose first chunk holds what the filter says of the prompt and no choices.</summary>
public sealed class AzureFirstChunkSdkTests(EveryKind gateway) : IClassFixture<EveryKind>
{
    [Fact]
    public async Task OpenAI_AzuresChatStream_IsTakenWithItsFirstChunk()
    {
        var client = new OpenAIClient(new ApiKeyCredential(gateway.Sluice.ClientKey), new OpenAIClientOptions { Endpoint = new Uri(gateway.Sluice.Url, "/v1") });
        var text = new StringBuilder();
        var updates = 0;
        ChatFinishReason? finish = null;
        await foreach (var update in client.GetChatClient("azure/echo").CompleteChatStreamingAsync("seven brown foxes"))
        {
            text.Append(string.Concat(update.ContentUpdate.Select(p => p.Text)));
            finish = update.FinishReason ?? finish;
            updates++;
        }

        Assert.Equal("seven brown foxes", text.ToString());
        Assert.Equal(ChatFinishReason.Stop, finish);
        Assert.True(updates > 2);
    }
}
