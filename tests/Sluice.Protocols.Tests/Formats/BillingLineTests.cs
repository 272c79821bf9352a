using System.Buffers;
using System.Text;
using Sluice.Protocols.Conversation;
using Sluice.Protocols.Degradations;
using Sluice.Protocols.Formats;
using Sluice.Protocols.OpenAIChat;
using Xunit;

namespace Sluice.Protocols.Tests.Formats;

public sealed class BillingLineTests
{
    public static TheoryData<WireProtocol> Upstreams => [WireProtocol.OpenAIChat, WireProtocol.OpenAIResponses, WireProtocol.Gemini, WireProtocol.BedrockConverse];

    // Every write of the same turn by another vendor must begin with the same bytes, whatever the line says this time.
    [Theory]
    [MemberData(nameof(Upstreams))]
    public void F19_BillingLine_ToAnotherVendor_IsLeftOutAndTold(WireProtocol upstream)
    {
        var log = new DegradationLog();

        var first = Write(upstream, "vendor/some-model", "cch=aaa", log);
        var second = Write(upstream, "vendor/some-model", "cch=bbb", new DegradationLog());

        Assert.DoesNotContain("billing", first, StringComparison.Ordinal);
        Assert.Contains("Be brief.", first, StringComparison.Ordinal);
        Assert.Equal(first, second);
        Assert.Contains(log.Entries, e => e.Feature == "billing_header");
    }

    [Theory]
    [MemberData(nameof(Upstreams))]
    public void F19_BillingLine_ToClaudeElsewhere_IsKept(WireProtocol upstream) =>
        Assert.Contains("cch=aaa", Write(upstream, "anthropic/claude-sonnet-4.6", "cch=aaa", new DegradationLog()), StringComparison.Ordinal);

    [Fact]
    public void F19_BillingLine_ToAnthropic_IsKept() =>
        Assert.Contains("cch=aaa", Write(WireProtocol.AnthropicMessages, "anthropic/claude-sonnet-4.6", "cch=aaa", new DegradationLog()), StringComparison.Ordinal);

    private static string Write(WireProtocol upstream, string model, string value, DegradationLog log)
    {
        var request = new ConversationRequest
        {
            From = WireProtocol.AnthropicMessages,
            Model = model,
            MaxOutputTokens = 100,
            System = [new TextPart("x-anthropic-billing-header: cc_version=1; " + value), new TextPart("Be brief.")],
            Messages = [new Message(Role.User, [new TextPart("hi")])],
        };
        var output = new ArrayBufferWriter<byte>();
        Assert.Null(WireFormats.Upstream(upstream).WriteRequest(request, new UpstreamTarget(model, ChatDialect.Generic, ModelTraits.Unknown), log, output));
        return Encoding.UTF8.GetString(output.WrittenSpan);
    }
}
