using System.Text;

namespace Sluice.Simulator.Tests;

internal sealed record CheckedBlock(string Type, string? Id, string Text, string? Signature);

/// <summary>The grammar of a Messages stream, written by hand from its documentation: start, blocks one at a time with dense indexes, delta, stop.</summary>
internal sealed record AnthropicStreamCheck(IReadOnlyList<CheckedBlock> Blocks, string? StopReason, int OutputTokens)
{
    public static AnthropicStreamCheck Run(IReadOnlyList<SseEvent> events)
    {
        var blocks = new List<CheckedBlock>();
        StringBuilder? open = null;
        var (type, id, signature) = ("", (string?)null, (string?)null);
        string? stop = null;
        var output = -1;
        for (var i = 0; i < events.Count; i++)
        {
            var json = events[i].Json;
            Assert.Equal(events[i].Name, json.GetProperty("type").GetString());
            switch (events[i].Name)
            {
                case "message_start":
                    Assert.Equal(0, i);
                    var message = json.GetProperty("message");
                    Assert.Equal(0, message.GetProperty("content").GetArrayLength());
                    Assert.True(message.GetProperty("usage").GetProperty("input_tokens").GetInt32() >= 0);
                    break;
                case "ping":
                    break;
                case "content_block_start":
                    Assert.Null(open);
                    Assert.Null(stop);
                    Assert.Equal(blocks.Count, json.GetProperty("index").GetInt32());
                    open = new StringBuilder();
                    var block = json.GetProperty("content_block");
                    type = block.GetProperty("type").GetString()!;
                    id = type == "tool_use" ? block.GetProperty("id").GetString() : null;
                    signature = null;
                    break;
                case "content_block_delta":
                    Assert.NotNull(open);
                    Assert.Equal(blocks.Count, json.GetProperty("index").GetInt32());
                    var delta = json.GetProperty("delta");
                    switch (delta.GetProperty("type").GetString(), type)
                    {
                        case ("text_delta", "text"):
                            open.Append(delta.GetProperty("text").GetString());
                            break;
                        case ("thinking_delta", "thinking"):
                            Assert.Null(signature);
                            open.Append(delta.GetProperty("thinking").GetString());
                            break;
                        case ("signature_delta", "thinking"):
                            Assert.Null(signature);
                            signature = delta.GetProperty("signature").GetString();
                            break;
                        case ("input_json_delta", "tool_use"):
                            open.Append(delta.GetProperty("partial_json").GetString());
                            break;
                        default:
                            Assert.Fail($"{delta.GetRawText()} inside {type}");
                            break;
                    }

                    break;
                case "content_block_stop":
                    Assert.NotNull(open);
                    Assert.Equal(blocks.Count, json.GetProperty("index").GetInt32());
                    blocks.Add(new CheckedBlock(type, id, open.ToString(), signature));
                    open = null;
                    break;
                case "message_delta":
                    Assert.Null(open);
                    stop = json.GetProperty("delta").GetProperty("stop_reason").GetString();
                    output = json.GetProperty("usage").GetProperty("output_tokens").GetInt32();
                    break;
                case "message_stop":
                    Assert.NotNull(stop);
                    Assert.Equal(events.Count - 1, i);
                    return new AnthropicStreamCheck(blocks, stop, output);
                default:
                    Assert.Fail("unknown event " + events[i].Name);
                    break;
            }
        }

        Assert.Fail("no message_stop");
        return null!;
    }
}
