using System.Text;
using System.Text.Json;
using Sluice.Protocols.Conversation;
using Sluice.Protocols.Native;
using Sluice.Testing;
using Xunit;

namespace Sluice.Protocols.Tests.Native;

public sealed class NativeResponsesTests
{
    private static NativeResponseFacts Inspect(WireProtocol protocol, byte[] body, List<string>? usages = null) =>
        NativeResponses.Inspect(protocol, body, (usage, _) =>
        {
            usages?.Add(Encoding.UTF8.GetString(usage));
            return new TokenUsage { Output = 1 };
        });

    private static NativeResponseFacts Anthropic(string body) => Inspect(WireProtocol.AnthropicMessages, Encoding.UTF8.GetBytes(body));

    private static NativeResponseFacts Chat(string body) => Inspect(WireProtocol.OpenAIChat, Encoding.UTF8.GetBytes(body));

    [Theory]
    [InlineData("""{"id":"msg_1","type":"message","content":[{"type":"text","text":"Hi"}],"stop_reason":"end_turn","usage":{}}""", true, StopReason.EndTurn)]
    [InlineData("""{"id":"msg_1","content":[{"type":"text","text":""}],"stop_reason":"end_turn"}""", false, StopReason.EndTurn)]
    [InlineData("""{"id":"msg_1","content":[],"stop_reason":"refusal"}""", false, StopReason.Refusal)]
    [InlineData("""{"id":"msg_1","content":[{"thinking":"","type":"thinking","signature":"x"}],"stop_reason":"max_tokens"}""", false, StopReason.MaxTokens)]
    [InlineData("""{"id":"msg_1","content":[{"input":{},"type":"tool_use"}],"stop_reason":"tool_use"}""", true, StopReason.ToolUse)]
    [InlineData("""{"id":"msg_1","content":[{"type":"web_search_tool_result","content":[]}],"stop_reason":"pause_turn"}""", true, StopReason.Pause)]
    public void Anthropic_Answer_IsUnderstood(string body, bool content, StopReason stop)
    {
        var facts = Anthropic(body);
        Assert.True(facts.IsJsonObject);
        Assert.False(facts.IsError);
        Assert.Equal(content, facts.HasContent);
        Assert.Equal(stop, facts.StopReason);
        Assert.Equal("msg_1", facts.Id);
    }

    [Theory]
    [InlineData("""{"id":"c","choices":[{"message":{"role":"assistant","content":"Hi"},"finish_reason":"stop"}]}""", true, StopReason.EndTurn)]
    [InlineData("""{"id":"c","choices":[{"message":{"content":null},"finish_reason":"length"}]}""", false, StopReason.MaxTokens)]
    [InlineData("""{"id":"c","choices":[{"message":{"content":"","tool_calls":[{"id":"t","function":{"name":"n","arguments":""}}]},"finish_reason":"stop"}]}""", true, StopReason.ToolUse)]
    [InlineData("""{"id":"c","choices":[{"message":{"content":null,"refusal":"no"},"finish_reason":"stop"}]}""", true, StopReason.EndTurn)]
    [InlineData("""{"id":"c","choices":[{"message":{"content":"","reasoning_content":"hm"},"finish_reason":"content_filter"}]}""", true, StopReason.Refusal)]
    public void Chat_Answer_IsUnderstood(string body, bool content, StopReason stop)
    {
        var facts = Chat(body);
        Assert.True(facts.IsJsonObject);
        Assert.False(facts.IsError);
        Assert.Equal(content, facts.HasContent);
        Assert.Equal(stop, facts.StopReason);
        Assert.Equal("c", facts.Id);
    }

    [Theory]
    [InlineData("""{"error":{"code":502,"message":"x"}}""")]
    [InlineData("""{"error":"x"}""")]
    [InlineData("""{"object":"error","message":"x"}""")]
    [InlineData("""{"choices":[{"error":{"code":1},"message":{"content":"partly"}}]}""")]
    public void F13_Chat_ErrorInsideASuccess_IsSeen(string body) => Assert.True(Chat(body).IsError);

    [Fact]
    public void F13_Anthropic_ErrorInsideASuccess_IsSeen() => Assert.True(Anthropic("""{"type":"error","error":{"type":"api_error"}}""").IsError);

    [Theory]
    [InlineData("")]
    [InlineData("<html></html>")]
    [InlineData("[{}]")]
    [InlineData("null")]
    [InlineData("""{"id":"x","choices":[""")]
    [InlineData("""{"id":"x"}{}""")]
    public void Body_NoJsonObject_IsSaidSo(string body)
    {
        Assert.False(Chat(body).IsJsonObject);
        Assert.False(Anthropic(body).IsJsonObject);
    }

    [Fact]
    public void RecordedAnswers_AgainstAnObjectTree_AreUnderstoodTheSame()
    {
        Assert.SkipUnless(SharedData.Exists, SharedData.MissingReason);
        var count = 0;
        foreach (var (protocol, api) in new[] { (WireProtocol.AnthropicMessages, "anthropic-messages"), (WireProtocol.OpenAIChat, "openai-chat") })
        {
            foreach (var recording in SharedData.Recordings(api))
            {
                if (recording.Response() is not { Length: > 0 } body || body[0] != (byte)'{')
                {
                    continue;
                }

                count++;
                var usages = new List<string>();
                var facts = Inspect(protocol, body, usages);
                using var document = JsonDocument.Parse(body);
                var root = document.RootElement;
                Assert.True(facts.IsJsonObject, recording.Folder);
                Assert.Equal((recording.Folder, root.TryGetProperty("error", out var error) && error.ValueKind is JsonValueKind.Object or JsonValueKind.String), (recording.Folder, facts.IsError && !IsChoiceError(root)));
                if (root.TryGetProperty("usage", out var usage) && usage.ValueKind == JsonValueKind.Object)
                {
                    Assert.Equal(usage.GetRawText(), Assert.Single(usages));
                }

                Assert.Equal(root.TryGetProperty("id", out var id) && id.GetString() is { Length: > 0 } text ? text : null, facts.Id);
            }
        }

        Assert.True(count > 100, $"Only {count} answers were found.");
    }

    private static bool IsChoiceError(JsonElement root) =>
        (root.TryGetProperty("object", out var kind) && kind.ValueKind == JsonValueKind.String && kind.GetString() == "error" && !root.TryGetProperty("error", out _))
        || (root.TryGetProperty("choices", out var choices) && choices.ValueKind == JsonValueKind.Array && choices.EnumerateArray().Any(c => c.TryGetProperty("error", out _) || (c.TryGetProperty("finish_reason", out var f) && f.ValueKind == JsonValueKind.String && f.GetString() == "error")));
}
