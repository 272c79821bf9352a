using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Sluice.Protocols.Anthropic;
using Sluice.Protocols.Conversation;
using Sluice.Protocols.Degradations;
using Sluice.Protocols.Formats;
using Sluice.Protocols.Gemini;
using Sluice.Protocols.Native;
using Sluice.Protocols.OpenAIChat;
using Sluice.Protocols.Tests.OpenAIChat;
using Sluice.Testing;
using Xunit;

namespace Sluice.Protocols.Tests.Gemini;

/// <summary>Gemini refuses a second turn whose calls have lost their signatures: they must come back on the very part, through every client.</summary>
public sealed class GeminiSignatureTests
{
    // Thinks, says a word, calls two tools at once (one signature for both).
    private static readonly string[] Answer =
    [
        """{"candidates":[{"content":{"parts":[{"text":"I must look.","thought":true}],"role":"model"}}],"responseId":"r1"}""",
        """{"candidates":[{"content":{"parts":[{"text":"Looking."}],"role":"model"}}],"responseId":"r1"}""",
        """{"candidates":[{"content":{"parts":[{"functionCall":{"name":"read","args":{"path":"a"}},"thoughtSignature":"U0lHMQ=="},{"functionCall":{"name":"list","args":{}}}],"role":"model"},"finishReason":"STOP"}],"responseId":"r1"}""",
    ];

    [Fact]
    public void F06_SignedCall_ThroughAnAnthropicClient_ComesBackOnTheSamePart()
    {
        var stream = GeminiTestKit.WriteStream(AnthropicFormat.Instance, GeminiTestKit.ReadChunks(Answer));
        var history = AnthropicHistory(stream);
        var body = Request("messages", history,
            """{"role":"user","content":[{"type":"tool_result","tool_use_id":"ID1","content":"x"},{"type":"tool_result","tool_use_id":"ID0","content":"y"}]}""");
        var request = AnthropicFormat.Instance.ReadRequest(body).Value!;
        CheckSecondTurn(GeminiTestKit.WriteRequest(request, "gemini-3-pro-preview"));
    }

    [Fact]
    public void F06_SignedCall_ThroughAChatClient_ComesBackOnTheSamePart()
    {
        var message = new JsonObject { ["role"] = "assistant", ["content"] = "Looking." };
        var calls = new JsonArray();
        foreach (var (_, data, _) in SseSplitter.Split(GeminiTestKit.WriteStream(OpenAIChatFormat.Instance, GeminiTestKit.ReadChunks(Answer))))
        {
            var chunk = data[0] == (byte)'{' ? GeminiTestKit.Parse(data) : default;
            if (chunk.ValueKind != JsonValueKind.Object || !chunk.TryGetProperty("choices", out var choices) || choices.GetArrayLength() == 0 || !choices[0].GetProperty("delta").TryGetProperty("tool_calls", out var pieces))
            {
                continue;
            }

            foreach (var piece in pieces.EnumerateArray())
            {
                if (piece.TryGetProperty("id", out _))
                {
                    calls.Add(JsonNode.Parse(piece.GetRawText()));
                }
                else
                {
                    var function = calls[^1]!["function"]!;
                    function["arguments"] = function["arguments"]!.GetValue<string>() + piece.GetProperty("function").GetProperty("arguments").GetString();
                }
            }
        }

        message["tool_calls"] = calls;
        var body = $$"""{"model":"x","messages":[{"role":"user","content":"go"},{{message.ToJsonString()}},{"role":"tool","tool_call_id":"{{calls[0]!["id"]}}","content":"y"},{"role":"tool","tool_call_id":"{{calls[1]!["id"]}}","content":"x"}]}""";
        var request = OpenAIChatFormat.Instance.ReadRequest(Encoding.UTF8.GetBytes(body)).Value!;
        CheckSecondTurn(GeminiTestKit.WriteRequest(request, "gemini-3-pro-preview"));
    }

