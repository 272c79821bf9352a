namespace Sluice.Protocols.OpenAIChat;

/// <summary>
/// Splits streamed text whose reasoning stands in <c>&lt;think&gt;…&lt;/think&gt;</c> at its start. Tags may be cut anywhere, so at most
/// eight characters are held back.
/// </summary>
internal sealed class ThinkTagSplitter
{
    private const string Open = "<think>";
    private const string Close = "</think>";

    private State _state;
    private string _held = string.Empty;

    // Line ends beside a tag belong to the tag, in whatever chunk they come.
    private bool _afterTag;

    private enum State
    {
        Before,
        Thinking,
        After,
    }

    /// <summary>Takes more text and hands out what is certain; either may be empty. Thinking comes before text.</summary>
    public (string Thinking, string Text) Split(string text)
    {
        text = _held + text;
        _held = string.Empty;
        var thinking = string.Empty;
        if (_state == State.Before)
        {
            var trimmed = text.AsSpan().TrimStart();
            if (trimmed.StartsWith(Open, StringComparison.Ordinal))
            {
                _state = State.Thinking;
                _afterTag = true;
                text = trimmed[Open.Length..].ToString();
            }
            else if (Open.AsSpan().StartsWith(trimmed, StringComparison.Ordinal) && text.Length <= 64)
            {
                _held = text;
                return (string.Empty, string.Empty);
            }
            else
            {
                _state = State.After;
            }
        }

        if (_state == State.Thinking)
        {
            text = Trimmed(text);
            var end = text.IndexOf(Close, StringComparison.Ordinal);
            if (end < 0)
            {
                var keep = Overlap(text);
                _held = text[^keep..];
                return (text[..^keep], string.Empty);
            }

            thinking = text[..end];
            text = text[(end + Close.Length)..];
            _afterTag = true;
            _state = State.After;
        }

        return (thinking, Trimmed(text));
    }

    /// <summary>What was held back when the text ended.</summary>
    public (string Thinking, string Text) Rest()
    {
        var held = _held;
        _held = string.Empty;
        return _state == State.Thinking ? (held, string.Empty) : (string.Empty, held);
    }

    private string Trimmed(string text)
    {
        if (_afterTag)
        {
            text = text.TrimStart('\n');
            _afterTag = text.Length == 0;
        }

        return text;
    }

    // How many characters at the end may be the start of the closing tag.
    private static int Overlap(string text)
    {
        for (var length = Math.Min(Close.Length - 1, text.Length); length > 0; length--)
        {
            if (text.AsSpan(text.Length - length).SequenceEqual(Close.AsSpan(0, length)))
            {
                return length;
            }
        }

        return 0;
    }
}
