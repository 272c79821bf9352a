using System.Text;
using Sluice.Protocols.Conversation;
using Sluice.Protocols.Errors;
using Sluice.Protocols.Formats;
using Sluice.Protocols.Native;
using Sluice.Protocols.OpenAIChat;
using Sluice.Protocols.Sse;
using Sluice.Protocols.Tests.Sse;
using Xunit;

namespace Sluice.Protocols.Tests.Native;

/// <summary>The relays with the formats' own readers of usage and errors.</summary>
public sealed class MeteredUsageTests
{
    private static (TokenUsage Usage, UpstreamError? Error) Run(WireProtocol protocol, string stream)
    {
        var relay = NativeRelays.CreateStream(protocol, NativeStreamOptions.For(protocol, ChatDialect.Generic));
        var output = new StreamSegments();
        UpstreamError? error = null;
        Feeding.Run(Encoding.UTF8.GetBytes(stream), [], (in SseFrame frame) => error ??= relay.Advance(frame, output));
        return (relay.Usage, error);
    }

    [Fact]
    public void Anthropic_FinalUsage_ReplacesTheFirstWhereItSpeaks()
    {
        var (usage, error) = Run(
            WireProtocol.AnthropicMessages,
            "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"id\":\"m\",\"usage\":{\"input_tokens\":7,\"cache_read_input_tokens\":100,\"cache_creation_input_tokens\":20,\"output_tokens\":1}}}\n\n"
            + "event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"},\"usage\":{\"output_tokens\":42}}\n\n");
        Assert.Null(error);
        Assert.Equal((7, 100, 20, 42), (usage.Input, usage.CacheRead, usage.CacheWrite5m, usage.Output));
    }

    [Fact]
    public void Chat_UsageChunk_IsMadeDisjoint()
    {
        var (usage, error) = Run(
            WireProtocol.OpenAIChat,
            "data: {\"id\":\"c\",\"choices\":[],\"usage\":{\"prompt_tokens\":120,\"completion_tokens\":30,\"total_tokens\":150,\"prompt_tokens_details\":{\"cached_tokens\":100}}}\n\n");
        Assert.Null(error);
        Assert.Equal((20, 100, 30), (usage.Input, usage.CacheRead, usage.Output));
    }

    [Fact]
    public void F13_Overload_InsideTheStream_IsClassified()
    {
        var (_, error) = Run(WireProtocol.AnthropicMessages, "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"Overloaded\"}}\n\n");
        Assert.Equal(ErrorKind.Overloaded, error?.Kind);
        Assert.Equal("Overloaded", error?.Message);
    }
}
