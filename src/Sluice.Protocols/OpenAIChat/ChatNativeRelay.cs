using System.Buffers;
using Sluice.Protocols.Conversation;
using Sluice.Protocols.Errors;
using Sluice.Protocols.Formats;
using Sluice.Protocols.Native;
using Sluice.Protocols.Sse;

namespace Sluice.Protocols.OpenAIChat;

/// <summary>
/// Relays <c>/v1/chat/completions</c> streams. Within one answer the chunks differ in little but their text, so a chunk that equals the last
/// text chunk, or the last piece of the same tool call, outside of its text (see <see cref="ChatChunkTemplate"/>) is passed at once; all
/// others are read token by token.
/// </summary>
internal sealed class ChatNativeRelay(NativeStreamOptions options) : NativeRelay(options)
{
    private readonly ChatChunkTemplate _text = new();
    private readonly ChatChunkTemplate _arguments = new();
    private (long Choice, long Tool) _argumentsOf;
    private (long Choice, long Tool)? _openTool;
    private bool _finished;
    private bool _called;

    /// <inheritdoc/>
    protected override bool TryPass(in SseFrame frame, ReadOnlySpan<byte> data, StreamSegments output)
    {
        if (_text.Match(data) is > 0 and var textBytes)
        {
            ContentBytes += textBytes;
            PassChunk(frame, SegmentRole.Content, output);
            return true;
        }

        if (_openTool == _argumentsOf && _arguments.Match(data) is > 0 and var argumentBytes)
        {
            ContentBytes += argumentBytes;
            PassChunk(frame, SegmentRole.ToolFragment, output);
            return true;
        }

        return false;
    }

    /// <inheritdoc/>
    protected override UpstreamError? Close(StreamSegments output)
    {
        if (!_finished)
        {
            return BadResponse("The upstream closed the stream without finish_reason and without [DONE].");
        }

        // Cerebras and Perplexity end without it; clients wait for it.
        Ended = true;
        output.Write("data: [DONE]\n\n"u8);
        output.Mark(SegmentRole.Terminal);
        return null;
    }

    /// <inheritdoc/>
    protected override bool ReadDone(in SseFrame frame, StreamSegments output)
    {
        if (_openTool is not null)
        {
            _openTool = null;
            output.Signal(SegmentRole.ToolComplete);
        }

        Ended = true;
        Pass(frame, SegmentRole.Terminal, output);
        return true;
    }

    /// <inheritdoc/>
    protected override UpstreamError? Read(in SseFrame frame, ReadOnlySpan<byte> data, StreamSegments output)
    {
        var facts = new ChatChunk { WantsId = ResponseId is null };
        facts.Read(data);
        if (facts.HasError || frame.Event.Span.SequenceEqual("error"u8))
        {
            return Options.ReadError(frame.Data);
        }

        if (facts.FinishIsError)
        {
            return new UpstreamError(ErrorKind.UpstreamError, "The upstream ended its answer with finish_reason \"error\".");
        }

        ResponseId ??= facts.Id;
        ContentBytes += facts.ContentBytes;
        Meter(data, facts.Usage);
        if (facts.Usage is not null && facts.ServiceTier is { } tier)
        {
            Usage = ChatChunk.WithTier(Usage, data[tier]);
        }

        var bare = !facts.HasContent && facts.FirstTool is null;
        if (facts.Usage is not null && Options.DropUsageChunk && bare && (facts.Choices == 0 || (_finished && facts.FinishSeen)))
        {
            // OpenAI's usage chunk has no choice; OpenRouter's repeats the last choice, empty.
            return null;
        }

        PassChunk(frame, RoleOf(facts, bare, output), output);
        if (facts is { FinishSeen: false, Usage: null })
        {
            if (facts is { HasContent: true, FirstTool: null })
            {
                _text.Learn(data, facts.Text);
            }
            else if (facts is { HasContent: false, FirstTool: { } tool })
            {
                _arguments.Learn(data, facts.Arguments);
                _argumentsOf = tool;
            }
        }

        return null;
    }

    private SegmentRole RoleOf(in ChatChunk facts, bool bare, StreamSegments output)
    {
        if (facts.FinishSeen)
        {
            _finished = true;
            StopReason = facts.StopReason;
        }

        if (facts.FirstTool is { } first)
        {
            _called = true;
            if (_openTool is { } open && open != first)
            {
                // The open call is complete, but this chunk's own call is not: what was held may go, these bytes may not.
                output.Signal(SegmentRole.ToolComplete);
            }

            _openTool = facts.LastTool;
        }

        if (_called && StopReason is Conversation.StopReason.EndTurn)
        {
            // Several servers say "stop" after tool calls.
            StopReason = Conversation.StopReason.ToolUse;
        }

        if (facts.FinishSeen && _openTool is not null)
        {
            _openTool = null;
            if (!bare)
            {
                return SegmentRole.ToolComplete;
            }

            output.Signal(SegmentRole.ToolComplete);
        }

        return facts switch
        {
            // Text beside a piece of a call waits with the call: released as text it would carry the call's piece along.
            { FirstTool: not null } => SegmentRole.ToolFragment,
            { HasContent: true } => SegmentRole.Content,
            { FinishSeen: true } or { Usage: not null } => SegmentRole.Stop,
            _ => SegmentRole.Preamble,
        };
    }

    private void PassChunk(in SseFrame frame, SegmentRole role, StreamSegments output) => NativeRelays.Pass(frame, role, output, Options.DropNullMembers);
}
