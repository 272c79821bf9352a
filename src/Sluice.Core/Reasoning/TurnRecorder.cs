using System.Text;
using Sluice.Protocols.Conversation;

namespace Sluice.Core.Reasoning;

/// <summary>
/// Follows one answer and has its thinking remembered: under each call what was thought since the call before, or under the text where nothing was
/// called. Belongs to one answer.
/// </summary>
/// <param name="memory">Where to.</param>
/// <param name="user">Whose answer.</param>
/// <param name="session">Null: turns without calls are not kept.</param>
/// <param name="keepsPlain">Thinking without a proof counts too: the provider wants its text back.</param>
public sealed class TurnRecorder(IReasoningMemory memory, string user, string? session, bool keepsPlain)
{
    // Characters; a longer text is not looked for either.
    internal const int LongestText = 256 * 1024;

    private List<KeptThinking>? _pending;
    private StringBuilder? _text;
    private bool _called;

    /// <summary>Something waits for its call or the end: arguments and texts are needed.</summary>
    public bool IsWaiting => _pending is not null;

    /// <summary>Takes a whole answer.</summary>
    public void Take(IReadOnlyList<ContentPart> parts)
    {
        foreach (var part in parts)
        {
            switch (part)
            {
                case ThinkingPart thinking: Thought(thinking); break;
                case TextPart text: Said(text.Text); break;
                case ToolCallPart call: Called(call); break;
            }
        }

        Ended();
    }

    /// <summary>A thinking part is complete.</summary>
    public void Thought(ThinkingPart part)
    {
        if (KeptThinking.IsSealed(part) || (keepsPlain && part.Text.Length > 0))
        {
            (_pending ??= []).Add(new KeptThinking(part, BeforeText: false));
        }
    }

    /// <summary>Some text.</summary>
    public void Said(string text)
    {
        if (_pending is null || text.Length == 0)
        {
            return;
        }

        for (var i = 0; i < _pending.Count; i++)
        {
            _pending[i] = _pending[i] with { BeforeText = true };
        }

        if (session is not null && !_called && (_text?.Length ?? 0) <= LongestText)
        {
            (_text ??= new StringBuilder()).Append(text);
        }
    }

    /// <summary>A call is complete.</summary>
    public void Called(ToolCallPart call)
    {
        _called = true;
        if (_pending is { } pending)
        {
            _pending = null;
            memory.Remember(user, TurnKey.Of(call), pending);
        }
    }

    /// <summary>The answer is complete.</summary>
    public void Ended()
    {
        if (_pending is { } pending && _text is { Length: > 0 and <= LongestText } text && !_called)
        {
            memory.Remember(user, TurnKey.Of(session!, text.ToString()), pending);
        }

        _pending = null;
    }
}
