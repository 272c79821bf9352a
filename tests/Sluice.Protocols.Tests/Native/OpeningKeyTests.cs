using System.Text;
using System.Text.Json;
using Sluice.Protocols.Native;
using Sluice.Testing;
using Xunit;

namespace Sluice.Protocols.Tests.Native;

public sealed class OpeningKeyTests
{
    private const string Chat = """{"model":"m","messages":[{"role":"system","content":"Be brief."},{"role":"user","content":"Hello."}]}""";

    [Theory]
    // A later turn, another model, tools that came and went.
    [InlineData("""{"model":"m","messages":[{"role":"system","content":"Be brief."},{"role":"user","content":"Hello."},{"role":"assistant","content":"Hi."},{"role":"user","content":"Go on."}]}""")]
    [InlineData("""{"model":"n","tools":[{"type":"function","function":{"name":"x"}}],"messages":[{"role":"system","content":"Be brief."},{"role":"user","content":"Hello."}]}""")]
    // A list of parts, with a cache mark, wherever the members stand.
    [InlineData("""{"model":"m","messages":[ { "content" : [{"cache_control" : {"type":"ephemeral","ttl":"1h"},"type":"text","text":"Be brief."}],"role":"system"},{"role":"user","content":[{"type":"text","text":"Hello."}]}]}""")]
    [InlineData("""{"model":"m","messages":[{"role":"system","content":"Be brief."},{"role":"user","id":"msg_1","content":[{"type":"text","text":"Hello.","cache_control":null}]}]}""")]
    public void Key_OfTheSameConversation_IsTheSame(string later) => Assert.Equal(Key(Chat), Key(later));

    [Theory]
    [InlineData("""{"model":"m","messages":[{"role":"system","content":"Be brief."},{"role":"user","content":"Hello!"}]}""")]
    [InlineData("""{"model":"m","messages":[{"role":"system","content":"Be brief!"},{"role":"user","content":"Hello."}]}""")]
    [InlineData("""{"model":"m","messages":[{"role":"system","content":"Be brief.Hello."}]}""")]
    [InlineData("""{"model":"m","messages":[{"role":"system","content":"Be brief.H"},{"role":"user","content":"ello."}]}""")]
    [InlineData("""{"model":"m","messages":[{"role":"user","content":"Be brief."},{"role":"user","content":"Hello."}]}""")]
    [InlineData("""{"model":"m","messages":[{"role":"system","content":"Be brief."},{"role":"developer","content":"Or else."},{"role":"user","content":"Hello."}]}""")]
    public void Key_OfAnotherConversation_IsAnother(string other) => Assert.NotEqual(Key(Chat), Key(other));

    [Theory]
    [InlineData(WireProtocol.AnthropicMessages, """{"model":"m","system":"Be brief.","messages":[{"role":"user","content":"Hello."}]}""", """{"system":[{"type":"text","text":"Be brief.","cache_control":{"type":"ephemeral"}}],"messages":[{"role":"user","content":[{"type":"text","text":"Hello."}]},{"role":"assistant","content":"Hi."}]}""")]
    [InlineData(WireProtocol.OpenAIResponses, """{"model":"m","instructions":"Be brief.","input":"Hello."}""", """{"model":"m","input":[{"type":"message","role":"user","content":[{"type":"input_text","text":"Hello."}]},{"type":"reasoning"}],"instructions":"Be brief."}""")]
    [InlineData(WireProtocol.Gemini, """{"systemInstruction":{"parts":[{"text":"Be brief."}]},"contents":{"role":"user","parts":[{"text":"Hello."}]}}""", """{"contents":[{"role":"user","parts":[{"text":"Hello."}]},{"role":"model","parts":[{"text":"Hi."}]}],"systemInstruction":{"role":"user","parts":[{"text":"Be brief."}]}}""")]
    public void Key_OfEachFormat_IsTheSameInALaterTurn(WireProtocol protocol, string first, string later)
    {
        Assert.Equal(Key(first, protocol), Key(later, protocol));
        Assert.Equal("Be brief.".Length + "Hello.".Length, Key(first, protocol)!.Value.Bytes);
        Assert.NotEqual(Key(first, protocol), Key(first.Replace("Hello", "Bye", StringComparison.Ordinal), protocol));
        Assert.NotEqual(Key(first, protocol), Key(first.Replace("brief", "long", StringComparison.Ordinal), protocol));
    }

