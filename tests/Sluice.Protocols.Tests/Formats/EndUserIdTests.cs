using System.Buffers;
using System.Text.Json;
using Sluice.Protocols.Conversation;
using Sluice.Protocols.Degradations;
using Sluice.Protocols.Formats;
using Sluice.Protocols.OpenAIChat;
using Xunit;

namespace Sluice.Protocols.Tests.Formats;

/// <summary>Every writer gives an end user's id a form that its vendor takes; the hashes were made by hand (SHA-256 of "end-user", a line feed and the person).</summary>
public sealed class EndUserIdTests
{
    private const string ClaudeCode = "{\"device_id\":\"a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1\",\"account_uuid\":\"\",\"session_id\":\"11111111-2222-3333-4444-555555555555\"}";
    private const string ClaudeCodeHash = "user_670497f66ae8b6a9c1618d6506ef2aaa";
    private const string OldClaudeCode = "user_b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2_account_x_session_11111111-2222-3333-4444-555555555555";
    private const string OldClaudeCodeHash = "user_e0fba872583cde6e462471dd26367469";
    private const string MailHash = "user_f90777ecd6ead6bb660643b8c2618d22";
    private const string PhoneHash = "user_0ed0986f87fe4c99a0558218fc56e033";

    [Theory]
    [InlineData(WireProtocol.OpenAIChat, "user", ClaudeCode, ClaudeCodeHash)]
    [InlineData(WireProtocol.OpenAIChat, "user", OldClaudeCode, OldClaudeCodeHash)]
    [InlineData(WireProtocol.OpenAIChat, "user", "ann@example.org", MailHash)]
    [InlineData(WireProtocol.OpenAIChat, "user", "user-77", "user-77")]
    [InlineData(WireProtocol.OpenAIResponses, "safety_identifier", ClaudeCode, ClaudeCodeHash)]
    [InlineData(WireProtocol.OpenAIResponses, "safety_identifier", OldClaudeCode, OldClaudeCodeHash)]
    [InlineData(WireProtocol.OpenAIResponses, "safety_identifier", "user-77", "user-77")]
    [InlineData(WireProtocol.BedrockConverse, "requestMetadata.user_id", ClaudeCode, ClaudeCodeHash)]
    [InlineData(WireProtocol.BedrockConverse, "requestMetadata.user_id", OldClaudeCode, OldClaudeCode)]
    [InlineData(WireProtocol.BedrockConverse, "requestMetadata.user_id", "ann@example.org", "ann@example.org")]
    public void AnthropicClientsId_AtAnotherVendor_IsTakenThere(WireProtocol upstream, string path, string id, string expected) =>
        Check(WireProtocol.AnthropicMessages, upstream, path, id, expected);

    [Theory]
    [InlineData("ann@example.org", MailHash)]
    [InlineData("+49 30 1234567", PhoneHash)]
    [InlineData("user-77", "user-77")]
    [InlineData("11111111-2222-3333-4444-55555555555a", "11111111-2222-3333-4444-55555555555a")]
    public void OtherClientsId_AtAnthropic_IsOpaque(string id, string expected) =>
        Check(WireProtocol.OpenAIChat, WireProtocol.AnthropicMessages, "metadata.user_id", id, expected);

    [Fact]
    public void SamePerson_InAnotherSession_IsTheSameHash()
    {
        Assert.Equal(ClaudeCodeHash, EndUserId.Hash(ClaudeCode.Replace("11111111", "99999999", StringComparison.Ordinal)));
        Assert.Equal(OldClaudeCodeHash, EndUserId.Hash(OldClaudeCode.Replace("11111111", "99999999", StringComparison.Ordinal)));
        Assert.NotEqual(ClaudeCodeHash, EndUserId.Hash(ClaudeCode.Replace("a1a1", "a2a2", StringComparison.Ordinal)));
    }

    private static void Check(WireProtocol client, WireProtocol upstream, string path, string id, string expected)
    {
        var request = new ConversationRequest { From = client, Model = "m", Messages = [new Message(Role.User, [new TextPart("a")])], EndUser = id };
        var log = new DegradationLog();
        var output = new ArrayBufferWriter<byte>();
        Assert.Null(WireFormats.Upstream(upstream).WriteRequest(request, new UpstreamTarget("m", ChatDialect.Generic, new ModelTraits()), log, output));

        var value = JsonDocument.Parse(output.WrittenMemory).RootElement;
        foreach (var name in path.Split('.'))
        {
            value = value.GetProperty(name);
        }

        Assert.Equal(expected, value.GetString());
        Assert.Equal(id != expected, log.Entries.Any(e => e is { Feature: "metadata.user_id", Outcome: DegradationOutcome.Weakened }));
    }
}
