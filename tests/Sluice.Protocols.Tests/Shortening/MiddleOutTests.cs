using System.Text;
using Sluice.Protocols.Formats;
using Sluice.Protocols.Shortening;
using Xunit;

namespace Sluice.Protocols.Tests.Shortening;

/// <summary>The middle of a conversation goes, its ends stay byte for byte, and no call is parted from its result.</summary>
public sealed class MiddleOutTests
{
    [Theory]
    [InlineData(WireProtocol.AnthropicMessages,
        """{"model":"m","system":"s","messages":[{"role":"user","content":"first"}, {"role":"assistant","content":[{"type":"thinking","thinking":"t","signature":"c2ln"},{"type":"tool_use","id":"a","name":"f","input":{}}]}, {"role":"user","content":[{"type":"tool_result","tool_use_id":"a","content":"x"}]}, {"role":"assistant","content":[{"type":"thinking","thinking":"u","signature":"c2lo"},{"type":"tool_use","id":"b","name":"f","input":{}}]}, {"role":"user","content":[{"type":"tool_result","tool_use_id":"b","content":"y"}]}],"max_tokens":5}""",
        """{"model":"m","system":"s","messages":[{"role":"user","content":"first"}, {"role":"assistant","content":[{"type":"thinking","thinking":"u","signature":"c2lo"},{"type":"tool_use","id":"b","name":"f","input":{}}]}, {"role":"user","content":[{"type":"tool_result","tool_use_id":"b","content":"y"}]}],"max_tokens":5}""")]
    [InlineData(WireProtocol.OpenAIChat,
        """{"messages":[{"role":"system","content":"s"},{"role":"user","content":"first"},{"role":"assistant","tool_calls":[{"id":"a"},{"id":"b"}]},{"role":"tool","tool_call_id":"a"},{"role":"tool","tool_call_id":"b"},{"role":"developer","content":"kept"},{"role":"assistant","content":"x"},{"role":"user","content":"next"},{"role":"assistant","content":"z"},{"role":"user","content":"last"}]}""",
        """{"messages":[{"role":"system","content":"s"},{"role":"user","content":"first"},{"role":"developer","content":"kept"},{"role":"assistant","content":"z"},{"role":"user","content":"last"}]}""")]
    [InlineData(WireProtocol.OpenAIResponses,
        """{"instructions":"s","input":[{"role":"user","content":"first"},{"type":"reasoning","id":"r1"},{"type":"function_call","call_id":"a"},{"type":"custom_tool_call","call_id":"b"},{"type":"custom_tool_call_output","call_id":"b"},{"type":"function_call_output","call_id":"a"},{"type":"web_search_call","id":"w"},{"type":"message","role":"assistant"},{"role":"user","content":"last"}]}""",
        """{"instructions":"s","input":[{"role":"user","content":"first"},{"type":"web_search_call","id":"w"},{"type":"message","role":"assistant"},{"role":"user","content":"last"}]}""")]
    [InlineData(WireProtocol.Gemini,
        """{"contents":[{"role":"user","parts":[{"text":"first"}]},{"role":"model","parts":[{"functionCall":{"name":"f"},"thoughtSignature":"c2ln"}]},{"role":"user","parts":[{"functionResponse":{"name":"f"}}]},{"role":"model","parts":[{"functionCall":{"name":"f","id":"1"}}]},{"role":"function","parts":[{"functionResponse":{"name":"f"}}]}]}""",
        """{"contents":[{"role":"user","parts":[{"text":"first"}]},{"role":"model","parts":[{"functionCall":{"name":"f","id":"1"}}]},{"role":"function","parts":[{"functionResponse":{"name":"f"}}]}]}""")]
    public void LargestCut_KeepsInstructionsTheFirstQuestionAndTheNewestTurns(WireProtocol client, string body, string expected)
    {
        var cut = Cuts(client, body, 1_000_000)[^1];

        Assert.Equal(expected, Apply(cut, body));
    }

    [Theory]
    [InlineData("""{"messages":[{"role":"user","content":"alone"}]}""")]
    [InlineData("""{"messages":[{"role":"user","content":"first"},{"role":"assistant","content":"x"},{"role":"user","content":"last"}]}""")]
    [InlineData("""{"messages":[{"role":"user","content":"first"},{"role":"assistant","tool_calls":[{"id":"a"}]},{"role":"user","content":"no result"},{"role":"assistant","content":"x"},{"role":"user","content":"last"}]}""")]
    [InlineData("""{"messages":[{"role":"user","content":"first"},{"role":"assistant","content":"x"},{"role":"user","content":"last"},{"role":"assistant","content":"begun"}]}""")]
    [InlineData("""{"messages":[{"role":"assistant","content":"hello"},{"role":"user","content":"first"},{"role":"assistant","content":"x"},{"role":"user","content":"last"}]}""")]
    [InlineData("""{"messages":"none"}""")]
    public void NothingThatCouldGo_NoCut(string body) => Assert.Empty(Cuts(WireProtocol.OpenAIChat, body, 1));

    /// <summary>A loop of calls that grows: the shortened conversation of one turn begins with that of the turn before until a further step is due.</summary>
    [Fact]
    public void GrowingConversation_IsCutAtTheSamePlaceUntilAFurtherStepIsDue()
    {
        const int Step = 2_000;
        const int Fits = 6_000;
        var random = new Random(7);
        var messages = new StringBuilder("""{"role":"user","content":"first"}""");
        var before = "";
        var moved = 0;
        for (var turn = 0; turn < 200; turn++)
        {
            messages.Append($$""",{"role":"assistant","tool_calls":[{"id":"call_{{turn}}"}]},{"role":"tool","tool_call_id":"call_{{turn}}","content":"{{new string('x', random.Next(20, 400))}}"}""");
            var body = $$"""{"messages":[{{messages}}]}""";
            var shortened = body.Length <= Fits ? body : Apply(Cuts(WireProtocol.OpenAIChat, body, Step).First(cut => body.Length - cut.Bytes <= Fits), body);

            Assert.True(shortened.Length <= Fits + 200, $"{shortened.Length}");
            Assert.EndsWith($"call_{turn}\",\"content\":\"{body[(body.LastIndexOf('"', body.Length - 5) + 1)..]}", shortened, StringComparison.Ordinal);
            foreach (var result in shortened.Split("tool_call_id\":\"").Skip(1))
            {
                Assert.Contains($"[{{\"id\":\"{result[..result.IndexOf('"', StringComparison.Ordinal)]}\"}}]", shortened, StringComparison.Ordinal);
            }

            moved += before.Length == 0 || shortened.StartsWith(before[..^2], StringComparison.Ordinal) ? 0 : 1;
            before = shortened;
        }

        // 200 turns of about 320 bytes are 64,000; 6,000 of them fit, and each step is 2,000: 29 moves, a few fewer where a turn overshoots its step.
        Assert.InRange(moved, 25, 30);
    }

    private static List<MiddleCut> Cuts(WireProtocol client, string body, int step) => [.. MiddleOut.Cuts(TurnList.Of(WireFormats.Client(client), Encoding.UTF8.GetBytes(body)), step)];

    private static string Apply(MiddleCut cut, string body) => string.Concat(cut.Pieces(Encoding.UTF8.GetBytes(body)).Select(piece => Encoding.UTF8.GetString(piece.Span)));
}
