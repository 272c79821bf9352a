using Sluice.Protocols.Conversation;
using Sluice.Protocols.Formats;
using Sluice.Protocols.Sse;

namespace Sluice.Server.ToolCalls;

/// <summary>A reader whose tool calls are gathered as they go by.</summary>
internal sealed class WatchedReader(IStreamReader reader, CalledTools called) : IStreamReader
{
    /// <inheritdoc/>
    public void Read(in SseFrame frame, List<StreamEvent> events)
    {
        var before = events.Count;
        reader.Read(frame, events);
        called.Take(events, before);
    }

    /// <inheritdoc/>
    public void Complete(List<StreamEvent> events)
    {
        var before = events.Count;
        reader.Complete(events);
        called.Take(events, before);
    }
}
