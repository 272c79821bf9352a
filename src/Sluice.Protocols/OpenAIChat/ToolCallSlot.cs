using System.Text;

namespace Sluice.Protocols.OpenAIChat;

/// <summary>One tool call that a Chat stream is building up.</summary>
internal sealed class ToolCallSlot
{
    private int _depth;
    private bool _inString;
    private bool _escaped;
    private bool _opened;

    /// <summary>The server's <c>index</c>, -1 where it sends none.</summary>
    public int Index { get; init; }

    /// <summary>The server's id, null where it sent none.</summary>
    public string? Id { get; set; }

    /// <summary>Null until the server named it; nothing of a call can be told before.</summary>
    public string? Name { get; set; }

    /// <summary>Number of its part, -1 until it started.</summary>
    public int Part { get; set; } = -1;

    /// <summary>Its part has ended.</summary>
    public bool Ended { get; set; }

    /// <summary>Argument text that came before the name.</summary>
    public StringBuilder? Early { get; set; }

    /// <summary>The argument text is one whole JSON object.</summary>
    public bool IsWhole => _opened && _depth == 0;

    /// <summary>Some argument text has come.</summary>
    public bool HasArguments { get; private set; }

    /// <summary>Follows the brackets of <paramref name="json"/>, to know when the arguments are whole.</summary>
    public void Track(string json)
    {
        HasArguments |= json.Length > 0;
        foreach (var c in json)
        {
            if (_inString)
            {
                _inString = _escaped || c != '"';
                _escaped = !_escaped && c == '\\';
                continue;
            }

            switch (c)
            {
                case '"':
                    _inString = true;
                    break;
                case '{' or '[':
                    _depth++;
                    _opened = true;
                    break;
                case '}' or ']':
                    _depth--;
                    break;
                default:
                    break;
            }
        }
    }
}
