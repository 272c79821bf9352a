using System.Text.Json;
using Sluice.Protocols.Conversation;

namespace Sluice.Protocols.BedrockConverse;

/// <summary>The parts of one streamed answer: which block of the upstream is which, what is open, and what was held back.</summary>
internal sealed class ConverseParts
{
    private readonly Dictionary<int, (int Part, PartShape Shape)> _open = [];

    // A redacted block is announced with all its data, so its pieces wait for its end.
    private readonly Dictionary<int, List<string>> _redacted = [];
    private int _count;

    /// <summary>A tool call that the client must run has begun.</summary>
    public bool SawToolCall { get; private set; }

    /// <summary><c>contentBlockStart</c>: a tool call, or a block of the vendor's own.</summary>
    public void Start(int index, JsonElement start, List<StreamEvent> events)
    {
        if (_open.ContainsKey(index))
        {
            return;
        }

        if (!ConverseWords.TryObject(start, "toolUse"u8, out var call) || ConverseWords.Text(call, "type"u8) == "server_tool_use")
        {
            OpenOpaque(index, start, events);
            return;
        }

        SawToolCall = true;
        var part = _count++;
        _open.Add(index, (part, PartShape.ToolCall));
        events.Add(new StreamEvent.PartStarted(part, PartShape.ToolCall)
        {
            Id = ConverseWords.Text(call, "toolUseId"u8) ?? "",
            Name = ConverseWords.Text(call, "name"u8) ?? "",
        });
    }

    /// <summary><c>contentBlockDelta</c>.</summary>
    public void Delta(int index, JsonElement delta, List<StreamEvent> events)
    {
        if (_open.TryGetValue(index, out var open) && open.Shape == PartShape.Opaque)
        {
            events.Add(new StreamEvent.OpaqueDelta(open.Part, ConverseWords.Raw(delta)));
        }
        else if (ConverseWords.Text(delta, "text"u8) is { } text)
        {
            // An empty delta says nothing, but an answer that is one empty text is still an answer of one text.
            var part = Open(index, PartShape.Text, events);
            if (text.Length > 0)
            {
                events.Add(new StreamEvent.TextDelta(part, text));
            }
        }
        else if (ConverseWords.TryObject(delta, "toolUse"u8, out var call))
        {
            // A call that was never announced has no name; nobody could run it.
            if (open.Shape == PartShape.ToolCall && _open.ContainsKey(index) && ConverseWords.Text(call, "input"u8) is { Length: > 0 } input)
            {
                events.Add(new StreamEvent.ArgumentsDelta(open.Part, input));
            }
        }
        else if (ConverseWords.TryObject(delta, "reasoningContent"u8, out var reasoning))
        {
            Reasoning(index, reasoning, events);
        }
        else if (ConverseWords.TryObject(delta, "citation"u8, out var citation))
        {
            events.Add(new StreamEvent.CitationDelta(Open(index, PartShape.Text, events), ConverseWords.Raw(citation)) { From = WireProtocol.BedrockConverse });
        }
    }

    /// <summary><c>contentBlockStop</c>.</summary>
    public void Stop(int index, List<StreamEvent> events)
    {
        if (_redacted.Remove(index, out var pieces))
        {
            var (data, from) = RedactedThinking.Read(Join(pieces));
            var part = _count++;
            events.Add(new StreamEvent.PartStarted(part, PartShape.RedactedThinking) { Data = data, From = from });
            events.Add(new StreamEvent.PartEnded(part));
        }

        if (_open.Remove(index, out var open))
        {
            events.Add(new StreamEvent.PartEnded(open.Part));
        }
    }

    /// <summary>Ends what the upstream forgot to end.</summary>
    public void StopAll(List<StreamEvent> events)
    {
        foreach (var index in _open.Keys.Concat(_redacted.Keys).Distinct().Order().ToList())
        {
            Stop(index, events);
        }
    }

    private void Reasoning(int index, JsonElement reasoning, List<StreamEvent> events)
    {
        if (ConverseWords.Text(reasoning, "redactedContent"u8) is { } blob)
        {
            if (!_redacted.TryGetValue(index, out var pieces))
            {
                _redacted.Add(index, pieces = []);
            }

            pieces.Add(blob);
        }

        if (ConverseWords.Text(reasoning, "text"u8) is { } text)
        {
            var part = Open(index, PartShape.Thinking, events);
            if (text.Length > 0)
            {
                events.Add(new StreamEvent.ThinkingDelta(part, text));
            }
        }

        if (ConverseWords.Text(reasoning, "signature"u8) is { Length: > 0 } signature)
        {
            // Only Claude signs here, and its signatures hold at every host of Claude.
            events.Add(new StreamEvent.SignatureDelta(Open(index, PartShape.Thinking, events), signature) { SignedBy = WireProtocol.AnthropicMessages });
        }
    }

    // One block of the upstream may turn from thinking into text without a stop between them.
    private int Open(int index, PartShape shape, List<StreamEvent> events)
    {
        if (_open.TryGetValue(index, out var open) && open.Shape == shape)
        {
            return open.Part;
        }

        Stop(index, events);
        var part = _count++;
        _open.Add(index, (part, shape));
        events.Add(new StreamEvent.PartStarted(part, shape));
        return part;
    }

    private void OpenOpaque(int index, JsonElement start, List<StreamEvent> events)
    {
        var part = _count++;
        _open.Add(index, (part, PartShape.Opaque));
        events.Add(new StreamEvent.PartStarted(part, PartShape.Opaque) { Json = ConverseWords.Raw(start), From = WireProtocol.BedrockConverse });
    }

    private static string Join(List<string> pieces)
    {
        if (pieces.Count == 1 || !pieces.TrueForAll(p => System.Buffers.Text.Base64.IsValid(p)))
        {
            return string.Concat(pieces);
        }

        var bytes = pieces.SelectMany(Convert.FromBase64String).ToArray();
        return Convert.ToBase64String(bytes);
    }
}
