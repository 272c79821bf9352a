using System.Text;
using Sluice.Server.Tests.Kit;
using Sluice.Simulator;

namespace Sluice.Server.Tests.Faults;

/// <summary>Azure begins a Chat stream with what its filter says of the prompt: a chunk without choices. Its clients get it as it is, and it is no content.</summary>
public sealed class AzureFirstChunkTests
{
    private const string Filter = """
        data: {"choices":[],"created":0,"id":"","model":"","object":"","prompt_filter_results":[{"prompt_index":0,"content_filter_results":{"hate":{"filtered":false,"severity":"safe"}}}]}
        """;

    private static string Config => "routing: { retries: 0 }\nproviders:\n" + UpstreamKinds.Provider(Upstream.Azure, "A") + UpstreamKinds.Provider(Upstream.Chat, "B")
        + "models:\n" + UpstreamKinds.Model("m", "m", (Upstream.Azure, "a-azure"), (Upstream.Chat, "b-chat"));

    [Fact]
    public async Task Native_FirstChunk_PassesByteForByte()
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Config);
        const string Rest = "data: {\"id\":\"c1\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"gpt\",\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"Hi\"},\"finish_reason\":null}]}\n\n"
            + "data: {\"id\":\"c1\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"gpt\",\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n";
        gateway.A.Script.Replay(new ReplayAnswer { Body = Encoding.UTF8.GetBytes(Filter + "\n\n" + Rest) });
        var answer = await gateway.PostAsync(Wire.Chat, Wires.Ask(Wire.Chat, "m", "hello", stream: true));

        Assert.Equal(200, answer.Status);
        Assert.StartsWith(Filter + "\n\n", answer.Text, StringComparison.Ordinal);
        Assert.Equal("Hi", answer.AnswerText(Wire.Chat));
    }

    [Theory]
    [InlineData("")]
    [InlineData("data: {\"error\":{\"message\":\"The server had an error\",\"type\":\"server_error\",\"code\":null}}\n\n")]
    public async Task Native_FailureBehindTheFirstChunk_MovesOn_AndTheClientSeesNothingOfIt(string failure)
    {
        await using var gateway = await GatewayUnderTest.StartAsync(Config);
        gateway.A.Script.Replay(new ReplayAnswer { Body = Encoding.UTF8.GetBytes(Filter + "\n\n" + failure) });
        var answer = await gateway.PostAsync(Wire.Chat, Wires.Ask(Wire.Chat, "m", "hello", stream: true));

        Assert.Equal(200, answer.Status);
        Assert.Equal("2", answer.Header("x-sluice-attempts"));
        Assert.DoesNotContain("prompt_filter_results", answer.Text, StringComparison.Ordinal);
        Assert.Equal("Simulated answer to: hello", answer.AnswerText(Wire.Chat));
    }
}
