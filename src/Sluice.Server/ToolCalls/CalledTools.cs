using System.Text;
using Sluice.Protocols.Conversation;

namespace Sluice.Server.ToolCalls;

/// <summary>One call of a tool that an answer made.</summary>
/// <param name="Name">With its namespace before it, as <see cref="DeclaredTools"/> has it.</param>
/// <param name="Arguments">As the model wrote them; free text where <paramref name="IsText"/>.</param>
/// <param name="IsText">The tool takes free text: any will do.</param>
internal readonly record struct CalledTool(string Name, string Arguments, bool IsText);

/// <summary>Gathers the tool calls of one answer as they come by; none of an answer with more of them than anybody makes. Belongs to one attempt.</summary>
internal sealed class CalledTools
{
    private const int MostCalls = 64;
    private const int MostCharacters = 256 * 1024;

    private readonly List<CalledTool> _calls = [];
    private Dictionary<int, (StreamEvent.PartStarted Start, StringBuilder Text)>? _open;
    private int _characters;
    private bool _tooMany;

    /// <summary>The finished calls.</summary>
    public IReadOnlyList<CalledTool> Calls => _tooMany ? [] : _calls;

    /// <summary>Takes the events of a stream from a place on.</summary>
    public void Take(List<StreamEvent> events, int from)
    {
        for (var i = from; i < events.Count && !_tooMany; i++)
        {
            switch (events[i])
            {
                case StreamEvent.PartStarted { Shape: PartShape.ToolCall } start:
                    (_open ??= [])[start.Part] = (start, new StringBuilder());
                    break;
                case StreamEvent.ArgumentsDelta delta when _open?.TryGetValue(delta.Part, out var part) == true:
                    part.Text.Append(delta.Json);
                    Count(delta.Json.Length);
                    break;
                case StreamEvent.PartEnded ended when _open?.Remove(ended.Part, out var part) == true:
                    Add(part.Start.Namespace, part.Start.Name, part.Text.ToString(), part.Start.IsCustom);
                    break;
            }
        }
    }

    /// <summary>Takes the parts of a whole answer.</summary>
    public void Take(IReadOnlyList<ContentPart> parts)
    {
        foreach (var part in parts)
        {
            if (part is ToolCallPart call && !_tooMany)
            {
                Count(call.Arguments.Utf8.Length);
                Add(call.Namespace, call.Name, Encoding.UTF8.GetString(call.Arguments.Utf8.Span), call.IsCustom);
            }
        }
    }

    private void Add(string? group, string? name, string arguments, bool isText)
    {
        _calls.Add(new CalledTool(DeclaredTools.NameOf(group, name ?? ""), arguments, isText));
        Count(0);
    }

    private void Count(int characters)
    {
        _characters += characters;
        if (_characters > MostCharacters || _calls.Count > MostCalls)
        {
            _tooMany = true;
            _calls.Clear();
            _open = null;
        }
    }
}