    [Fact]
    public void F06_ProofBehindTheLastText_IsNotTheClientsLastBlock()
    {
        // Clients show an answer's last block; a thinking block without text there would hide the text.
        var stream = GeminiTestKit.WriteStream(AnthropicFormat.Instance, GeminiTestKit.ReadChunks(
            """{"candidates":[{"content":{"parts":[{"text":"Done."}],"role":"model"}}],"responseId":"r1"}""",
            """{"candidates":[{"content":{"parts":[{"text":"","thoughtSignature":"U0lHMg=="}],"role":"model"},"finishReason":"STOP"}],"responseId":"r1"}"""));
        var blocks = AnthropicHistory(stream);
        Assert.Equal(["text"], blocks.Select(b => b!["type"]!.GetValue<string>()));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void ClaudesThinking_ThroughAGeminiClient_ComesBackWhole(bool keepsThoughts)
    {
        StreamEvent[] events =
        [
            new StreamEvent.Started("msg_1", "claude", TokenUsage.Unknown),
            new StreamEvent.PartStarted(0, PartShape.Thinking), new StreamEvent.ThinkingDelta(0, "Let me "), new StreamEvent.ThinkingDelta(0, "see."),
            new StreamEvent.SignatureDelta(0, "CLAUDE") { SignedBy = WireProtocol.AnthropicMessages }, new StreamEvent.PartEnded(0),
            new StreamEvent.PartStarted(1, PartShape.RedactedThinking) { Data = "SEALED", From = WireProtocol.AnthropicMessages }, new StreamEvent.PartEnded(1),
            new StreamEvent.PartStarted(2, PartShape.ToolCall) { Id = "toolu_1", Name = "read" }, new StreamEvent.ArgumentsDelta(2, "{}"), new StreamEvent.PartEnded(2),
            new StreamEvent.Stopped(StopReason.ToolUse, null), new StreamEvent.Ended(),
        ];
        var parts = new JsonArray();
        foreach (var chunk in GeminiTestKit.Chunks(GeminiTestKit.WriteStream(events), stream: true))
        {
            foreach (var part in chunk.GetProperty("candidates")[0].GetProperty("content").GetProperty("parts").EnumerateArray())
            {
                // Gemini CLI leaves thoughts out of its history, the SDK keeps them.
                if (keepsThoughts || !part.TryGetProperty("thought", out _))
                {
                    parts.Add(JsonNode.Parse(part.GetRawText()));
                }
            }
        }

        var contents = $$$"""{"contents":[{"role":"user","parts":[{"text":"go"}]},{"role":"model","parts":{{{parts.ToJsonString()}}}},{"role":"user","parts":[{"functionResponse":{"name":"read","id":"toolu_1","response":{"output":"x"} } }]}]}""";
        var request = GeminiTestKit.ReadRequest(contents);
        var turn = request.Messages[1].Parts.Where(p => p is not TextPart { Text.Length: 0 }).ToList();
        Assert.Collection(turn,
            p => Assert.Equal(("Let me see.", "CLAUDE", WireProtocol.AnthropicMessages), (((ThinkingPart)p).Text, p.Signature, p.SignedBy)),
            p => Assert.Equal(("SEALED", WireProtocol.AnthropicMessages), (((ThinkingPart)p).RedactedData, p.SignedBy)),
            p => Assert.Equal("toolu_1", ((ToolCallPart)p).Id));
    }

    [Fact]
    public void ForeignSignature_InANativeBody_IsFoundAndCut()
    {
        var carried = CarriedThinking.Wrap([new ThinkingPart("t") { Signature = "s", SignedBy = WireProtocol.AnthropicMessages }])!;
        var body = Encoding.UTF8.GetBytes(
            $$$"""{"contents":[{"role":"model","parts":[{"functionCall":{"name":"f","args":{"thoughtSignature":"mine"}},"thoughtSignature":"{{{carried}}}"},{"thoughtSignature":"{{{carried}}}","text":"a"},{"text":"b","thoughtSignature":"T1dO"}]}]}""");
        Assert.True(EnvelopeScanner.Scan(WireProtocol.Gemini, body).Envelope!.HasForeignProofs);
        Assert.False(EnvelopeScanner.Scan(WireProtocol.Gemini, Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(body).Replace(carried, "T1dO", StringComparison.Ordinal))).Envelope!.HasForeignProofs);
        Assert.Equal(["\"skip_thought_signature_validator\"", "null"], Cut(body, "gemini-3-pro", all: false).Select(c => c.With));
        Assert.All(Cut(body, "gemini-3-pro", all: false), c => Assert.Equal("\"" + carried + "\"", c.Was));
        Assert.Equal(["null", "null"], Cut(body, "gemini-2.5-pro", all: false).Select(c => c.With));
    }

