using System.Text.Json;
using Sluice.Protocols.Conversation;
using Sluice.Protocols.Errors;
using Sluice.Protocols.Formats;
using Sluice.Protocols.Native;
using Sluice.Protocols.Sse;

namespace Sluice.Protocols.OpenAIResponses;

/// <summary>
/// Relays <c>/v1/responses</c> streams. Nearly all events are deltas like
/// <c>{"type":"response.output_text.delta","sequence_number":4,"item_id":"msg_1","output_index":0,"content_index":0,"delta":"Hi"}</c>; those are told
/// by their first bytes and measured where they stand. All others, and deltas spelled in another way, are read token by token.
/// </summary>
internal sealed class ResponsesNativeRelay(NativeStreamOptions options) : NativeRelay(options)
{
    // No answer holds more calls at once; a stream that says so is none.
    private int _searches;
    private const int MaxOpenTools = 256;

    private readonly List<long> _openTools = [];

    // Items whose text came in deltas: the whole text that follows is the same again. Bounded by what one answer holds.
    private readonly HashSet<long> _told = [];
    private bool _called;
    private bool _refused;

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
        BadResponse("The upstream closed the stream without response.completed.");

    private bool TryPlainDelta(ReadOnlySpan<byte> data, out SegmentRole role)
    {
        role = SegmentRole.Content;
        if (!data.StartsWith("{\"type\":\"response."u8))
        {
            return false;
        }

        var rest = data["{\"type\":\"response."u8.Length..];
        if (rest.StartsWith("function_call_arguments.delta\""u8) || rest.StartsWith("custom_tool_call_input.delta\""u8))
        {
            role = SegmentRole.ToolFragment;
        }
        else if (!(rest.StartsWith("output_text.delta\""u8) || rest.StartsWith("reasoning_summary_text.delta\""u8) || rest.StartsWith("reasoning_text.delta\""u8)))
        {
            return false;
        }

        // Inside a string the quotes are escaped, so these bytes are members.
        var index = rest.IndexOf(",\"output_index\":"u8);
        var start = rest.IndexOf(",\"delta\":\""u8);
        if (index < 0 || start < 0 || !TryNumber(rest[(index + 16)..], out var item))
        {
            return false;
        }

        var length = TextLength(rest[(start + 10)..]);
        if (length <= 0)
        {
            return false;
        }

        if (role == SegmentRole.ToolFragment && !_openTools.Contains(item))
        {
            return false;
        }

        _told.Add(item);
        ContentBytes += length;
        return true;
    }

    // Bytes up to the closing quote; -1 where there is none.
    private static int TextLength(ReadOnlySpan<byte> text)
    {
        var at = 0;
        while (text[at..].IndexOfAny((byte)'"', (byte)'\\') is >= 0 and var next)
        {
            at += next;
            if (text[at] == (byte)'"')
            {
                return at;
            }

            at = Math.Min(at + 2, text.Length);
        }

        return -1;
    }

    private static bool TryNumber(ReadOnlySpan<byte> text, out long number) =>
        System.Buffers.Text.Utf8Parser.TryParse(text, out number, out var used) && used > 0;

    /// <inheritdoc/>
    protected override UpstreamError? Read(in SseFrame frame, ReadOnlySpan<byte> data, StreamSegments output)
    {
        var facts = ResponsesEvent.OfEvent(data);
        if (facts.Type is "error" or "response.failed" or "response.cancelled" || facts.HasError)
        {
            return Options.ReadError(frame.Data);
        }

        if (facts.Type is null)
        {
            return BadResponse("The upstream's stream event has no type.");
        }

        ResponseId ??= facts.Id;
        if (facts is { Type: "response.output_item.done", ItemType: "web_search_call" })
        {
            using var done = JsonDocument.Parse(frame.Data, ResponsesJson.Deep);
            _searches += ResponsesJson.Object(done.RootElement, "item", out var item) && ResponsesItems.IsSearch(item) ? 1 : 0;
        }

        if (facts.Usage is not null)
        {
            Meter(data, facts.Usage);
            Usage = OpenAIResponsesUsage.WithTier(Usage, facts.ServiceTier).WithSearches(_searches);
        }

        var role = RoleOf(facts);
        if (_openTools.Count > MaxOpenTools)
        {
            return BadResponse("The upstream's stream opens calls without closing them.");
        }

        if (role == SegmentRole.Terminal && _openTools.Count > 0)
        {
            _openTools.Clear();
            output.Signal(SegmentRole.ToolComplete);
        }

        Pass(frame, role, output);
        return null;
    }

    private SegmentRole RoleOf(in ResponsesEvent facts)
    {
        switch (facts.Type)
        {
            case "response.output_item.added":
                if (IsCall(facts.ItemType))
                {
                    OpenTool(facts.OutputIndex);
                    return SegmentRole.ToolFragment;
                }

                return facts.ItemType is "message" or "reasoning" ? SegmentRole.Preamble : SegmentRole.Content;
            case "response.output_item.done":
                return ItemDone(facts);
            case "response.function_call_arguments.delta" or "response.function_call_arguments.done"
                or "response.custom_tool_call_input.delta" or "response.custom_tool_call_input.done":
                Count(facts);
                return _openTools.Contains(facts.OutputIndex) ? SegmentRole.ToolFragment : SegmentRole.Content;
            case "response.output_text.delta" or "response.output_text.done"
                or "response.reasoning_text.delta" or "response.reasoning_text.done"
                or "response.reasoning_summary_text.delta" or "response.reasoning_summary_text.done"
                or "response.refusal.delta" or "response.refusal.done":
                _refused |= facts.Type.StartsWith("response.refusal", StringComparison.Ordinal);
                Count(facts);
                return facts.TextBytes > 0 ? SegmentRole.Content : SegmentRole.Preamble;
            case "response.completed" or "response.incomplete":
                Ended = true;
                StopReason = facts.Stop(_called, _refused);
                return SegmentRole.Terminal;
            case "response.created" or "response.queued" or "response.in_progress" or "keepalive"
                or "response.content_part.added" or "response.content_part.done"
                or "response.reasoning_summary_part.added" or "response.reasoning_summary_part.done":
                return SegmentRole.Preamble;
            default:
                // Steps and results of the vendor's own tools, citations, and events of newer versions.
                return SegmentRole.Content;
        }
    }

    private SegmentRole ItemDone(in ResponsesEvent facts)
    {
        if (!_told.Contains(facts.OutputIndex))
        {
            ContentBytes += facts.ItemTextBytes;
        }

        if (IsCall(facts.ItemType))
        {
            _called = true;
            _openTools.Remove(facts.OutputIndex);
            return SegmentRole.ToolComplete;
        }

        return facts.ItemType is not ("message" or "reasoning") || facts.ItemTextBytes > 0 ? SegmentRole.Content : SegmentRole.Preamble;
    }

    private static bool IsCall(string? type) => type is "function_call" or "custom_tool_call";

    private void OpenTool(long index)
    {
        _called = true;
        if (!_openTools.Contains(index))
        {
            _openTools.Add(index);
        }
    }

    // A whole text counts where no delta told it before.
    private void Count(in ResponsesEvent facts)
    {
        var isDelta = facts.Type!.EndsWith("delta", StringComparison.Ordinal);
        if (isDelta || !_told.Contains(facts.OutputIndex))
        {
            ContentBytes += facts.TextBytes;
        }

        if (facts.TextBytes > 0)
        {
            _told.Add(facts.OutputIndex);
        }
    }
}
