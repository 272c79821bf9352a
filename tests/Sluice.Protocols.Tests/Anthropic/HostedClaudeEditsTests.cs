using System.Buffers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Sluice.Protocols.Anthropic;
using Sluice.Protocols.Conversation;
using Sluice.Protocols.Degradations;
using Sluice.Protocols.Formats;
using Sluice.Protocols.Native;
using Sluice.Protocols.OpenAIChat;
using Sluice.Testing;
using Xunit;

namespace Sluice.Protocols.Tests.Anthropic;

public sealed class HostedClaudeEditsTests
{
    private const string Version = "\"anthropic_version\":\"bedrock-2023-05-31\"";

    public static TheoryData<string> Captures() => AnthropicRecordingTests.Captures();

    [Theory]
    [InlineData("""{"model":"a","max_tokens":1}""", """{V,"max_tokens":1}""")]
    [InlineData("""{"max_tokens":1,"model":"a"}""", """{V,"max_tokens":1}""")]
    [InlineData("""{"model":"a","stream":true,"max_tokens":1}""", """{V,"max_tokens":1}""")]
    [InlineData("""{"model":"a","max_tokens":1,"stream":true}""", """{V,"max_tokens":1}""")]
    [InlineData("""{"max_tokens":1,"model":"a","stream":false}""", """{V,"max_tokens":1}""")]
    [InlineData("""{ "model" : "a" , "x" : {"model":"keep", "stream":true} , "stream" : true }""", """{V, "x" : {"model":"keep", "stream":true}  }""")]
    [InlineData("""{"mod\u0065l":"a","s":"\u0062","n":1.0}""", """{V,"s":"\u0062","n":1.0}""")]
    [InlineData("""{"model":"a","stream":true}""", """{V}""")]
    [InlineData("""{"anthropic_version":"old","n":1}""", """{V,"n":1}""")]
    [InlineData("""{"n":1}""", """{V,"n":1}""")]
    [InlineData("""{}""", """{V}""")]
    [InlineData("\uFEFF{\"model\":\"a\",\"n\":1}", "\uFEFF{V,\"n\":1}")]
    public void Edit_ForBedrock_ChangesNothingElse(string body, string expected) =>
        Assert.Equal(expected.Replace("V", Version, StringComparison.Ordinal), Edit(body, ClaudeHost.BedrockInvoke));

    [Fact]
    public void Edit_ForVertex_HasItsVersion() =>
        Assert.Equal("""{"anthropic_version":"vertex-2023-10-16","n":1}""", Edit("""{"model":"a","n":1}""", ClaudeHost.Vertex));

    [Fact]
    public void F34_Betas_FromHeadersAndBody_AreAList_WithoutTheUnknown()
    {
        var log = new DegradationLog();
        var edited = Edit("""{"model":"a","anthropic_beta":["effort-2025-11-24","made-up-1"],"n":1}""", ClaudeHost.BedrockInvoke, log,
            "context-1m-2025-08-07, claude-code-20250219", "interleaved-thinking-2025-05-14,context-1m-2025-08-07", "advanced-tool-use-2025-11-20");
        Assert.Equal("{" + Version + ",\"anthropic_beta\":[\"context-1m-2025-08-07\",\"interleaved-thinking-2025-05-14\",\"tool-search-tool-2025-10-19\",\"effort-2025-11-24\"],\"n\":1}", edited);
        Assert.Equal(["anthropic-beta.claude-code-20250219", "anthropic-beta.made-up-1"], log.Entries.Select(e => e.Feature));
        Assert.All(log.Entries, e => Assert.Equal(DegradationOutcome.Dropped, e.Outcome));
    }

