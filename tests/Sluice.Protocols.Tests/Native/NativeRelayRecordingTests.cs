using System.Text;
using System.Text.Json;
using Sluice.Protocols.Formats;
using Sluice.Protocols.Tests.Sse;
using Sluice.Testing;
using Xunit;

namespace Sluice.Protocols.Tests.Native;

/// <summary>Real streams through the native relays: the bytes are the recorded ones, and what is metered is what an independent reading finds.</summary>
public sealed class NativeRelayRecordingTests
{
    public static TheoryData<WireProtocol, string> Recordings
    {
        get
        {
            var data = new TheoryData<WireProtocol, string>();
            foreach (var (protocol, api) in new[] { (WireProtocol.AnthropicMessages, "anthropic-messages"), (WireProtocol.OpenAIChat, "openai-chat") })
            {
                foreach (var recording in SharedData.Recordings(api).Where(r => r.Stream() is not null))
                {
                    data.Add(protocol, recording.Folder);
                }
            }

            if (data.Count == 0)
            {
                data.Add(WireProtocol.OpenAIChat, "");
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Recordings))]
    public void F04_RecordedStream_AnySplit_PassesByteForByte(WireProtocol protocol, string folder)
    {
        Assert.SkipUnless(SharedData.Exists, SharedData.MissingReason);
        var recording = new Recording(folder);
        var input = recording.Stream()!;
        var whole = NativeRelayRun.Of(protocol, input, [input.Length]);
        var expected = Expected(protocol, Encoding.UTF8.GetString(input));
        Assert.Equal(expected.Output, Encoding.UTF8.GetString(whole.Output.ToArray()));
        Assert.Equal(expected.Fails, whole.Error is not null);
        Assert.Equal(expected.LastUsage, whole.UsageObjects.LastOrDefault());
        Assert.Equal(expected.Id, whole.Relay.ResponseId);
        if (!expected.Fails)
        {
            Assert.Equal(SegmentRole.Terminal, whole.Runs[^1].Role);
            Assert.Equal(expected.Stops, whole.Relay.StopReason is not null);
        }

        CheckSame(NativeRelayRun.Of(protocol, input, Feeding.OneByOne(input.Length)), whole);
        CheckSame(NativeRelayRun.Of(protocol, input, Feeding.NetworkChunks(recording)), whole);
        if (input.Length <= 1500)
        {
            for (var split = 1; split < input.Length; split++)
            {
                CheckSame(NativeRelayRun.Of(protocol, input, [split]), whole);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Recordings))]
    public void RecordedStream_EveryRun_HasTheRoleOfItsEvent(WireProtocol protocol, string folder)
    {
        Assert.SkipUnless(SharedData.Exists, SharedData.MissingReason);
        var input = new Recording(folder).Stream()!;
        var run = NativeRelayRun.Of(protocol, input, [input.Length]);
        foreach (var (role, text) in run.Runs.Where(r => r.Text.Length > 0))
        {
            var data = text.Split('\n').FirstOrDefault(l => l.StartsWith("data:", StringComparison.Ordinal))?[5..].Trim();
            var content = data is null or "[DONE]" ? null : Weight(protocol, data);
            switch (content)
            {
                case "tool":
                    Assert.Contains(role, new[] { SegmentRole.ToolFragment, SegmentRole.ToolComplete });
                    break;
                case "content":
                    Assert.Contains(role, new[] { SegmentRole.Content, SegmentRole.ToolFragment, SegmentRole.ToolComplete });
                    break;
                default:
                    Assert.Contains(role, new[] { SegmentRole.Preamble, SegmentRole.ToolComplete, SegmentRole.Stop, SegmentRole.Terminal });
                    break;
            }
        }
    }

    [Theory]
    [MemberData(nameof(Recordings))]
    public void RecordedStream_UsageChunkNotAskedFor_IsTheOnlyThingMissing(WireProtocol protocol, string folder)
    {
        Assert.SkipUnless(SharedData.Exists, SharedData.MissingReason);
        var input = new Recording(folder).Stream()!;
        var kept = NativeRelayRun.Of(protocol, input, [input.Length]);
        var dropped = NativeRelayRun.Of(protocol, input, [input.Length], dropUsage: true);
        Assert.Equal(kept.UsageObjects, dropped.UsageObjects);
        var missing = new List<string>();
        var position = 0;
        foreach (var (_, text) in kept.Runs)
        {
            if (position < dropped.Runs.Count && dropped.Runs[position].Text == text)
            {
                position++;
            }
            else
            {
                missing.Add(text);
            }
        }

        Assert.Equal(dropped.Runs.Count, position);
        foreach (var text in missing)
        {
            Assert.Equal(WireProtocol.OpenAIChat, protocol);
            using var chunk = JsonDocument.Parse(text.Trim()[5..]);
            Assert.Equal(JsonValueKind.Object, chunk.RootElement.GetProperty("usage").ValueKind);
            Assert.Null(Weight(protocol, text.Trim()[5..]));
        }
    }

    private static void CheckSame(NativeRelayRun run, NativeRelayRun whole)
    {
        Assert.Equal(whole.Runs, run.Runs);
        Assert.Equal(whole.Relay.Usage, run.Relay.Usage);
        Assert.Equal(whole.Relay.StopReason, run.Relay.StopReason);
        Assert.Equal(whole.Relay.ContentBytes, run.Relay.ContentBytes);
        Assert.Equal(whole.Error, run.Error);
    }

