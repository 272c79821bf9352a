using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Sluice.Protocols.Formats;
using Sluice.Protocols.Shortening;
using Sluice.Testing;
using Xunit;

namespace Sluice.Protocols.Tests.Shortening;

/// <summary>Every cut of every recorded conversation is one that its vendor would take: the vendors' rules are checked without any code of the product.</summary>
public sealed partial class MiddleOutRecordingTests
{
    [Theory]
    [InlineData(WireProtocol.AnthropicMessages, "anthropic-messages")]
    [InlineData(WireProtocol.OpenAIChat, "openai-chat")]
    [InlineData(WireProtocol.OpenAIResponses, "openai-responses")]
    [InlineData(WireProtocol.Gemini, "gemini")]
    public void RecordedConversations_EveryCut_BreaksNoRuleOfTheVendor(WireProtocol protocol, string api)
    {
        Assert.SkipUnless(SharedData.Exists, SharedData.MissingReason);
        var cuts = 0;
        foreach (var recording in SharedData.Recordings(api))
        {
            if (recording.Request() is not { } body || !IsJson(body))
            {
                continue;
            }

            // Some recorded requests break a rule already; a cut only moves it.
            var before = Violations(protocol, body);
            var turns = TurnList.Of(WireFormats.Client(protocol), body);
            foreach (var cut in MiddleOut.Cuts(turns, 1))
            {
                cuts++;
                byte[] shortened = [.. cut.Pieces(body).SelectMany(piece => piece.ToArray())];
                var added = Violations(protocol, shortened).Except(before, StringComparer.Ordinal);
                Assert.True(!added.Any(), $"{recording}, {cut.Dropped} of {turns.Count} turns: {string.Join("; ", added)}");

                var text = Encoding.UTF8.GetString(shortened);
                Assert.Contains(Text(body, turns[0]), text, StringComparison.Ordinal);
                Assert.Contains(Text(body, turns[^1]), text, StringComparison.Ordinal);
            }
        }

        Assert.True(cuts > 5, $"{cuts} cuts");
    }

    private static string Text(byte[] body, Turn turn) => Encoding.UTF8.GetString(body, turn.Span.Start, turn.Span.Length);

    private static List<string> Violations(WireProtocol protocol, byte[] body) =>
        [.. Broken(protocol, body).Select(rule => Place().Replace(rule, "[]"))];

    private static IReadOnlyList<string> Broken(WireProtocol protocol, byte[] body)
    {
        switch (protocol)
        {
            case WireProtocol.AnthropicMessages:
                return AnthropicRequestRules.Violations(body);
            case WireProtocol.OpenAIChat:
                return ChatRequestRules.Violations(body);
            case WireProtocol.OpenAIResponses:
                return ResponsesRequestRules.Violations(body);
            default:
                using (var document = JsonDocument.Parse(body))
                {
                    return GeminiRequestRules.Violations(document.RootElement, 2.5m);
                }
        }
    }

    private static bool IsJson(byte[] body)
    {
        try
        {
            using var document = JsonDocument.Parse(body);
            return document.RootElement.ValueKind == JsonValueKind.Object;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    [GeneratedRegex(@"\[\d+\]", RegexOptions.NonBacktracking)]
    private static partial Regex Place();
}