    private static List<(string Was, string With)> Cut(byte[] body, string model, bool all) =>
        [.. GeminiSignatureCuts.Of(body, model, all).Select(c => (Encoding.UTF8.GetString(body.AsSpan(c.Span.Start, c.Span.Length)), Encoding.UTF8.GetString(c.With)))];

    private static void CheckSecondTurn(JsonElement sent)
    {
        Assert.Empty(GeminiRequestRules.Violations(sent, 3m));
        var model = sent.GetProperty("contents")[1];
        Assert.Equal("model", model.GetProperty("role").GetString());
        Assert.Equal(["-", "readU0lHMQ==", "list-"], model.GetProperty("parts").EnumerateArray().Select(p =>
            (p.TryGetProperty("functionCall", out var call) ? call.GetProperty("name").GetString() : "") + (p.TryGetProperty("thoughtSignature", out var s) ? s.GetString() : "-")));
        Assert.Equal(["read:y", "list:x"], sent.GetProperty("contents")[2].GetProperty("parts").EnumerateArray().Select(p => p.GetProperty("functionResponse"))
            .Select(r => r.GetProperty("name").GetString() + ":" + r.GetProperty("response").GetProperty("output").GetString()));
    }

    private static byte[] Request(string member, JsonArray assistant, string results)
    {
        var ids = assistant.Where(b => b!["type"]!.GetValue<string>() == "tool_use").Select(b => b!["id"]!.GetValue<string>()).ToList();
        results = results.Replace("ID0", ids[0], StringComparison.Ordinal).Replace("ID1", ids[1], StringComparison.Ordinal);
        return Encoding.UTF8.GetBytes($$"""{"model":"x","max_tokens":9,"{{member}}":[{"role":"user","content":"go"},{"role":"assistant","content":{{assistant.ToJsonString()}}},{{results}}]}""");
    }

    // The content list that a client builds from a stream.
    private static JsonArray AnthropicHistory(byte[] stream)
    {
        var blocks = new JsonArray();
        var json = new StringBuilder();
        foreach (var (_, data, _) in SseSplitter.Split(stream))
        {
            var item = GeminiTestKit.Parse(data);
            switch (item.GetProperty("type").GetString())
            {
                case "content_block_start":
                    blocks.Add(JsonNode.Parse(item.GetProperty("content_block").GetRawText()));
                    json.Clear();
                    break;
                case "content_block_delta":
                    var delta = item.GetProperty("delta");
                    var block = blocks[^1]!;
                    switch (delta.GetProperty("type").GetString())
                    {
                        case "text_delta": block["text"] = block["text"]!.GetValue<string>() + delta.GetProperty("text").GetString(); break;
                        case "thinking_delta": block["thinking"] = block["thinking"]!.GetValue<string>() + delta.GetProperty("thinking").GetString(); break;
                        case "signature_delta": block["signature"] = delta.GetProperty("signature").GetString(); break;
                        default:
                            json.Append(delta.GetProperty("partial_json").GetString());
                            block["input"] = JsonNode.Parse(ChatTestKit.Canonical(json.ToString()));
                            break;
                    }

                    break;
                default:
                    break;
            }
        }

        return blocks;
    }
}
