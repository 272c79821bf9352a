using Sluice.Protocols.EventStream;
using Sluice.Protocols.OpenAIMedia;
using Sluice.Protocols.Sse;
using Sluice.Upstreams;

namespace Sluice.Server.Relay;

/// <summary>Chooses what cuts an answer's bytes into frames.</summary>
internal static class FrameReaders
{
    /// <summary>True for bodies that are streams of frames.</summary>
    public static bool Reads(AnswerFraming framing) => framing is AnswerFraming.ServerSentEvents or AnswerFraming.ConverseEvents or AnswerFraming.InvokeEvents;

    /// <summary>A reader for one answer.</summary>
    public static IFrameReader For(AnswerFraming framing) => framing switch
    {
        AnswerFraming.ConverseEvents => new EventStreamReader(EventStreamContent.Events),
        AnswerFraming.InvokeEvents => new EventStreamReader(EventStreamContent.ClaudeChunks),
        AnswerFraming.Other => new ByteFrames(),
        _ => new SseReader(),
    };
}
