using Sluice.Protocols.Formats;
using Sluice.Protocols.Native;

namespace Sluice.Server.Surfaces;

/// <summary>What a client asks of an inference path.</summary>
internal enum SurfaceOperation
{
    /// <summary>An answer.</summary>
    Generate,

    /// <summary>How many tokens the prompt has.</summary>
    CountTokens,

    /// <summary>Vectors of texts.</summary>
    Embed,

    /// <summary>Vectors of several texts, where the format has a method of its own for that (Gemini).</summary>
    EmbedBatch,
}

/// <summary>How a streamed answer stands on the wire.</summary>
internal enum StreamFraming
{
    /// <summary>Server-sent events.</summary>
    Events,

    /// <summary>Gemini without <c>alt=sse</c>: one JSON array, element by element.</summary>
    JsonArray,
}

/// <summary>One inference path: the format spoken on it and what is asked.</summary>
/// <param name="Format">The client's wire format.</param>
/// <param name="Operation">An answer, or a count.</param>
internal sealed record Surface(IClientFormat Format, SurfaceOperation Operation)
{
    /// <summary>Came by <c>/api</c>, where OpenRouter sends usage unasked, and no chunk that says null of it.</summary>
    public bool AlwaysSendUsage { get; init; }

    /// <summary>What the path itself says; null where the body does.</summary>
    public PathCall? Path { get; init; }

    /// <summary>The client wants its stream as one JSON array.</summary>
    public bool SendsArray => Path is { Stream: true, Framing: StreamFraming.JsonArray };

    /// <summary>The scan of the body, completed by what the path says.</summary>
    public Envelope Complete(Envelope envelope) => Path is null ? envelope : envelope with { Model = Path.Model, Stream = Path.Stream, ModelIsInPath = true };
}

/// <summary>What a Gemini path says.</summary>
/// <param name="Model">As the client named it, unescaped.</param>
/// <param name="Stream">The client wants a stream.</param>
/// <param name="Framing">How.</param>
internal sealed record PathCall(string Model, bool Stream, StreamFraming Framing);