    [Theory]
    [InlineData(ClaudeHost.BedrockInvoke, "effort-2025-11-24", true)]
    [InlineData(ClaudeHost.Vertex, "effort-2025-11-24", false)]
    [InlineData(ClaudeHost.BedrockInvoke, "web-search-2025-03-05", false)]
    [InlineData(ClaudeHost.Vertex, "web-search-2025-03-05", true)]
    [InlineData(ClaudeHost.BedrockConverse, "context-management-2025-06-27", false)]
    public void F34_Beta_DependsOnTheHost(ClaudeHost host, string beta, bool accepted)
    {
        var log = new DegradationLog();
        Assert.Equal(accepted ? [beta] : [], ClaudeBetas.Accepted(host, [beta], log));
        Assert.Equal(accepted ? 0 : 1, log.Entries.Count);
    }

    [Fact]
    public void Edit_WithGatewayMembers_TakesThemTooOnce()
    {
        var body = """{"models":["x"],"model":"a","n":1,"provider":{},"stream":true}""";
        var bytes = Encoding.UTF8.GetBytes(body);
        var envelope = EnvelopeScanner.Scan(WireProtocol.AnthropicMessages, bytes).Envelope!;
        Assert.Equal(2, envelope.GatewayMembers.Count);
        Assert.Equal("{" + Version + ",\"n\":1}", Run(bytes, HostedClaudeEdits.For(bytes, ClaudeHost.BedrockInvoke, [], new DegradationLog(), envelope.GatewayMembers)));
    }

    [Theory]
    [InlineData("not json")]
    [InlineData("""{"model":"a",""")]
    [InlineData("[]")]
    [InlineData("")]
    public void Edit_OfABrokenBody_LeavesItToTheUpstream(string body) => Assert.Equal(body, Edit(body, ClaudeHost.BedrockInvoke));

    [Theory]
    [MemberData(nameof(Captures))]
    public void F18_ClientBody_OutsideTheEdits_KeepsEveryByte(string path)
    {
        if (!SharedData.Exists)
        {
            Assert.Skip(SharedData.MissingReason);
        }

        var body = AnthropicRecordingTests.CaptureBody(path)!;
        var edited = Edit(Encoding.UTF8.GetString(body), ClaudeHost.BedrockInvoke);
        using var before = JsonDocument.Parse(body);
        using var after = JsonDocument.Parse(edited);
        Assert.Equal(
            before.RootElement.EnumerateObject().Where(m => m.Name is not ("model" or "stream")).Select(m => (m.Name, m.Value.GetRawText())),
            after.RootElement.EnumerateObject().Where(m => m.Name is not "anthropic_version").Select(m => (m.Name, m.Value.GetRawText())));
        Assert.Equal("bedrock-2023-05-31", after.RootElement.GetProperty("anthropic_version").GetString());
    }

    [Fact]
    public void Edit_OfATranslatedBody_IsTheSame()
    {
        var request = new ConversationRequest
        {
            From = WireProtocol.OpenAIChat,
            Model = "m",
            Stream = true,
            MaxOutputTokens = 9,
            Messages = [new Message(Role.User, [new TextPart("hi")])],
        };
        var output = new ArrayBufferWriter<byte>();
        Assert.Null(AnthropicFormat.Instance.WriteRequest(request, new UpstreamTarget("claude-sonnet-4-5", ChatDialect.Generic, ModelTraits.Unknown), new DegradationLog(), output));
        var edited = JsonNode.Parse(Edit(Encoding.UTF8.GetString(output.WrittenSpan), ClaudeHost.Vertex))!.AsObject();
        Assert.Equal(["anthropic_version", "max_tokens", "messages"], edited.Select(m => m.Key));
    }

    private static string Edit(string body, ClaudeHost host, DegradationLog? log = null, params string[] betas)
    {
        var bytes = Encoding.UTF8.GetBytes(body);
        return Run(bytes, HostedClaudeEdits.For(bytes, host, betas, log ?? new DegradationLog()));
    }

    private static string Run(byte[] bytes, BodyEdits edits)
    {
        var output = new ArrayBufferWriter<byte>();
        edits.CopyTo(bytes, output);
        Assert.Equal(output.WrittenCount, edits.Length);
        return Encoding.UTF8.GetString(output.WrittenSpan);
    }
}
