using System.Text;
using Sluice.Protocols.Conversation;
using Sluice.Protocols.Errors;
using Sluice.Protocols.Sse;

namespace Sluice.Protocols.Formats;

/// <summary>
/// Tells the calls of a stream as the client declared its tools. The text of a folded call is one JSON string until it is whole, so it is collected
/// and told at once when its part ends.
/// </summary>
internal sealed class FoldedCallReader(IStreamReader reader, FoldedNames names) : IStreamReader
{
    // Characters of one call; more than any model's output window.
    private const int LongestInput = 16 * 1024 * 1024;

    private readonly List<StreamEvent> _told = [];
    private readonly Dictionary<int, StringBuilder> _custom = [];
    private bool _failed;

    /// <inheritdoc/>
    public void Read(in SseFrame frame, List<StreamEvent> events)
    {
        if (_failed)
        {
            return;
        }

        reader.Read(frame, _told);
        Pass(events);
    }

    /// <inheritdoc/>
    public void Complete(List<StreamEvent> events)
    {
        if (_failed)
        {
            return;
        }

        reader.Complete(_told);
        Pass(events);
    }

    private void Pass(List<StreamEvent> events)
    {
        foreach (var told in _told)
        {
            switch (told)
            {
                case StreamEvent.PartStarted { Shape: PartShape.ToolCall, Name: { } name } call when names.Find(name) is { } tool:
                    if (tool is CustomTool && !call.IsCustom)
                    {
                        _custom.Add(call.Part, new StringBuilder());
                    }

                    events.Add(call with { Name = tool.Name, Namespace = tool.Namespace, IsCustom = tool is CustomTool });
                    break;
                case StreamEvent.ArgumentsDelta delta when _custom.TryGetValue(delta.Part, out var input):
                    if (input.Length + delta.Json.Length > LongestInput)
                    {
                        _failed = true;
                        events.Add(new StreamEvent.Failed(new UpstreamError(ErrorKind.BadResponse, "The upstream's tool call is larger than any answer can be.")));
                        _told.Clear();
                        return;
                    }

                    input.Append(delta.Json);
                    break;
                case StreamEvent.PartEnded ended when _custom.Remove(ended.Part, out var whole):
                    if (ToolFolding.TextOf(whole.ToString()) is { Length: > 0 } text)
                    {
                        events.Add(new StreamEvent.ArgumentsDelta(ended.Part, text));
                    }

                    events.Add(ended);
                    break;
                default:
                    events.Add(told);
                    break;
            }
        }

        _told.Clear();
    }
}
