using Sluice.Protocols.Formats;
using Sluice.Protocols.Native;
using Sluice.Protocols.OpenAIMedia;

namespace Sluice.Server.Surfaces;

/// <summary>One inference path: the format spoken on it and what is asked.</summary>
/// <param name="Format">The client's wire format.</param>
/// <param name="Call">What the path says.</param>
internal sealed record Surface(IClientFormat Format, ClientCall Call)
{
    /// <summary>An answer, a count, or something else than text.</summary>
    public SurfaceOperation Operation => Call.Operation;

    /// <summary>Came by <c>/api</c>, where OpenRouter sends usage unasked, and no chunk that says null of it, and errors have numbers for codes.</summary>
    public bool IsOpenRouters { get; init; }

    /// <summary>How the client's stream stands on the wire; null for server-sent events, and where no stream is wanted.</summary>
    public IStreamFraming? Framing => Call.Framing;

    /// <summary>The scan of a body in whichever shape it came: what routing needs, completed by what the path says.</summary>
    /// <param name="contentType">Of the request.</param>
    /// <param name="body">All of it.</param>
    public EnvelopeResult Scan(string? contentType, ReadOnlyMemory<byte> body)
    {
        var scanned = FormScanner.IsForm(contentType) ? FormScanner.Scan(Format.Protocol, contentType!, body.Span) : EnvelopeScanner.Scan(Format.Protocol, body);
        return scanned.Envelope is not { } envelope ? scanned
            : scanned with { Envelope = Complete(Operation.IsMedia() ? MediaAskReader.Complete(envelope, body.Span) : envelope) };
    }

    /// <summary>The scan of the body, completed by what the path says.</summary>
    public Envelope Complete(Envelope envelope) => Call.Model is null ? envelope : envelope with { Model = Call.Model, Stream = Call.Stream, ModelIsInPath = true };
}