    [Fact]
    public void Key_OfAText_IsTheSameInEveryProcess() => Assert.Equal(3440055252758008581UL, Key(Chat)!.Value.Hash);

    [Theory]
    [InlineData("""{"model":"m"}""")]
    [InlineData("""{"model":"m","messages":[]}""")]
    [InlineData("""{"model":"m","messages":["a","b"]}""")]
    public void Key_WithoutTurns_IsNone(string body) => Assert.Null(Key(body));

    [Fact]
    public void Key_OfManySystemTurns_LooksAtFour()
    {
        var turns = string.Concat(Enumerable.Range(0, 9).Select(i => $$"""{"role":"developer","content":"{{i}}"},"""));
        var key = Key($$"""{"model":"m","messages":[{{turns}}{"role":"user","content":"Hello."}]}""");

        Assert.Equal(4, key!.Value.Bytes);
    }

    [Fact]
    public void Key_OfAHugeOpening_IsBounded()
    {
        var body = $$"""{"model":"m","messages":[{"role":"user","content":"{{new string('x', 900_000)}}"}]}""";

        Assert.Equal(256 * 1024, Key(body)!.Value.Bytes);
    }

    [Theory]
    [InlineData("""{"model":"m","messages":[{"role":"user","content":"\\\"}]}"},{"role":"user"}]}""", 7)]
    [InlineData("""{"model":"m","messages":[{"role":"user","content":"\\"}]}""", 2)]
    [InlineData("""{"model":"m","messages":[{"role":"user","cache_control":{,"content":"x"}}]}""", 0)]
    [InlineData("""{"model":"m","messages":[{"cache_control":{"a}]}""", -1)]
    public void Key_OfOddBodies_NeverThrows(string body, int bytes)
    {
        var found = EnvelopeScanner.Scan(WireProtocol.OpenAIChat, Encoding.UTF8.GetBytes(body));
        if (found.Envelope is { } envelope)
        {
            Assert.Equal(bytes, OpeningKey.Of(Encoding.UTF8.GetBytes(body), envelope)?.Bytes ?? -1);
        }
        else
        {
            Assert.Equal(-1, bytes);
        }
    }

    [Theory]
    [InlineData("openclaw", "anthropic", WireProtocol.AnthropicMessages)]
    [InlineData("openclaw", "base", WireProtocol.OpenAIChat)]
    [InlineData("openclaw", "responses", WireProtocol.OpenAIResponses)]
    [InlineData("openclaw", "gemini", WireProtocol.Gemini)]
    [InlineData("gemini-cli", "model", WireProtocol.Gemini)]
    [InlineData("gemini-cli", "slash", WireProtocol.Gemini)]
    [InlineData("codex", "base", WireProtocol.OpenAIResponses)]
    [InlineData("codex", "known-exec", WireProtocol.OpenAIResponses)]
    [InlineData("claude-code", "base", WireProtocol.AnthropicMessages)]
    public void F20_CapturedTurnsOfOneConversation_HaveOneKey(string client, string run, WireProtocol protocol)
    {
        var captures = SharedData.Captures(client).Where(f => Path.GetFileName(f).StartsWith(run + ".", StringComparison.Ordinal)).ToList();
        if (captures.Count == 0)
        {
            Assert.Skip(SharedData.MissingReason);
        }

        var keys = new List<OpeningKey?>();
        foreach (var file in captures)
        {
            using var capture = JsonDocument.Parse(File.ReadAllBytes(file));
            if (capture.RootElement.TryGetProperty("bodyJson", out var body) || capture.RootElement.TryGetProperty("body", out body))
            {
                keys.Add(Key(body.ValueKind == JsonValueKind.String ? body.GetString()! : body.GetRawText(), protocol));
            }
        }

        Assert.True(keys.Count >= 2, $"{keys.Count} turns");
        Assert.NotNull(Assert.Single(keys.Distinct()));
    }

    private static OpeningKey? Key(string body, WireProtocol protocol = WireProtocol.OpenAIChat)
    {
        var bytes = Encoding.UTF8.GetBytes(body);
        var (envelope, error) = EnvelopeScanner.Scan(protocol, bytes);
        Assert.Null(error);
        return OpeningKey.Of(bytes, envelope!);
    }
}
