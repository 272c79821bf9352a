using System.Text;
using Sluice.Protocols.Anthropic;
using Sluice.Protocols.Native;
using Xunit;

namespace Sluice.Protocols.Tests.Anthropic;

public sealed class ThinkingCutsTests
{
    private const string Own = """{"type":"thinking","thinking":"t","signature":"c2ln"}""";
    private const string Unsigned = """{"type":"thinking","thinking":"t","signature":""}""";
    private const string Without = """{"thinking":"t","type":"thinking"}""";
    private const string Carried = """{"type":"thinking","thinking":"t","signature":"sluice1.gemini.YQ"}""";
    private const string Sealed = """{"type":"redacted_thinking","data":"sluice1.responses.YQ"}""";
    private const string Text = """{"type":"text","text":"x"}""";
    private const string Call = """{"type":"tool_use","id":"t1","name":"f","input":{"type":"thinking","signature":""}}""";

    // Every place of a run: alone in front, in the middle, at the end, several side by side.
    [Theory]
    [InlineData($"[{Unsigned},{Text}]", $"[{Text}]")]
    [InlineData($"[{Text}, {Carried}]", $"[{Text}]")]
    [InlineData($"[{Text}, {Without} , {Text}]", $"[{Text}, {Text}]")]
    [InlineData($"[ {Unsigned},{Sealed}, {Own},{Text}]", $"[ {Own},{Text}]")]
    [InlineData($"[{Own},{Text}]", $"[{Own},{Text}]")]
    [InlineData($"[{Text},{Call}]", $"[{Text},{Call}]")]
    public void Foreign_Blocks_AreCutAndNothingElse(string before, string after) => Assert.Equal(Body(after), Cut(Body(before), ThinkingCuts.Which.Foreign));

    [Fact]
    public void All_Blocks_AreCut() => Assert.Equal(Body($"[{Text}]"), Cut(Body($"[{Own},{Sealed},{Text}]"), ThinkingCuts.Which.All));

    // The API refuses a message without content.
    [Fact]
    public void Message_OfThinkingAlone_KeepsAWord() =>
        Assert.Equal(Body("""[{"type":"text","text":"(thinking left out)"}]"""), Cut(Body($"[{Unsigned},{Carried}]"), ThinkingCuts.Which.Foreign));

    // A user's words are never thinking, whatever their type says.
    [Fact]
    public void UserMessage_IsLeftAlone()
    {
        var body = $$"""{"messages":[{"role":"user","content":[{{Unsigned}}]}]}""";

        Assert.Equal(body, Cut(body, ThinkingCuts.Which.All));
    }

    // With a budget the API wants a waiting tool turn to begin with its thinking, which is gone; adaptive thinking does not care.
    [Theory]
    [InlineData("enabled", """{"type":"disabled"}""")]
    [InlineData("adaptive", """{"type":"adaptive","budget_tokens":2000}""")]
    public void ToolTurn_ThatLosesItsThinking_RestsTheBudget(string type, string expected)
    {
        var body = $$"""{"thinking":{"type":"{{type}}","budget_tokens":2000},"messages":[{"role":"assistant","content":[{{Unsigned}},{{Call}}]}]}""";

        Assert.Equal($$"""{"thinking":{{expected}},"messages":[{"role":"assistant","content":[{{Call}}]}]}""", Cut(body, ThinkingCuts.Which.Foreign));
    }

    [Theory]
    [InlineData(Unsigned, true)]
    [InlineData(Carried, true)]
    [InlineData(Sealed, true)]
    [InlineData(Own, false)]
    [InlineData(Text, false)]
    public void Scan_TellsWhetherThereIsForeignProof(string block, bool expected) =>
        Assert.Equal(expected, EnvelopeScanner.Scan(WireProtocol.AnthropicMessages, Encoding.UTF8.GetBytes(Body($"[{block}]"))).Envelope!.HasForeignProofs);

    private static string Body(string content) => $$"""{"model":"m", "messages":[ {"role":"user","content":"q"},{"content":{{content}} ,"role":"assistant"} ],"stream":true}""";

    private static string Cut(string body, ThinkingCuts.Which which)
    {
        var bytes = Encoding.UTF8.GetBytes(body);
        var envelope = EnvelopeScanner.Scan(WireProtocol.AnthropicMessages, bytes).Envelope!;
        var edits = BodyEdits.ForModel(envelope, bytes, envelope.Model ?? "m", new BodyEditOptions()).And(ThinkingCuts.Of(bytes, which));
        var pieces = edits.Pieces(bytes).SelectMany(p => p.ToArray()).ToArray();
        Assert.Equal(edits.Length, pieces.Length);
        var text = Encoding.UTF8.GetString(pieces);
        return envelope.Model is null ? text.Replace("\"model\":\"m\",", "", StringComparison.Ordinal) : text;
    }
}
