using System.Text;
using Sluice.Protocols.Formats;
using Sluice.Protocols.Native;
using Xunit;

namespace Sluice.Protocols.Tests.Native;

/// <summary>A kept answer, sent again: the id, the time and the counts are new, every other byte is the old one.</summary>
public sealed class AnswerReplayTests
{
    [Theory]
    [InlineData(WireProtocol.AnthropicMessages,
        """{"id":"msg_01A", "type":"message","content":[{"type":"tool_use","id":"toolu_1","input":{"id":"msg_01A"}}],"usage":{"input_tokens":12,"cache_creation":{"ephemeral_5m_input_tokens":3},"service_tier":"standard"}}""",
        """{"id":"msg_NEW", "type":"message","content":[{"type":"tool_use","id":"toolu_1","input":{"id":"msg_01A"}}],"usage":{"input_tokens":0,"cache_creation":{"ephemeral_5m_input_tokens":0},"service_tier":"standard"}}""")]
    [InlineData(WireProtocol.OpenAIChat,
        """{"id":"chatcmpl-9","created":5,"choices":[{"index":0}],"usage":{"prompt_tokens":1,"cost":0.5,"is_byok":false,"cost_details":{"a":null}}}""",
        """{"id":"chatcmpl-NEW","created":77,"choices":[{"index":0}],"usage":{"prompt_tokens":0,"cost":0,"is_byok":false,"cost_details":{"a":null}}}""")]
    [InlineData(WireProtocol.OpenAIChat,
        """{"id":"gen-1","openrouter_metadata":{"attempt":2},"created":5}""",
        """{"id":"gen-NEW","created":77}""")]
    [InlineData(WireProtocol.OpenAIResponses,
        """{"id":"resp_1","created_at":5,"output":[{"id":"rs_1"}],"usage":{"output_tokens":7}}""",
        """{"id":"resp_NEW","created_at":77,"output":[{"id":"rs_1"}],"usage":{"output_tokens":0}}""")]
    [InlineData(WireProtocol.Gemini,
        """[{"responseId":"abc","usageMetadata":{"totalTokenCount":3}},{"responseId":"abc"}]""",
        """[{"responseId":"NEW","usageMetadata":{"totalTokenCount":0}},{"responseId":"NEW"}]""")]
    [InlineData(WireProtocol.OpenAIChat, """{"id":"x-1","usage":""", """{"id":"x-1","usage":""")]
    public void Whole_NewIdTimeAndCounts(WireProtocol client, string answer, string expected) => Assert.Equal(expected, Replay(client, answer));

    [Fact]
    public void Events_EachIsWrittenAnew()
    {
        const string Answer = """
            event: message_start
            data: {"type":"message_start","message":{"id":"msg_1","usage":{"input_tokens":5}}}

            : a comment {"id":"msg_1"}

            event: content_block_delta
            data: {"type":"content_block_delta","delta":{"text":"{\"id\":\"msg_1\"}"}}

            event: message_delta
            data: {"type":"message_delta","usage":{"output_tokens":9}}

            data: [DONE]


            """;
        var expected = Answer.Replace("{\"id\":\"msg_1\",\"usage\":{\"input_tokens\":5}}", "{\"id\":\"msg_NEW\",\"usage\":{\"input_tokens\":0}}", StringComparison.Ordinal)
            .Replace("\"output_tokens\":9", "\"output_tokens\":0", StringComparison.Ordinal);

        Assert.Equal(expected, Replay(WireProtocol.AnthropicMessages, Answer));
        Assert.Equal(expected.Replace("\n", "\r\n", StringComparison.Ordinal), Replay(WireProtocol.AnthropicMessages, Answer.Replace("\n", "\r\n", StringComparison.Ordinal)));
    }

    private static string Replay(WireProtocol client, string answer) =>
        Encoding.UTF8.GetString(AnswerReplay.Write(Encoding.UTF8.GetBytes(answer), WireFormats.Client(client).AnswerMembers, "NEW", 77).Span);
}
