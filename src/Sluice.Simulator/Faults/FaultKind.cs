namespace Sluice.Simulator;

/// <summary>Everything that a simulated provider can do wrong. In text (headers, model names) each is written in lower case with hyphens: <c>error-event</c>.</summary>
public enum FaultKind
{
    /// <summary>An HTTP status with the vendor's own error body, with or without <c>retry-after</c>.</summary>
    Status,

    /// <summary>The vendor's error event inside a 200 stream, at a place; without streaming the same as <see cref="ErrorInBody"/>.</summary>
    ErrorEvent,

    /// <summary>200 whose JSON body is the vendor's error.</summary>
    ErrorInBody,

    /// <summary>Silence at a place: for <see cref="Fault.Delay"/>, or until the client goes.</summary>
    Stall,

    /// <summary>The right answer, cut into pieces of a few bytes with a pause (<see cref="Fault.Delay"/>) before each.</summary>
    SlowTrickle,

    /// <summary>The status line at once, the end of the headers after <see cref="Fault.Delay"/>.</summary>
    SlowHeaders,

    /// <summary>TCP reset (RST) at a place.</summary>
    Reset,

    /// <summary>The connection is closed (FIN) at a place although the body's framing promised more.</summary>
    TruncatedBody,

    /// <summary>The body ends properly at a place, long before the answer does: no terminal event.</summary>
    CleanEnd,

    /// <summary>All of the content, but not the event that ends the stream.</summary>
    MissingTerminal,

    /// <summary>A frame whose JSON is broken, at a place; the rest follows.</summary>
    MalformedFrame,

    /// <summary>200 with the stream's content type and bytes that are no events.</summary>
    GarbageSse,

    /// <summary>200 with an HTML page.</summary>
    HtmlBody,

    /// <summary>200 without a body.</summary>
    EmptyBody,

    /// <summary>Right answer, negative token counts.</summary>
    NegativeUsage,

    /// <summary>Right answer, no usage anywhere.</summary>
    MissingUsage,

    /// <summary>Right answer, token counts near 2^63.</summary>
    HugeUsage,

    /// <summary>Right answer, token counts as strings.</summary>
    TextUsage,

    /// <summary>An answer that ends properly and holds no content.</summary>
    EmptyCompletion,

    /// <summary>Right answer under 100 further headers.</summary>
    ManyHeaders,

    /// <summary>Right answer with a header value of 32 KiB.</summary>
    LongHeader,

    /// <summary>429 that asks for a wait of 10^9 seconds.</summary>
    AbsurdRetryAfter,

    /// <summary>Right answer, wrong content type.</summary>
    WrongContentType,

    /// <summary>Right answer, compressed although nobody asked.</summary>
    GzipBody,

    /// <summary>Bytes that are not HTTP, then the end of the connection.</summary>
    NotHttp,
}

/// <summary>Where in an answer a fault strikes.</summary>
public enum FaultPlace
{
    /// <summary>Before the status line.</summary>
    BeforeHeaders,

    /// <summary>After the headers, before the first event.</summary>
    AfterHeaders,

    /// <summary>After a keep-alive event and before the start event.</summary>
    AfterPing,

    /// <summary>After the start event (without streaming and below: in the middle of the body).</summary>
    AfterStart,

    /// <summary>After the first piece of a tool call's arguments. With tools in the request the answer is made to call one. Where calls are sent whole (Gemini): after the second call, or the only one.</summary>
    InToolCall,

    /// <summary>After <see cref="Fault.After"/> text or thinking deltas.</summary>
    AfterText,
}
