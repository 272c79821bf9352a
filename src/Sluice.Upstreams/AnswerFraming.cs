namespace Sluice.Upstreams;

/// <summary>How an answer's body is cut into events.</summary>
public enum AnswerFraming
{
    /// <summary>One JSON document.</summary>
    Json,

    /// <summary><c>text/event-stream</c>.</summary>
    ServerSentEvents,

    /// <summary>AWS event stream (<c>application/vnd.amazon.eventstream</c>) whose payloads are Converse's events.</summary>
    ConverseEvents,

    /// <summary>AWS event stream whose payloads hold the model's own events in base64 (<c>chunk.bytes</c>).</summary>
    InvokeEvents,

    /// <summary>Anything else, such as a proxy's page.</summary>
    Other,
}
