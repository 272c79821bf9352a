using Sluice.Protocols.Conversation;
using Sluice.Protocols.Errors;
using Sluice.Protocols.Formats;
using Sluice.Protocols.Native;
using Sluice.Protocols.Sse;

namespace Sluice.Protocols.Anthropic;

/// <summary>
/// Relays <c>/v1/messages</c> streams. Nine of ten events are deltas like
/// <c>{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Hi"}}</c>; those are told by their first bytes. All others,
/// and deltas spelled in another way, are read token by token.
/// </summary>
internal sealed class AnthropicNativeRelay(NativeStreamOptions options) : NativeRelay(options)
{
    // The API closes one block before it opens the next; more open ones are no message.
    private const int MaxOpenTools = 256;

    private readonly List<long> _openTools = [];
    private bool _started;

    /// <inheritdoc/>
    protected override bool TryPass(in SseFrame frame, ReadOnlySpan<byte> data, StreamSegments output)
    {
        if (TryPlainDelta(data, out var role))
        {
            Pass(frame, role, output);
            return true;
        }

        return false;
    }

    /// <inheritdoc/>
    protected override UpstreamError? Close(StreamSegments output) =>
        BadResponse("The upstream closed the stream without message_stop.");

    private bool TryPlainDelta(ReadOnlySpan<byte> data, out SegmentRole role)
    {
        role = SegmentRole.Content;
        var prefix = """{"type":"content_block_delta","index":"""u8;
        if (!data.StartsWith(prefix))
        {
            return false;
        }

        var rest = data[prefix.Length..];
        var digits = rest.IndexOf((byte)',');
        if (digits is <= 0 or > 9 || rest[..digits].IndexOfAnyExceptInRange((byte)'0', (byte)'9') >= 0)
        {
            return false;
        }

        rest = rest[digits..];
        var delta = ""","delta":{"type":"""u8;
        if (!rest.StartsWith(delta))
        {
            return false;
        }

        rest = rest[delta.Length..];
        var text = "\"text_delta\",\"text\":\""u8;
        var thinking = "\"thinking_delta\",\"thinking\":\""u8;
        var json = "\"input_json_delta\",\"partial_json\":\""u8;
        int start;
        if (rest.StartsWith(text))
        {
            start = text.Length;
        }
        else if (rest.StartsWith(json))
        {
            start = json.Length;
            role = SegmentRole.ToolFragment;
        }
        else if (rest.StartsWith(thinking))
        {
            start = thinking.Length;
        }
        else
        {
            return false;
        }

        // "}} ends the event; anything else there is read with care, and so is an empty text.
        rest = rest[start..];
        if (!rest.EndsWith("\"}}"u8) || (rest.Length == 3 && role == SegmentRole.Content))
        {
            return false;
        }

        ContentBytes += rest.Length - 3;
        return true;
    }

    /// <inheritdoc/>
    protected override UpstreamError? Read(in SseFrame frame, ReadOnlySpan<byte> data, StreamSegments output)
    {
        var facts = AnthropicEvent.Read(data);
        var role = SegmentRole.Preamble;
        switch (facts.Type)
        {
            case AnthropicEventType.MessageStart:
                if (_started)
                {
                    // Some proxies send it twice; the official clients fail on the second.
                    return null;
                }

                _started = true;
                ResponseId = facts.Id;
                Meter(data, facts.Usage);
                break;
            case AnthropicEventType.BlockStart:
                ContentBytes += facts.ContentBytes;
                switch (facts.Block)
                {
                    case AnthropicBlock.Tool when _openTools.Count >= MaxOpenTools:
                        return BadResponse("The upstream's stream opens blocks without closing them.");
                    case AnthropicBlock.Tool:
                        _openTools.Add(facts.Index);
                        role = SegmentRole.ToolFragment;
                        break;
                    case AnthropicBlock.Prose:
                        role = facts.ContentBytes > 0 ? SegmentRole.Content : SegmentRole.Preamble;
                        break;
                    case AnthropicBlock.Other:
                        role = SegmentRole.Content;
                        break;
                }

                break;
            case AnthropicEventType.BlockDelta:
                ContentBytes += facts.ContentBytes;
                role = facts.Delta switch
                {
                    AnthropicDelta.Json => SegmentRole.ToolFragment,
                    AnthropicDelta.Prose => facts.ContentBytes > 0 ? SegmentRole.Content : SegmentRole.Preamble,
                    AnthropicDelta.Signature => SegmentRole.Preamble,
                    _ => SegmentRole.Content,
                };
                break;
            case AnthropicEventType.BlockStop:
                role = _openTools.Remove(facts.Index) ? SegmentRole.ToolComplete : SegmentRole.Preamble;
                break;
            case AnthropicEventType.MessageDelta:
                StopReason = facts.StopReason ?? StopReason;
                Meter(data, facts.Usage);
                role = SegmentRole.Stop;
                break;
            case AnthropicEventType.MessageStop:
                Ended = true;
                role = SegmentRole.Terminal;
                break;
            case AnthropicEventType.Error:
            case AnthropicEventType.Other when facts.HasError:
                return Options.ReadError(frame.Data);
        }

        Pass(frame, role, output);
        return null;
    }
}