    // What a reading by lines and object trees says: the output up to an error or the terminal event, the last usage object, the id.
    private static (string Output, bool Fails, string? LastUsage, string? Id, bool Stops) Expected(WireProtocol protocol, string stream)
    {
        var output = new StringBuilder();
        string? usage = null;
        string? id = null;
        var finished = false;
        var rest = stream.AsSpan();
        var end = stream.Contains("\r\n\r\n", StringComparison.Ordinal) ? "\r\n\r\n" : "\n\n";
        while (rest.Length > 0)
        {
            var at = rest.IndexOf(end);
            var frame = at < 0 ? rest.ToString() : rest[..(at + end.Length)].ToString();
            rest = rest[frame.Length..];
            var data = frame.Split('\n').FirstOrDefault(l => l.StartsWith("data:", StringComparison.Ordinal))?[5..].Trim();
            if (data is null)
            {
                output.Append(frame);
                continue;
            }

            if (data == "[DONE]")
            {
                return (output.Append(frame).ToString().TrimEnd('\r', '\n') + end, false, usage, id, finished);
            }

            using var document = JsonDocument.Parse(data);
            var root = document.RootElement;
            if (root.TryGetProperty("error", out var error) && error.ValueKind != JsonValueKind.Null)
            {
                return (output.ToString(), true, usage, id, finished);
            }

            output.Append(frame);
            var message = root.TryGetProperty("message", out var m) ? m : root;
            id ??= message.TryGetProperty("id", out var i) && i.GetString() is { Length: > 0 } text ? text : null;
            foreach (var holder in new[] { root, message, root.TryGetProperty("x_groq", out var groq) ? groq : root })
            {
                if (holder.TryGetProperty("usage", out var u) && u.ValueKind == JsonValueKind.Object)
                {
                    usage = u.GetRawText();
                    break;
                }
            }

            if (protocol == WireProtocol.AnthropicMessages && root.GetProperty("type").GetString() == "message_stop")
            {
                return (output.ToString(), false, usage, id, finished);
            }

            finished |= root.TryGetProperty("delta", out var last) && last.TryGetProperty("stop_reason", out var stop) && stop.ValueKind == JsonValueKind.String;
            finished |= root.TryGetProperty("choices", out var choices) && choices.EnumerateArray().Any(c => c.TryGetProperty("finish_reason", out var f) && f.ValueKind == JsonValueKind.String);
        }

        return protocol == WireProtocol.OpenAIChat && finished
            ? (output + "data: [DONE]\n\n", false, usage, id, finished)
            : (output.ToString(), true, usage, id, finished);
    }

    private static string? Weight(WireProtocol protocol, string data)
    {
        using var document = JsonDocument.Parse(data);
        var root = document.RootElement;
        return protocol == WireProtocol.AnthropicMessages ? AnthropicWeight(root) : ChatWeight(root);
    }

    private static string? AnthropicWeight(JsonElement root)
    {
        switch (root.GetProperty("type").GetString())
        {
            case "content_block_start":
                var block = root.GetProperty("content_block");
                var type = block.GetProperty("type").GetString()!;
                return type switch
                {
                    _ when type.EndsWith("tool_use", StringComparison.Ordinal) => "tool",
                    _ when type.EndsWith("_result", StringComparison.Ordinal) => "content",
                    "text" => block.GetProperty("text").GetString()!.Length > 0 ? "content" : null,
                    "thinking" => block.GetProperty("thinking").GetString()!.Length > 0 ? "content" : null,
                    "redacted_thinking" => null,
                    _ => "content",
                };
            case "content_block_delta":
                var delta = root.GetProperty("delta");
                return delta.GetProperty("type").GetString() switch
                {
                    "input_json_delta" => "tool",
                    "text_delta" => delta.GetProperty("text").GetString()!.Length > 0 ? "content" : null,
                    "thinking_delta" => delta.GetProperty("thinking").GetString()!.Length > 0 ? "content" : null,
                    "signature_delta" => null,
                    _ => "content",
                };
            default:
                return null;
        }
    }

    private static bool HoldsText(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Array => value.EnumerateArray().Any(HoldsText),
        JsonValueKind.Object => value.EnumerateObject().Any(m => m.Value.ValueKind == JsonValueKind.String ? m.Name is "text" or "summary" && m.Value.GetString()!.Length > 0 : HoldsText(m.Value)),
        _ => false,
    };

    private static string? ChatWeight(JsonElement root)
    {
        string? weight = null;
        if (!root.TryGetProperty("choices", out var choices))
        {
            return null;
        }

        foreach (var delta in choices.EnumerateArray().Where(c => c.TryGetProperty("delta", out _)).Select(c => c.GetProperty("delta")))
        {
            if (delta.TryGetProperty("tool_calls", out var calls) && calls.ValueKind == JsonValueKind.Array && calls.GetArrayLength() > 0)
            {
                return "tool";
            }

            foreach (var name in new[] { "content", "reasoning_content", "reasoning", "refusal", "reasoning_details" })
            {
                if (delta.TryGetProperty(name, out var value) && (value.ValueKind == JsonValueKind.String ? value.GetString()!.Length > 0 : HoldsText(value)))
                {
                    weight = "content";
                }
            }

            foreach (var name in new[] { "images", "audio", "annotations" })
            {
                if (delta.TryGetProperty(name, out var value) && value.ValueKind is JsonValueKind.Array or JsonValueKind.Object)
                {
                    weight = "content";
                }
            }
        }

        return weight;
    }
}
