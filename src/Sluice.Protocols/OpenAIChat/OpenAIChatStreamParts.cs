using Sluice.Protocols.Conversation;

namespace Sluice.Protocols.OpenAIChat;

/// <summary>Numbers the parts of one streamed answer. Text, thinking and refusals follow each other, one open at a time; tool calls and hidden thinking take a number of their own.</summary>
internal sealed class OpenAIChatStreamParts
{
    private int _next;
    private int _open = -1;
    private PartShape _openShape;

    /// <summary>Anything at all has been told.</summary>
    public bool SawContent { get; set; }

    /// <summary>The number of the open part where it is text, else -1.</summary>
    public int OpenText => _openShape == PartShape.Text ? _open : -1;

    /// <summary>A number for a part that its teller opens and ends; ends the open one.</summary>
    public int Take(List<StreamEvent> events)
    {
        Close(events);
        SawContent = true;
        return _next++;
    }

    /// <summary>Tells thinking, in the open thinking part or a new one.</summary>
    public void Thought(string? text, List<StreamEvent> events)
    {
        if (!string.IsNullOrEmpty(text))
        {
            events.Add(new StreamEvent.ThinkingDelta(Open(PartShape.Thinking, events), text));
        }
    }

    /// <summary>The number of the open part of that shape; opens one, closing another shape's, if need be.</summary>
    public int Open(PartShape shape, List<StreamEvent> events)
    {
        if (_open >= 0 && _openShape == shape)
        {
            return _open;
        }

        Close(events);
        _open = _next++;
        _openShape = shape;
        SawContent = true;
        events.Add(new StreamEvent.PartStarted(_open, shape));
        return _open;
    }

    /// <summary>Ends the open part, if there is one.</summary>
    public void Close(List<StreamEvent> events)
    {
        if (_open >= 0)
        {
            events.Add(new StreamEvent.PartEnded(_open));
            _open = -1;
        }
    }
}
