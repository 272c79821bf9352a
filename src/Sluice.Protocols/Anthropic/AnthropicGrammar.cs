using System.Text.Json;
using Sluice.Protocols.Formats;
using Sluice.Protocols.Sse;

namespace Sluice.Protocols.Anthropic;

/// <summary>
/// The legal Messages streams:
/// <code>
/// stream  = { ping } message_start { ping | block } message_delta { ping } message_stop
///         | any prefix of that, error
/// block   = content_block_start(i) { ping | content_block_delta(i) } content_block_stop(i)      i = 0, 1, 2, …
/// </code>
/// A delta's type fits its block's; a block's <c>signature_delta</c> is its last; <c>message_delta</c> has a stop reason and usage.
/// </summary>
internal sealed class AnthropicGrammar : IStreamGrammar
{
    private State _state = State.BeforeStart;
    private string? _violation;
    private int _blocks;
    private string _block = "";
    private bool _signed;

    private enum State
    {
        BeforeStart,
        BetweenBlocks,
        InBlock,
        Stopped,
        Ended,
        Failed,
    }

    /// <inheritdoc/>
    public string? Accept(in SseFrame frame)
    {
        if (_violation is not null || !frame.HasData)
        {
            return _violation;
        }

        try
        {
            using var document = JsonDocument.Parse(frame.Data);
            _violation = Take(document.RootElement, System.Text.Encoding.UTF8.GetString(frame.Event.Span));
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // The other exception comes of text that is no Unicode.
            _violation = "The data is not JSON: " + e.Message;
        }

        return _violation;
    }

    /// <inheritdoc/>
    public string? Complete() => _violation ?? (_state is State.Ended or State.Failed ? null : $"The stream ended in state {_state}: no message_stop and no error.");

    private string? Take(JsonElement data, string name)
    {
        if (data.ValueKind != JsonValueKind.Object || !data.TryGetProperty("type"u8, out var t) || t.ValueKind != JsonValueKind.String)
        {
            return "The data has no type.";
        }

        var type = t.GetString()!;
        if (name != type)
        {
            return $"The event line says '{name}', the data '{type}'.";
        }

        if (_state is State.Ended or State.Failed)
        {
            return $"'{type}' after the end of the stream.";
        }

        switch (type)
        {
            case "ping":
                return null;
            case "error":
                _state = State.Failed;
                return null;
            case "message_start":
                return TakeStart(data);
            case "content_block_start":
                return TakeBlockStart(data);
            case "content_block_delta":
                return TakeDelta(data);
            case "content_block_stop":
                return _state != State.InBlock ? "A block ends that is not open." : IndexFault(data, _blocks - 1) ?? Move(State.BetweenBlocks);
            case "message_delta":
                return TakeMessageDelta(data);
            case "message_stop":
                return _state != State.Stopped ? "message_stop before message_delta." : Move(State.Ended);
            default:
                return $"Unknown event '{type}'.";
        }
    }

    private string? TakeStart(JsonElement data)
    {
        if (_state != State.BeforeStart)
        {
            return "A second message_start.";
        }

        return data.TryGetProperty("message"u8, out var message) && message.TryGetProperty("usage"u8, out var usage)
            && usage.TryGetProperty("input_tokens"u8, out _)
            ? Move(State.BetweenBlocks)
            : "message_start without a message with usage.";
    }

    private string? TakeBlockStart(JsonElement data)
    {
        if (_state != State.BetweenBlocks)
        {
            return $"A block starts in state {_state}.";
        }

        if (IndexFault(data, _blocks) is { } fault)
        {
            return fault;
        }

        if (!data.TryGetProperty("content_block"u8, out var block) || !block.TryGetProperty("type"u8, out var type))
        {
            return "content_block_start without a block.";
        }

        _blocks++;
        _block = type.GetString() ?? "";
        _signed = false;
        return Move(State.InBlock);
    }

    private string? TakeDelta(JsonElement data)
    {
        if (_state != State.InBlock)
        {
            return "A delta outside of a block.";
        }

        if (IndexFault(data, _blocks - 1) is { } fault)
        {
            return fault;
        }

        if (!data.TryGetProperty("delta"u8, out var delta) || !delta.TryGetProperty("type"u8, out var t))
        {
            return "content_block_delta without a delta.";
        }

        var type = t.GetString();
        var fits = type switch
        {
            "text_delta" => _block == "text",
            "citations_delta" => _block == "text",
            "thinking_delta" => _block == "thinking" && !_signed,
            "signature_delta" => _block == "thinking",
            "input_json_delta" => _block is "tool_use" or "server_tool_use" or "mcp_tool_use",
            "compaction_delta" => _block == "compaction",
            _ => false,
        };

        // Blocks of a newer API bring deltas of their own.
        fits |= _block is not ("text" or "thinking" or "redacted_thinking" or "tool_use" or "server_tool_use" or "mcp_tool_use" or "compaction");
        _signed |= type == "signature_delta";
        return fits ? null : $"A '{type}' in a '{_block}' block.";
    }

    private string? TakeMessageDelta(JsonElement data)
    {
        if (_state != State.BetweenBlocks)
        {
            return $"message_delta in state {_state}.";
        }

        return data.TryGetProperty("delta"u8, out var delta) && delta.TryGetProperty("stop_reason"u8, out var reason) && reason.ValueKind == JsonValueKind.String
            && data.TryGetProperty("usage"u8, out var usage) && usage.TryGetProperty("output_tokens"u8, out _)
            ? Move(State.Stopped)
            : "message_delta without stop reason or usage.";
    }

    private static string? IndexFault(JsonElement data, int expected) =>
        data.TryGetProperty("index"u8, out var index) && index.TryGetInt32(out var value) && value == expected
            ? null
            : $"The block's index is not {expected}.";

    private string? Move(State next)
    {
        _state = next;
        return null;
    }
}
