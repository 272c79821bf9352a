using System.Text;
using Sluice.Protocols.Native;
using Xunit;

namespace Sluice.Protocols.Tests.Native;

public sealed class NewestUserTextTests
{
    [Fact]
    public void Read_ManyTurnsInARow_AllOfThem()
    {
        var body = System.Text.Encoding.UTF8.GetBytes("""{"model":"m","messages":[{"role":"user","content":"secret"}""" + string.Concat(Enumerable.Repeat(""",{"role":"user","content":"harmless"}""", 20)) + "]}");

        Assert.EndsWith("harmless\nsecret\n", NewestUserText.Read(EnvelopeScanner.Scan(WireProtocol.OpenAIChat, body).Envelope!, body), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(WireProtocol.OpenAIChat, """{"model":"m","messages":[{"role":"system","content":"S"},{"role":"user","content":"old"},{"role":"assistant","content":"A"},{"role":"user","content":"new"}]}""", "new\n")]
    [InlineData(WireProtocol.OpenAIChat, """{"model":"m","messages":[{"role":"user","content":"old"},{"role":"assistant","content":"A"},{"role":"user","content":"one"},{"role":"user","content":[{"type":"text","text":"t\u0077o\n\u00e4"}]}]}""", "two\nä\none\n")]
    [InlineData(WireProtocol.OpenAIChat, """{"model":"m","messages":[{"role":"user","content":"asked"},{"role":"assistant","tool_calls":[]},{"role":"tool","content":"result"}]}""", "asked\n")]
    [InlineData(WireProtocol.AnthropicMessages, """{"model":"m","system":"S","messages":[{"role":"user","content":[{"type":"tool_result","tool_use_id":"t","content":"result"},{"type":"text","text":"<system-reminder>note</system-reminder>"},{"type":"text","text":"new"}]}]}""", "<system-reminder>note</system-reminder>\nnew\n")]
    [InlineData(WireProtocol.OpenAIResponses, """{"model":"m","instructions":"S","input":"new"}""", "new\n")]
    [InlineData(WireProtocol.OpenAIResponses, """{"model":"m","input":[{"type":"message","role":"user","content":[{"type":"input_text","text":"new"}]},{"type":"function_call_output","call_id":"c","output":"result"}]}""", "new\n")]
    [InlineData(WireProtocol.Gemini, """{"contents":[{"role":"user","parts":[{"text":"old"}]},{"role":"model","parts":[{"text":"A"}]},{"parts":[{"text":"new"}]}]}""", "new\n")]
    [InlineData(WireProtocol.OpenAICompletions, """{"model":"m","prompt":["one","two"],"user":"u"}""", "one\ntwo\n")]
    public void Text_IsTheUsersSinceTheModelSpoke_AsItIsWritten(WireProtocol protocol, string body, string text)
    {
        var bytes = Encoding.UTF8.GetBytes(body);
        Assert.Equal(text, NewestUserText.Read(EnvelopeScanner.Scan(protocol, bytes).Envelope!, bytes));
    }

    [Fact]
    public void LongText_IsItsBeginningAndItsEnd()
    {
        var body = Encoding.UTF8.GetBytes($$"""{"model":"m","messages":[{"role":"user","content":"first{{new string('x', 300_000)}}last"}]}""");
        var text = NewestUserText.Read(EnvelopeScanner.Scan(WireProtocol.OpenAIChat, body).Envelope!, body);
        Assert.Equal(NewestUserText.Most + 1, text.Length);
        Assert.StartsWith("first", text, StringComparison.Ordinal);
        Assert.EndsWith("last\n", text, StringComparison.Ordinal);
    }
}
